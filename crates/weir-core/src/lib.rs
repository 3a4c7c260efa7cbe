//! What weir decides, without any I/O: the envelope, the routes, the ledger's transitions, leases, backoff.
//!
//! Time and chance are arguments here. The adapters (`weir-aws`) say the same rules to AWS; one contract
//! suite (`weir-testkit`) holds both to them.

pub mod controls;
pub mod envelope;
mod failure;
mod lease;
pub mod ledger;
mod routes;
pub mod sha256;
mod trace;

pub use failure::Failure;
pub use lease::{CLOCK_SKEW, lease_until};
pub use resilience::{Backoff, UnixMillis};
pub use routes::{Lane, RouteProblem, Routes};
pub use trace::traceparent;
