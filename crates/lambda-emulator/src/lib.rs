//! Runs the bootstrap of a Lambda function on this machine, as Lambda does: a process that asks the Runtime API for
//! one invocation after the other. Beside it an SQS event source, and a TCP proxy that breaks connections on purpose.
//!
//! | part | what it is |
//! |---|---|
//! | [`Environment`] | one process and its Runtime API: one invocation at a time, and frozen in between |
//! | [`SqsSource`] | receives batches from a queue, invokes, deletes what was not reported as failed |
//! | [`FaultProxy`] | forwards to one address, and cuts or delays by seeded chance |
//!
//! It knows nothing of weir. Everything listens on loopback, and ends when it is dropped: no process is left behind.
//!
//! Deliberately absent: memory limits, extensions, response streaming. Nothing that is deployed links this crate.

mod environment;
mod function;
mod loopback;
mod proxy;
mod runtime_api;
mod sqs;

pub use environment::{Environment, InvokeError};
pub use function::{Function, StartError};
pub use loopback::Loopback;
pub use proxy::{FaultCounts, FaultProxy, Faults};
pub use sqs::{SourceCounts, SqsSource};
