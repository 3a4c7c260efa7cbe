//! The services, simulated.

mod bus;
mod capacity;
mod destination;
mod outside;
mod queue;
mod store;

pub(crate) use capacity::Capacity;
pub(crate) use destination::SimDestination;
pub(crate) use outside::{Services, SimOutside};
pub use queue::{Received, SimQueue};
