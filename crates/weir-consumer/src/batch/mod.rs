//! The driver of SQS batches: many messages at once, each alone in its failure, none begun too late.

mod drive;
mod message;

pub use drive::{Deadline, drive};
pub use message::{Message, NoMessageId, messages, response};

use std::time::Duration;

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Handled: SQS deletes it.
    Acknowledge,
    /// Comes back after this time, or goes to the DLQ if it was received too often.
    RetryAfter(Duration),
    /// Comes back when the queue's visibility time-out runs out, or goes to the DLQ likewise.
    Retry,
}
