//! The stub of AWS, from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stub;
