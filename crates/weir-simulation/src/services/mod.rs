//! The services, simulated.

mod bus;
mod capacity;
mod destination;
mod invocation;
mod queue;
mod store;

pub(crate) use capacity::Capacity;
pub(crate) use destination::SimDestination;
pub(crate) use invocation::SharedServices;
pub use queue::{Received, SimQueue};
