//! The function that keeps the bodies of events for some days: `ArchiveDays` of the template.
//!
//! It reads what the worker published from a queue of its own, in batches of up to a thousand events, and stores an object
//! for each shop and hour of the batch ([`weir_core::archive`] has the form). To store an event twice does no harm, so
//! that it needs no ledger. It shows how a service on the bus is built: see `docs/contributing/add-a-service.md`.

use std::time::Duration;

use resilience::Backoff;

mod group;
pub mod settings;
mod step;

/// How long a message waits that S3 did not take. Nobody waits for the archive, so it tries seldom: a message that can never
/// be archived reaches the dead-letter queue after some tens of receives.
pub const BACKOFF: Backoff = Backoff { base: Duration::from_secs(5), cap: Duration::from_secs(3600) };

pub use step::{ArchiveStep, Store};
