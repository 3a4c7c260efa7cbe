//! The stub of AWS from outside, and what docs/benchmarks.md says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod benchmarks;
mod stub;
