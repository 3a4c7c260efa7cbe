//! What a store of the ledger can do.

use std::{sync::Arc, time::Duration};

use shopify_webhook::WebhookId;

use super::{ActionRequest, AttemptResult, Key, Owner, Recorded};
use crate::{Lane, StoreError, UnixMillis, envelope::Meta};

/// A request to claim an event.
#[derive(Debug, Clone)]
pub struct ClaimRequest<'a> {
    /// Which event.
    pub key: &'a Key,
    /// Who asks.
    pub owner: &'a Owner,
    /// The hash of the body that came with the message.
    pub body_sha256: &'a str,
    /// What else the envelope says; `None` for a message that can't be read.
    pub meta: Option<&'a Meta>,
    /// What the body is a snapshot of, if it can be told before it is opened.
    pub resource: Option<&'a str>,
    /// The lane that the message came by.
    pub lane: Lane,
    /// How often the message was received, this time included.
    pub receives: u32,
    /// How often the message was parked before.
    pub parks: u32,
    /// Now.
    pub now: UnixMillis,
    /// The end of the lease, if it is given.
    pub lease_until: UnixMillis,
}

impl<'a> ClaimRequest<'a> {
    /// The webhook id of the delivery, where the key does not have it: then the event may come under another as well.
    pub fn webhook_id(&self) -> Option<&'a WebhookId> {
        self.meta.filter(|meta| meta.dedupe_key.is_some()).map(|meta| &meta.webhook_id)
    }

    /// Whether the message starts afresh: it came from ingest or from the DLQ, and was neither received nor parked
    /// before.
    pub fn is_fresh(&self) -> bool {
        self.receives <= 1 && self.parks == 0
    }
}

/// What earlier attempts of a message left for the next one. A fresh message starts without any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// How often the event itself failed. Outages, throttled invocations and waits for another worker do not count.
    pub failures: u32,
    /// The handlers that succeeded: they do not run again.
    pub passed: Vec<String>,
}

/// A request to settle an event: how its attempt ended.
#[derive(Debug, Clone)]
pub struct SettleRequest<'a> {
    /// Which event.
    pub key: &'a Key,
    /// Who claimed it.
    pub owner: &'a Owner,
    /// What it came to.
    pub ending: &'a AttemptResult,
    /// The attempt's number, as the claim gave it.
    pub attempt: u32,
    /// How often the message was received, this time included.
    pub receives: u32,
    /// When it was claimed.
    pub begun: UnixMillis,
    /// When the message is to be seen again, if it is tried again.
    pub comes_back: Option<UnixMillis>,
    /// The count of the delayed copy that a failed event waits as, if its message does not come back itself.
    pub copy: Option<u32>,
    /// What the next attempt goes on from, if there is one.
    pub progress: &'a Progress,
    /// What the body is a snapshot of, if that is known by now.
    pub resource: Option<&'a str>,
    /// Now.
    pub now: UnixMillis,
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The event is the asker's until its lease ends.
    Granted {
        /// The number of this attempt, counted from one.
        attempt: u32,
        /// The webhook id of the event's first delivery, if that is another one: under it the event leaves weir.
        first: Option<WebhookId>,
        /// What earlier attempts of this message left.
        progress: Progress,
    },
    /// It ended before: it took effect, never will, or an operator dropped or replaced it. Acknowledge it, do nothing.
    Duplicate,
    /// This very message took effect before, and its acknowledgement was lost: acknowledge it, count nothing.
    Redelivered,
    /// Another owner acts on it for so long at most: come back then.
    Busy(Duration),
    /// Another body came under the same webhook id before: report it, never act on it.
    Mismatch,
    /// A parked copy of the message took its place: acknowledge it, do nothing.
    SupersededByCopy,
    /// It failed for good, and was told so: let it go to the DLQ.
    PermanentlyFailed,
}

/// Why a message has no effect of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepeatKind {
    /// Its event took effect before.
    Duplicate,
    /// It carries another body than its event.
    Mismatch,
}

impl Claim {
    /// Whether the event is the asker's.
    pub fn is_granted(&self) -> bool {
        matches!(self, Self::Granted { .. })
    }
}

/// The answer to `settle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Written.
    Written,
    /// The lease had run out and another owner has the event: nothing was written.
    Lost,
}

/// A store of the ledger: DynamoDB (`weir-aws`), and the model in memory that tests compare it with.
pub trait Ledger: Send + Sync {
    /// [`claim`](super::claim) as one conditional write.
    fn claim(&self, request: &ClaimRequest<'_>) -> impl Future<Output = Result<Claim, StoreError>> + Send;

    /// [`settle`](super::settle) as one conditional write.
    fn settle(&self, request: &SettleRequest<'_>) -> impl Future<Output = Result<Settled, StoreError>> + Send;

    /// Counts a message that came for nothing, so that the operator sees it. `webhook_id` is the delivery's, where the key
    /// does not have it.
    fn count(
        &self,
        key: &Key,
        repeat: RepeatKind,
        webhook_id: Option<&WebhookId>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A store that several share.
impl<L: Ledger> Ledger for Arc<L> {
    fn claim(&self, request: &ClaimRequest<'_>) -> impl Future<Output = Result<Claim, StoreError>> + Send {
        L::claim(self, request)
    }

    fn settle(&self, request: &SettleRequest<'_>) -> impl Future<Output = Result<Settled, StoreError>> + Send {
        L::settle(self, request)
    }

    fn count(
        &self,
        key: &Key,
        repeat: RepeatKind,
        webhook_id: Option<&WebhookId>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        L::count(self, key, repeat, webhook_id)
    }
}

/// A store in which what operators do becomes part of an event.
pub trait ActionLog: Send + Sync {
    /// [`act`](super::act), written only if nobody changed the record meanwhile.
    fn record(&self, request: &ActionRequest<'_>) -> impl Future<Output = Result<Recorded, StoreError>> + Send;
}
