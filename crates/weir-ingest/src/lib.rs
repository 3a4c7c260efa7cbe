//! The function behind the webhook URL: verify, wrap, enqueue; in milliseconds, and nothing else.
//!
//! [`Ingest::answer`] is the whole way of a request. What it needs from outside stands in [`outside`]: AWS in
//! the function, memory in tests and in the fuzz target.

mod answer;
mod ingest;
mod keyring;
pub mod outside;
mod problem;
mod refusals;
mod regions;
mod request;
mod trace;
mod trust;

#[cfg(feature = "aws")]
pub mod settings;

pub use ingest::{Ingest, Invocation};
pub use keyring::{AFTER_FORGERY, REFRESH};
pub use request::HttpEvent;

/// Ingest answers within this, in all: Shopify gives up after 5 s, and the way to here and back takes some.
pub const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(3);
