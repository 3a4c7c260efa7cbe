//! How processes that fail and wait keep out of each other's way: full jitter, circuit breakers, rate limits, a
//! clock that tests can stop, and small documents that many processes share.
//!
//! Nothing here knows Shopify or AWS. Time and chance are arguments, or come from a [`Clock`] that was handed in.

mod backoff;
pub mod breaker;
mod clock;
pub mod limit;
pub mod shared;
mod time;

pub use backoff::Backoff;
pub use breaker::{Breaker, Breakers};
pub use clock::Clock;
pub use limit::{Limit, Limiter};
pub use shared::{MemoryState, SharedState};
pub use time::UnixMillis;
