//! The services, simulated.

mod bus;
mod destination;
mod outside;
mod queue;
mod store;

pub(crate) use destination::SimDestination;
pub(crate) use outside::SimOutside;
pub use queue::{Received, SimQueue};
