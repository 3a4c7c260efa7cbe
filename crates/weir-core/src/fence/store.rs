//! What a store of the fence can do.

use std::time::Duration;

use super::{Mark, Run, Settled};
use crate::{StoreError, UnixMillis, ledger::Owner, topics::Version};

/// What a worker asks for when it enters a resource.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// Which resource: `{shop}#{app}#{resource}`.
    pub key: &'a str,
    /// Who asks: the owner of the event's lease.
    pub owner: &'a Owner,
    /// What runs once for each version.
    pub mark: &'a Mark,
    /// The event and its version.
    pub run: &'a Run,
    /// Now.
    pub now: UnixMillis,
    /// The end of the lease, if it is given.
    pub lease_until: UnixMillis,
}

/// The answer to who would enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The resource is the asker's until its lease ends.
    Granted,
    /// Another owner handles an event of it, for so long at most.
    Busy(Duration),
    /// This came first: a newer version, or the same one of the same topic by another event. Never run it.
    Stale(Version),
    /// This very event ran before: complete it, do nothing.
    Ran,
}

/// A store of the fence: DynamoDB (`weir-aws`), and the model in memory that tests compare it with.
pub trait Fence: Send + Sync {
    /// [`enter`](super::enter) as one conditional write.
    fn enter(&self, ask: &Ask<'_>) -> impl Future<Output = Result<Entry, StoreError>> + Send;

    /// [`leave`](super::leave) as one conditional write. `ran` says whether the event took effect; if not, it may
    /// enter again. Whoever [`has_left`](super::has_left) is told `Written`, and nothing is written.
    fn leave(&self, ask: &Ask<'_>, ran: bool) -> impl Future<Output = Result<Settled, StoreError>> + Send;
}
