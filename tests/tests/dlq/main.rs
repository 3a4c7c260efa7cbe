//! `weir dlq` as an operator has it: the built command, on a stack whose dead-letter queues are full.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod command;
mod fill;
mod fixed;
mod replay;
mod resend;
