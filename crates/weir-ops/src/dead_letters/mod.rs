//! The dead-letter queues: what the lanes gave up, why, and how it is sent back.
//!
//! SQS has no index: to look at a message is to receive it, which hides it from everybody else for a while. Whatever is
//! done here reads whole queues, and gives back what it does not act on. A replay or a drop is written down before the
//! first message moves, so that it can be resumed by anybody.

pub(crate) mod backend;
pub(crate) mod batch;
mod entry;
mod error;
mod export;
mod filter;
mod group;
pub mod operation;
mod outgoing;
mod plan;
mod preview;
pub(crate) mod rate;
mod reader;
pub(crate) mod replace_body;
mod replay;
mod scan;
mod start;

#[cfg(test)]
mod tests;

pub use backend::StackBackend;
pub use entry::{DeadLetterEntry, DeadLetterInfo, DeadLetterStatus, UnknownStatus};
pub use error::DeadLetterError;
pub use export::Export;
pub use filter::{EventName, EventNameError, Filter};
pub use group::{Group, GroupBy, groups};
pub use plan::{ReplayAction, decide};
pub use preview::{Preview, matching};
pub use replace_body::{Actor, MissingMessage, ReplaceBody, ReplaceError, Replaced, SealError, replace_body};
pub use replay::{Ended, run};
pub use scan::{MessageBodyError, Scanned, find, message_body, scan};
pub use start::{Started, load, resume, start};
pub use weir_aws::dead_letters::DeadLetter;
pub use weir_jobs::{Cancel, JobState};
