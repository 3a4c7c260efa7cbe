//! AWS as weir uses it: thin adapters over the SDK, one outside service a file.
//!
//! Each adapter takes an [`SdkConfig`] that was made once, in `main`: by [`config::from_env`] in a function,
//! by `aws-config` in the CLI. Each outside service is a feature: a function is built with those that it calls, and
//! with no other's SDK. What is decided stands in `weir-core`; here it is said to AWS.

#[cfg(any(feature = "bus", feature = "tables"))]
mod acceptance;
#[cfg(feature = "archive")]
pub mod archive;
#[cfg(feature = "bodies")]
mod bodies;
#[cfg(feature = "bus")]
mod bus;
mod call_error;
#[cfg(feature = "tables")]
mod conditional;
pub mod config;
#[cfg(feature = "controls")]
pub mod controls;
#[cfg(feature = "lanes")]
pub mod dead_letters;
#[cfg(feature = "tables")]
pub mod documents;
#[cfg(feature = "tables")]
mod fence;
#[cfg(feature = "lanes")]
mod lanes;
#[cfg(feature = "tables")]
pub mod ledger;
#[cfg(feature = "lanes")]
mod queue;
mod reason;
#[cfg(feature = "secrets")]
mod secrets;
mod trust;

#[cfg(feature = "archive")]
pub use archive::ArchiveBucket;
pub use aws_types::SdkConfig;
#[cfg(feature = "bodies")]
pub use bodies::{Bodies, BodyError};
#[cfg(feature = "bus")]
pub use bus::{Bus, Entry, SMALL_CALL_BYTES};
#[cfg(feature = "tables")]
pub use call_error::table_failure;
pub use call_error::{CallError, ErrorClass};
#[cfg(feature = "controls")]
pub use controls::Controls;
#[cfg(feature = "tables")]
pub use documents::DocumentStore;
#[cfg(feature = "tables")]
pub use fence::{DynamoFence, Forgotten, Kept};
#[cfg(feature = "lanes")]
pub use lanes::{LaneError, LaneSender, LaneUrls};
#[cfg(feature = "tables")]
pub use ledger::{BadItem, DynamoLedger};
#[cfg(feature = "lanes")]
pub use queue::{LaneQueue, NotParked, QueueDepth, QueueDepthError, QueueDepths};
pub use reason::reason;
#[cfg(feature = "secrets")]
pub use secrets::{AppCredentials, AppSecrets, SecretError, SecretText, SecretTextError};
