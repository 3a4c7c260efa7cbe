//! A crash soak: the pipeline's real processes on the emulator, killed in the middle of their batches and cut off from AWS,
//! while webhooks of twenty shops go through.
//!
//! ```text
//!  Plan ─ posts ─▶ ingest ─▶ lanes ─▶ workers (killed) ─ proxies that cut ─▶ AWS, destination
//!    │                                    │ logs              │ ledger, tap, dead-letter queues  │ arrivals
//!    └───────────── accepted ─────────────┴────── audit ──────┴──────────────────────────────────┘
//! ```
//!
//! At the end what was accepted is held against what is left behind. The order of effects is judged by the same rules as in
//! the simulation: `weir_testkit::audit`.

mod audit;
mod destination;
mod kills;
mod plan;
mod progress;
mod report;
mod run;
mod sender;
mod stack;
mod watch;
mod worker_log;

pub use audit::Findings;
pub use progress::Progress;
pub use report::{Report, table};
pub use run::{Soak, SoakResult};
