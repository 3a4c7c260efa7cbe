//! The function behind each lane. A batch of SQS messages comes in; each is claimed in the ledger, handled,
//! published to the bus and completed; the rest is reported as failed and comes back.
//!
//! To add a handler, write it in [`handlers`] and add its line to [`handlers::router`].

pub mod handlers;
pub mod keeping;
pub mod outside;
pub mod process;
pub mod settings;

mod invocation;

pub use invocation::Worker;
