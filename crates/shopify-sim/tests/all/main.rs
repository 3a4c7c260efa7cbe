//! The simulator from outside: requests in, replies out.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "tests: a panic is how they fail, and a skip is told"
)]

mod bulk;
mod cost;
mod environment;
mod errors;
mod inventory;
mod limits;
mod operations;
mod recorded_refusals;
mod recordings;
mod script;
mod shops;
mod socket;
mod support;
mod webhooks;
