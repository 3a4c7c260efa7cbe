//! What weir decides, without any I/O: the envelope, the routes, the transitions of ledger and fence, leases, backoff,
//! parking.
//!
//! Time and chance are arguments here. The adapters (`weir-aws`) say the same rules to AWS; one contract
//! suite (`weir-testkit`) holds both to them.

pub mod archive;
pub mod check;
pub mod controls;
pub mod dedupe;
pub mod envelope;
mod failure;
pub mod fence;
mod lane;
mod lease;
pub mod ledger;
pub mod park;
mod routes;
pub mod sha256;
mod store_error;
pub mod topics;

pub use failure::{Failure, MISCONFIGURED};
pub use lane::Lane;
pub use lease::{
    CLOCK_SKEW, EFFECT_CUTOFF, IN_FLIGHT_GRACE, MAX_LEASE, effects_until, is_believed, lease_until, quarantined_until,
};
pub use resilience::{Backoff, UnixMillis};
pub use routes::Routes;
pub use shopify_webhook::{ApiVersion, AppName, EventId, EventShop, Topic, WebhookId};
pub use store_error::StoreError;
pub use topics::Topics;
