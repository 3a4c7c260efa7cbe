//! What a store of the ledger can do.

use std::time::Duration;

use super::{Key, Owner};
use crate::{Failure, Lane, UnixMillis, envelope::Meta};

/// What a worker asks for when it claims an event.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// Which event.
    pub key: &'a Key,
    /// Who asks.
    pub owner: &'a Owner,
    /// The hash of the body that came with the message.
    pub body_sha256: &'a str,
    /// What else the envelope says; `None` for a message that can't be read.
    pub meta: Option<&'a Meta>,
    /// The lane that the message came by.
    pub lane: Lane,
    /// Now.
    pub now: UnixMillis,
    /// The end of the lease, if it is given.
    pub lease_until: UnixMillis,
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The event is the asker's until its lease ends.
    Granted,
    /// It took effect before: acknowledge it, do nothing.
    Duplicate,
    /// Another owner acts on it for so long at most: come back then.
    Busy(Duration),
    /// Another body came under the same id before.
    Mismatch,
}

/// The answer to `complete` and `release`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Written.
    Written,
    /// The lease had run out and another owner has the event: nothing was written.
    Lost,
}

/// The store can't be reached, or throttles. The write may or may not have happened.
#[derive(Debug, thiserror::Error)]
#[error("the ledger could not be {action}")]
pub struct LedgerError {
    /// What was tried: `claimed`, `completed`, …
    pub action: &'static str,
    /// What the store's client said.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// A store of the ledger: DynamoDB (`weir-aws`), and the model in memory that tests compare it with.
pub trait Ledger: Send + Sync {
    /// [`claim`](super::claim) as one conditional write.
    fn claim(&self, ask: &Ask<'_>) -> impl Future<Output = Result<Claim, LedgerError>> + Send;

    /// [`complete`](super::complete) as one conditional write.
    fn complete(
        &self,
        key: &Key,
        owner: &Owner,
        now: UnixMillis,
    ) -> impl Future<Output = Result<Settled, LedgerError>> + Send;

    /// [`release`](super::release) as one conditional write.
    fn release(
        &self,
        key: &Key,
        owner: &Owner,
        failure: &Failure,
        now: UnixMillis,
    ) -> impl Future<Output = Result<Settled, LedgerError>> + Send;

    /// Counts a duplicate, so that the operator sees how often an event came.
    fn count_duplicate(&self, key: &Key) -> impl Future<Output = Result<(), LedgerError>> + Send;
}
