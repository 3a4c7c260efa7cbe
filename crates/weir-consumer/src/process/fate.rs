//! What becomes of a message after an attempt, and from that its verdict and what is counted.

use std::time::Duration;

use weir_core::{Failure, StoreError};

use crate::batch::Verdict;

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The event ended, or another message has it: this one is deleted.
    Ended,
    /// It comes back by itself after so long.
    ComesBack(Duration),
    /// A delayed copy is tried again in its place.
    Copied,
    /// A delayed copy waits in its place for what is not there.
    Parked,
    /// Its event failed for good, and the ledger says so: it goes to the DLQ.
    GivenUp,
    /// Another owner has the event, and settles it.
    Lost,
}

impl Fate {
    pub(super) fn verdict(self) -> Verdict {
        match self {
            Self::Ended | Self::Copied | Self::Parked => Verdict::Acknowledge,
            Self::ComesBack(delay) => Verdict::RetryAfter(delay),
            Self::GivenUp => Verdict::DeadLetter,
            Self::Lost => Verdict::Retry,
        }
    }
}

/// What a failed call of ledger or fence means for the event. An item that can't be read is held: an operator can mend it.
pub(super) fn store_failure(error: &StoreError) -> Failure {
    match error.source.downcast_ref::<weir_aws::CallError>() {
        Some(call) => call.failure(),
        None => Failure::outage(format!("{error}: {}", weir_aws::reason(&*error.source)), super::RETRY_DELAY),
    }
}
