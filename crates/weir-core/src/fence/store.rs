//! What a store of the fence can do.

use std::time::Duration;

use super::{Mark, Run, Settled, State};
use crate::{StoreError, UnixMillis, ledger::Owner, topics::Version};

/// A request to enter a resource, or to leave it.
#[derive(Debug, Clone)]
pub struct EnterRequest<'a> {
    /// Which resource: `{shop}#{app}#{resource}`.
    pub key: &'a str,
    /// Who asks: the owner of the event's lease.
    pub owner: &'a Owner,
    /// What runs once for each version.
    pub mark: &'a Mark,
    /// The event and its version.
    pub run: &'a Run,
    /// The state of the resource that the event tells of, of the same version.
    pub state: &'a State,
    /// Now.
    pub now: UnixMillis,
    /// The end of the lease, if it is given.
    pub lease_until: UnixMillis,
    /// Whether it must not run if its mark ran at any version: a synthetic event of what happens once, such as a
    /// creation, whose snapshot may be newer than the delivered one's.
    pub once: bool,
}

/// The answer to who would enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The resource is the asker's until its lease ends.
    Granted,
    /// Another owner handles an event of it, for so long at most.
    Busy(Duration),
    /// A newer state came first, of this version. Never run it.
    Stale(Version),
    /// The same topic ran for the same state before: a repeated delivery. Never run it, and tell nobody.
    Repeated,
    /// This very event ran before: complete it, do nothing.
    Ran,
}

/// How a resource is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// The event took effect: its topic ran at this version.
    Ran,
    /// It did not, and nothing of it is under way: it may enter again.
    Free,
    /// It failed, and what it began may still land somewhere: closed until then, and free for it to enter again.
    Closed(UnixMillis),
}

/// A store of the fence: DynamoDB (`weir-aws`), and the model in memory that tests compare it with.
pub trait Fence: Send + Sync {
    /// [`enter`](super::enter) as one conditional write. Only an event that another topic of the same action overtook,
    /// or a repeated one that was triggered later, takes a second.
    fn enter(&self, request: &EnterRequest<'_>) -> impl Future<Output = Result<Entry, StoreError>> + Send;

    /// [`leave`](super::leave) as one conditional write. Whoever ran and [`has_left`](super::has_left) is told `Written`,
    /// and nothing is written.
    fn leave(&self, request: &EnterRequest<'_>, how: Leave)
    -> impl Future<Output = Result<Settled, StoreError>> + Send;
}
