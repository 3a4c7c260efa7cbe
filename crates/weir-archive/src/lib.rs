//! The function that keeps the bodies of events for some days: `ArchiveDays` of the template.
//!
//! It reads what the worker published from a queue of its own, in batches of up to a thousand events, and stores an object
//! for each shop and hour of the batch ([`weir_core::archive`] has the form). To store an event twice does no harm, so
//! that it needs no ledger. It shows how a service on the bus is built: see `docs/contributing/add-a-service.md`.

mod group;
pub mod settings;
mod step;

pub use step::{ArchiveStep, Store};
