//! Nothing that functions, client or command put out tells a secret or a customer's data: marked ones go through
//! everything, failures included, and all output is searched for each mark in every form it may have taken.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod marks;
mod pipeline;
