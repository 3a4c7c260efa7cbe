//! The stub of AWS from outside, and what the README says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod readme;
mod stub;
