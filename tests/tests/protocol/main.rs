//! The promises behind the bus, on the local emulator: what the ledger and the fence say in DynamoDB, and what a worker
//! makes of it. Each test has a stack of its own.

mod contracts;
#[expect(clippy::unwrap_used, reason = "support of tests, where unwrapping is asserting")]
mod destination;
mod documents;
mod fence;
mod order;
#[expect(clippy::unwrap_used, reason = "support of tests, where unwrapping is asserting")]
mod queue;
