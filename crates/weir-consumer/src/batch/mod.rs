//! The driver of SQS batches: many messages at once, each alone in its failure, none begun too late.

mod drive;
mod message;
mod postpone;

pub use drive::{BatchDeadline, drive};
pub use message::{Message, NoMessageId, messages, response};
pub(crate) use postpone::postpone;

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
    /// Goes to the DLQ: it comes back at once, and each receive that is left is refused.
    DeadLetter,
}

impl Verdict {
    /// When the message is to be seen again, where the verdict says that.
    pub fn visible_after(self) -> Option<Duration> {
        match self {
            Self::RetryAfter(delay) => Some(delay),
            // Every receive that is left is used up at once.
            Self::DeadLetter => Some(Duration::ZERO),
            Self::Acknowledge | Self::Retry => None,
        }
    }
}
