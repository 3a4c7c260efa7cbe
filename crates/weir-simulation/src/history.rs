//! What happened, as an omniscient observer saw it: what the audit looks at.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::time::Instant;
use weir_core::ledger::{AttemptResult, Key, Owner};

/// One delivery that was accepted: its event, and what it is a snapshot of.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    pub(crate) webhook_id: String,
    /// The webhook id of the event's first delivery: what happened is told by that.
    pub(crate) event: String,
    /// Where the ledger has the event.
    pub(crate) key: Key,
    pub(crate) shop: String,
    pub(crate) topic: String,
    /// `None`: each event of its topic counts.
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) at: Instant,
}

/// A state of a resource, as the merchant made it: nobody but the observer knows the true order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The key of the fence.
    pub(crate) resource: String,
    /// Which of the merchant's actions made it, counted by resource: the state of a later one is the newer.
    pub(crate) action: u64,
    /// What the body shows of it: two states of one second may look alike.
    pub(crate) shows: u64,
}

/// A handler's run.
#[derive(Debug, Clone)]
pub(crate) struct Ran {
    pub(crate) webhook_id: String,
    /// The invocation that it ran in.
    pub(crate) process: u64,
    pub(crate) begun: Instant,
    /// When it returned, or was dropped, or its process died; `None` while it runs.
    pub(crate) ended: Option<Instant>,
}

/// An effect somewhere outside.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    pub(crate) webhook_id: String,
    /// The bus's `detail-type`, or the destination's name.
    pub(crate) as_what: String,
    pub(crate) at: Instant,
}

/// An attempt was settled in the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) key: Key,
    pub(crate) owner: Owner,
    pub(crate) ending: AttemptResult,
    pub(crate) at: Instant,
}

/// Everything, in the order in which it happened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events {
    pub(crate) accepted: Vec<Accepted>,
    pub(crate) runs: Vec<Ran>,
    pub(crate) published: Vec<Effect>,
    pub(crate) delivered: Vec<Effect>,
    pub(crate) settled: Vec<Settled>,
    /// Events of which the queue did not take a copy, so that they could not wait outside their receives.
    pub(crate) not_parked: HashSet<Key>,
    pub(crate) crashes: u64,
    pub(crate) invocations: u64,
    /// Batches that came back, each message with one receive more, without an invocation: throttled, and stopped as a loop.
    pub(crate) throttled: u64,
    pub(crate) loops: u64,
}

/// The observer's book.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<Events>);

impl History {
    pub(crate) fn book(&self) -> MutexGuard<'_, Events> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
