//! Deterministic simulation: the worker's real code over a simulated SQS, DynamoDB, EventBridge and destination, in
//! virtual time, with faults drawn from a seed. The same seed makes the same run, to the last millisecond.
//!
//! ```text
//! load ─▶ queue ─▶ lambda (pollers, deadlines, crashes) ─▶ weir_consumer::Consumer ─▶ ledger, fence, bus, destination
//!                                                            every call through `network`: latency, loss, crash points
//! audit: what was accepted, against the ledger, the DLQ, the bus and the destination
//! ```
//!
//! What is simulated are the services and the network; what is tried is everything between them: claim, fence, handlers,
//! publisher, parking, backoff, the batch driver. The services' rules are held to the emulator's by the same contracts
//! (`weir_testkit::contract`).

mod audit;
mod dice;
mod environment;
mod faults;
mod history;
mod lambda;
mod load;
mod network;
mod run;
pub mod scenario;
mod services;
pub mod stock;

pub use audit::{Audit, Violation};
pub use environment::{Environment, RecursiveLoop, Service};
pub use faults::Faults;
pub use load::Load;
pub use run::{Latencies, Outcome, Setup, run};
pub use services::{Received, SimQueue};
