//! AWS as weir uses it: thin adapters over the SDK, one outside service a file.
//!
//! Each adapter takes an [`SdkConfig`] that was made once, in `main`: by [`config::from_env`] in a function,
//! by `aws-config` in the CLI. What is decided stands in `weir-core`; here it is said to AWS.

mod bodies;
mod bus;
mod conditional;
pub mod config;
pub mod controls;
pub mod dead_letters;
mod fence;
mod lanes;
pub mod ledger;
pub mod operations;
mod queue;
mod reason;
mod secrets;
mod trust;

pub use aws_types::SdkConfig;
pub use bodies::{Bodies, BodyError};
pub use bus::{Bus, Entry};
pub use controls::Controls;
pub use fence::DynamoFence;
pub use lanes::{LaneError, LaneSender, LaneUrls};
pub use ledger::DynamoLedger;
pub use operations::Operations;
pub use queue::{LaneQueue, NotParked};
pub use reason::reason;
pub use secrets::{AppCredentials, AppSecrets, SecretError, SecretText, SecretTextError};
