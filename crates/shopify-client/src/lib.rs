//! Shopify's Admin API: every limit kept, no call wasted.
//!
//! A [`Client`] is made once for an app and a process. Each [`Call`] says how long it may take; within that time the
//! client waits for its points, gets a token, retries what may be retried, and else says when it is worth coming back.
//!
//! ```text
//!  run ─▶ token ─▶ circuit ─▶ budget ─▶ in flight (10) ─▶ request ─▶ what went wrong? ─▶ again, or Error { retry }
//! ```

mod attempt;
pub mod budget;
pub mod bulk;
pub mod cache;
mod call;
pub mod call_log;
mod client;
mod error;
mod graphql;
pub mod inventory;
pub mod operations;
mod rest;
mod retry;
pub mod tokens;
pub mod transport;

pub use call::{Call, IdempotencyKey};
pub use client::{Client, Parts, Reply, Settings};
pub use error::{Effect, Error, Kind, Retry};
pub use graphql::{GraphError, OperationKind, UserError};
pub use retry::RetryPolicy;
pub use transport::Endpoint;
