//! The promises behind the bus, on the local emulator: what the ledger and the fence say in DynamoDB, and what a worker
//! makes of it. Each test has a stack of its own.

mod contracts;
mod destination;
mod order;
mod queue;
