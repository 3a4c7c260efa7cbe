//! AWS as weir uses it: thin adapters over the SDK, one outside service a file.
//!
//! Each adapter takes an [`SdkConfig`] that was made once, in `main`: by [`config::from_env`] in a function,
//! by `aws-config` in the CLI. What is decided stands in `weir-core`; here it is said to AWS.

mod bodies;
mod bus;
pub mod config;
pub mod controls;
mod lanes;
pub mod ledger;
mod reason;
mod secrets;

pub use aws_types::SdkConfig;
pub use bodies::{Bodies, BodyError};
pub use bus::{Bus, Entry};
pub use controls::Controls;
pub use lanes::{LaneError, LaneSender, LaneUrls, Visibility};
pub use ledger::DynamoLedger;
pub use reason::reason;
pub use secrets::{AppCredentials, AppSecrets, SecretError};
