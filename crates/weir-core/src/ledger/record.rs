//! What the ledger holds.

use std::fmt;

use shopify_webhook::{EventId, Topic, WebhookId};

use super::{Action, Attempt, Progress};
use crate::{AppName, Failure, Lane, UnixMillis, dedupe, envelope::Meta};

/// Which event, and the generation of its replay.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// `{shop}#{webhook id}`, or `{shop}#{event id}~{hash}` for an event that several deliveries may be of: see
    /// [`dedupe`](crate::dedupe).
    pub event: String,
    /// Zero; one more with each forced replay.
    pub generation: u32,
}

impl Key {
    /// The key of an event that has an envelope.
    pub fn of(meta: &Meta) -> Self {
        let id = meta.dedupe_key.as_deref().unwrap_or(meta.webhook_id.as_str());
        Self { event: format!("{}#{id}", meta.shop), generation: meta.generation }
    }

    /// The shop that it names, `unknown` if it is of a message that can't be read; `None` if it is no key of weir's.
    pub fn shop(&self) -> Option<&str> {
        self.event.split_once('#').map(|(shop, _)| shop)
    }

    /// What follows the shop: all of it, if it is no key of weir's.
    pub fn id(&self) -> &str {
        self.event.split_once('#').map_or(self.event.as_str(), |(_, id)| id)
    }

    /// The key of a message that can't be read: it has no webhook id, but SQS gave it one of its own.
    pub fn of_unreadable(shop: Option<&str>, message_id: &str) -> Self {
        Self { event: format!("{}#sqs:{message_id}", shop.unwrap_or("unknown")), generation: 0 }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.event)?;
        if self.generation > 0 { write!(f, " (replay {})", self.generation) } else { Ok(()) }
    }
}

/// Who holds a lease: one invocation's handling of one message, never used twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner(pub String);

impl Owner {
    /// The owner for one invocation's handling of one message.
    pub fn of(request_id: &str, message_id: &str) -> Self {
        Self(format!("{request_id}/{message_id}"))
    }

    /// SQS's id of the message, which stays the same over its receives.
    pub fn message(&self) -> Option<&str> {
        self.0.rsplit_once('/').map(|(_, message)| message)
    }
}

/// One event in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which event.
    pub key: Key,
    /// What it is doing.
    pub state: State,
    /// The last one that held the lease.
    pub owner: Owner,
    /// How often it was claimed.
    pub attempts: u32,
    /// How often it came again after it was done.
    pub duplicates: u32,
    /// How often another body came under its id.
    pub mismatches: u32,
    /// The webhook id of its first delivery; `None` where the key has it.
    pub webhook_id: Option<WebhookId>,
    /// The webhook id of the delivery that was claimed or counted last; `None` where the key has it.
    pub last_webhook_id: Option<WebhookId>,
    /// The count of its latest parked copy; zero if it was never parked.
    pub parks: u32,
    /// What its last attempt left for the next one.
    pub progress: Progress,
    /// SHA-256 of the first delivery's body, in hexadecimal.
    pub body_sha256: String,
    /// `None` for a message that can't be read.
    pub topic: Option<Topic>,
    /// The app of the path.
    pub app: Option<AppName>,
    /// Shopify's id of what caused it, which all deliveries of one action of a merchant share.
    pub event_id: Option<EventId>,
    /// The lane it came by.
    pub lane: Lane,
    /// When it happened, as Shopify said.
    pub triggered_at: Option<String>,
    /// What its body is a snapshot of, as `orders/820982911946154508`; `None` if it is of nothing, or not known yet.
    pub resource: Option<String>,
    /// When ingest took it in first.
    pub received_at: UnixMillis,
    /// When the record last changed.
    pub updated_at: UnixMillis,
    /// Why the last attempt failed; kept when a later one succeeds.
    pub last_error: Option<String>,
    /// The last attempts that ended, the first one first. One that is missing never told its end.
    pub history: Vec<Attempt>,
    /// Whether it is a test notification, as Shopify said.
    pub test: bool,
    /// What operators did with it, the last actions, the first one first.
    pub actions: Vec<Action>,
}

impl Record {
    /// A record of an event that nobody claimed yet, by the standard lane, of which no more is known.
    pub fn new(key: Key, state: State, at: UnixMillis) -> Self {
        Self {
            key,
            state,
            owner: Owner(String::new()),
            attempts: 0,
            duplicates: 0,
            mismatches: 0,
            webhook_id: None,
            last_webhook_id: None,
            parks: 0,
            progress: Progress::default(),
            body_sha256: String::new(),
            topic: None,
            app: None,
            event_id: None,
            lane: Lane::Standard,
            triggered_at: None,
            resource: None,
            received_at: at,
            updated_at: at,
            last_error: None,
            history: Vec::new(),
            test: false,
            actions: Vec::new(),
        }
    }

    /// The record of an event whose envelope says this, in that state since it was received.
    pub fn of(meta: &Meta, state: State) -> Self {
        Self {
            body_sha256: meta.body_sha256.clone(),
            topic: Some(meta.topic.clone()),
            app: Some(meta.app.clone()),
            event_id: meta.event_id.clone(),
            triggered_at: meta.triggered_at.clone(),
            test: meta.test,
            ..Self::new(Key::of(meta), state, meta.received_at)
        }
    }

    /// Under which webhook id the event came first, and leaves weir.
    pub fn webhook_id(&self) -> &str {
        self.webhook_id.as_ref().map_or_else(|| self.key.id(), WebhookId::as_str)
    }

    /// Under which other webhook id the event came last, if it came under several.
    pub fn other_webhook_id(&self) -> Option<&WebhookId> {
        self.last_webhook_id.as_ref().filter(|last| Some(*last) != self.webhook_id.as_ref())
    }

    /// Whether an operator means this event by an id: its webhook id, another that it came under, its event id, or what its
    /// key has after the shop.
    pub fn is_named(&self, id: &str) -> bool {
        names(&self.key, &[&self.webhook_id, &self.last_webhook_id], self.event_id.as_ref(), id)
    }
}

/// Whether an id is that of a key, or one of the others.
pub fn names(key: &Key, webhook_ids: &[&Option<WebhookId>], event_id: Option<&EventId>, id: &str) -> bool {
    key.id() == id
        || dedupe::event_id(key.id()) == Some(id)
        || webhook_ids.iter().any(|other| other.as_ref().is_some_and(|other| other == id))
        || event_id.is_some_and(|event_id| event_id == id)
}

/// What an event is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Its owner acts on it, until then at the latest.
    Leased {
        /// The end of the lease.
        until: UnixMillis,
    },
    /// It took effect: it never runs again.
    Done,
    /// A newer version of its resource came first, or the same state by the same topic: it never runs.
    Stale,
    /// The last attempt failed; it may be claimed again.
    Failed(Failure),
    /// Its way is barred; a delayed copy of its message comes back then.
    Parked {
        /// When the copy becomes visible.
        until: UnixMillis,
    },
    /// An operator dropped it: it never runs.
    Dropped,
    /// An operator gave it another body: it runs as a later generation, and this one never does.
    Replaced {
        /// The generation that runs in its place.
        generation: u32,
    },
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptResult {
    /// The event took effect.
    Done,
    /// A newer version of its resource came first.
    Stale,
    /// The same state of its resource came before, by the same topic. In the ledger it is stale, too.
    Repeated,
    /// It failed.
    Failed(Failure),
    /// A delayed copy of its message was sent.
    Parked {
        /// The copy's count.
        parks: u32,
        /// When the copy becomes visible.
        until: UnixMillis,
        /// What bars its way.
        reason: String,
    },
}

impl AttemptResult {
    /// The word of the state that it leads to.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Stale | Self::Repeated => "stale",
            Self::Failed(_) => "failed",
            Self::Parked { .. } => "parked",
        }
    }
}

impl State {
    /// The word in the store and in what the CLI prints.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Leased { .. } => "leased",
            Self::Done => "done",
            Self::Stale => "stale",
            Self::Failed(_) => "failed",
            Self::Parked { .. } => "parked",
            Self::Dropped => "dropped",
            Self::Replaced { .. } => "replaced",
        }
    }
}
