//! A dead-lettered message, and what the ledger knows of it. Never its body.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use weir_core::{
    Lane, UnixMillis,
    envelope::{Envelope, Meta},
    ledger::{Key, Record, State},
};

use crate::names::is_named;

/// What is kept of a message that was looked at.
#[derive(Debug, Clone)]
pub struct DeadLetterInfo {
    /// The lane.
    pub lane: Lane,
    /// SQS's id.
    pub id: String,
    /// The message group.
    group: Option<String>,
    /// When it was first sent: SQS keeps it for the queue's retention from then.
    pub sent_at: UnixMillis,
    /// How long the message is.
    pub bytes: usize,
    /// How often it was parked before.
    pub parks: u32,
    /// What the envelope says, or why it is none.
    pub head: Result<Box<Meta>, String>,
}

impl DeadLetterInfo {
    /// Reads a message.
    #[must_use]
    pub fn read(lane: Lane, id: String, group: Option<String>, sent_at: UnixMillis, message: &str) -> Self {
        let (parks, head) = match Envelope::parse(message) {
            Ok(envelope) => (envelope.parked.map_or(0, |parked| parked.count), Ok(Box::new(envelope.meta))),
            Err(problem) => (0, Err(problem.to_string())),
        };
        Self { lane, id, group, sent_at, bytes: message.len(), parks, head }
    }

    /// Where the ledger has it.
    #[must_use]
    pub fn key(&self) -> Key {
        match &self.head {
            Ok(meta) => Key::of(meta),
            Err(_) => Key::of_unreadable(self.group.as_deref(), &self.id),
        }
    }

    /// `SHOP#ID`
    #[must_use]
    pub fn name(&self) -> String {
        self.key().event
    }

    /// Whether an id is that of its delivery, or what its event's key has after the shop.
    #[must_use]
    pub fn is_named(&self, id: &str) -> bool {
        let is_of_key = is_named(self.key().id(), id);
        is_of_key || self.head.as_ref().is_ok_and(|meta| is_named(meta.webhook_id.as_str(), id))
    }

    /// The shop's domain.
    #[must_use]
    pub fn shop(&self) -> Option<&str> {
        self.head.as_ref().map_or(self.group.as_deref(), |meta| Some(meta.shop.as_str()))
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        self.head.as_ref().ok().map(|meta| meta.topic.as_str())
    }

    /// The app.
    #[must_use]
    pub fn app(&self) -> Option<&str> {
        self.head.as_ref().ok().map(|meta| meta.app.as_str())
    }

    /// The hash of its body; `None` if it can't be read.
    #[must_use]
    pub fn body_sha256(&self) -> Option<&str> {
        self.head.as_ref().ok().map(|meta| meta.body_sha256.as_str())
    }

    /// The generation after its own; `None` if there is none.
    #[must_use]
    pub fn next_generation(&self) -> Option<u32> {
        self.head.as_ref().ok()?.generation.checked_add(1)
    }

    /// When weir received it.
    #[must_use]
    pub fn received_at(&self) -> UnixMillis {
        self.head.as_ref().map_or(self.sent_at, |meta| meta.received_at)
    }
}

/// The state of a dead letter's event in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeadLetterStatus {
    /// It failed.
    Failed,
    /// It took effect: another copy was handled.
    Done,
    /// A newer version of its resource came first.
    Stale,
    /// A copy of the message waits in its lane.
    Parked,
    /// A worker acts on a copy of the message now.
    Leased,
    /// It was dropped.
    Dropped,
    /// It runs with another body.
    Replaced,
    /// It came with another body.
    Mismatch,
    /// The ledger does not know it.
    Unknown,
    /// The message is no envelope.
    Unreadable,
}

impl DeadLetterStatus {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Failed,
        Self::Done,
        Self::Stale,
        Self::Parked,
        Self::Leased,
        Self::Dropped,
        Self::Replaced,
        Self::Mismatch,
        Self::Unknown,
        Self::Unreadable,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Done => "done",
            Self::Stale => "stale",
            Self::Parked => "parked",
            Self::Leased => "leased",
            Self::Dropped => "dropped",
            Self::Replaced => "replaced",
            Self::Mismatch => "mismatch",
            Self::Unknown => "unknown",
            Self::Unreadable => "unreadable",
        }
    }

    fn of(letter: &DeadLetterInfo, record: Option<&Record>) -> Self {
        let Ok(meta) = &letter.head else { return Self::Unreadable };
        match record {
            None => Self::Unknown,
            // Another delivery of the event may be another serialization of it.
            Some(record) if record.body_sha256 != meta.body_sha256 && meta.webhook_id == record.webhook_id() => {
                Self::Mismatch
            }
            Some(record) => match record.state {
                State::Failed(_) => Self::Failed,
                State::Done => Self::Done,
                State::Stale => Self::Stale,
                State::Parked { .. } => Self::Parked,
                State::Leased { .. } => Self::Leased,
                State::Dropped => Self::Dropped,
                State::Replaced { .. } => Self::Replaced,
            },
        }
    }
}

/// A text names no state of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the state of a dead letter")]
pub struct UnknownStatus(String);

impl FromStr for DeadLetterStatus {
    type Err = UnknownStatus;

    fn from_str(name: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == name).ok_or_else(|| UnknownStatus(name.to_owned()))
    }
}

/// A message with its record.
#[derive(Debug, Clone)]
pub struct DeadLetterEntry {
    /// The message.
    pub letter: DeadLetterInfo,
    /// What the ledger has of its event.
    pub record: Option<Record>,
    /// What state that is.
    pub status: DeadLetterStatus,
}

impl DeadLetterEntry {
    /// Both together.
    #[must_use]
    pub fn new(letter: DeadLetterInfo, record: Option<Record>) -> Self {
        Self { status: DeadLetterStatus::of(&letter, record.as_ref()), letter, record }
    }

    /// Why it is here, in a line.
    #[must_use]
    pub fn reason(&self) -> String {
        let last = self.record.as_ref().and_then(|record| record.last_error.as_deref());
        match (self.status, &self.letter.head) {
            (_, Err(problem)) => problem.clone(),
            (DeadLetterStatus::Done, _) => "took effect: another copy of it was handled".to_owned(),
            (DeadLetterStatus::Stale, _) => {
                "stale: a newer version of its resource, or the same state, came first".to_owned()
            }
            (DeadLetterStatus::Mismatch, _) => "another body came under this id before".to_owned(),
            (DeadLetterStatus::Unknown, _) => "the ledger does not know it".to_owned(),
            (DeadLetterStatus::Parked, _) => "parked: a copy of it waits in its lane".to_owned(),
            (DeadLetterStatus::Dropped, _) => "dropped: its event was, and this message of it is still here".to_owned(),
            (DeadLetterStatus::Replaced, _) => {
                "replaced: its event runs with another body, as a later generation".to_owned()
            }
            (DeadLetterStatus::Leased, _) => "a worker acts on a copy of it now".to_owned(),
            (DeadLetterStatus::Failed | DeadLetterStatus::Unreadable, _) => last.unwrap_or("failed").to_owned(),
        }
    }

    /// Whether the text, in lower case, is in its last error or in why it is here.
    #[must_use]
    pub fn matches_error(&self, text: &str) -> bool {
        let last = self.record.as_ref().and_then(|record| record.last_error.as_deref());
        last.is_some_and(|last| last.to_lowercase().contains(text)) || self.reason().to_lowercase().contains(text)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use weir_core::{Failure, envelope::seal, ledger::Owner};

    use super::*;

    pub(in super::super) const RECEIVED: UnixMillis = UnixMillis(1_795_755_600_120);

    pub(in super::super) fn meta(id: &str, body: &[u8]) -> Meta {
        Meta { received_at: RECEIVED, ..Meta::sample(id, body) }
    }

    pub(in super::super) fn message(id: &str) -> String {
        seal(&meta(id, b"{}"), b"{}").unwrap()
    }

    pub(in super::super) fn record(key: Key, state: State, body: &[u8]) -> Record {
        let last_error = match &state {
            State::Failed(failure) => Some(failure.reason().to_owned()),
            _ => None,
        };
        Record { owner: Owner("me".into()), attempts: 1, key, last_error, ..Record::of(&meta("7", body), state) }
    }

    fn letter(message: &str) -> DeadLetterInfo {
        DeadLetterInfo::read(Lane::Standard, "m-1".into(), None, RECEIVED, message)
    }

    pub(in super::super) fn failed() -> State {
        State::Failed(Failure::permanent("the ERP answered HTTP 500"))
    }

    pub(in super::super) fn found() -> DeadLetterEntry {
        let letter = letter(&message("7"));
        let record = record(letter.key(), failed(), b"{}");
        DeadLetterEntry::new(letter, Some(record))
    }

    pub(in super::super) fn unreadable() -> DeadLetterEntry {
        DeadLetterEntry::new(letter("hello"), None)
    }

    #[test]
    fn a_message_stands_as_its_record_says_unless_its_body_is_another() {
        for (state, body, standing) in [
            (failed(), &b"{}"[..], DeadLetterStatus::Failed),
            (State::Done, b"{}", DeadLetterStatus::Done),
            (State::Stale, b"{}", DeadLetterStatus::Stale),
            (State::Parked { until: RECEIVED }, b"{}", DeadLetterStatus::Parked),
            (State::Leased { until: RECEIVED }, b"{}", DeadLetterStatus::Leased),
            (State::Done, b"{\"other\":1}", DeadLetterStatus::Mismatch),
        ] {
            let letter = letter(&message("7"));
            let record = record(letter.key(), state, body);
            assert_eq!(DeadLetterEntry::new(letter, Some(record)).status, standing);
        }
        assert_eq!(DeadLetterEntry::new(letter(&message("7")), None).status, DeadLetterStatus::Unknown);
        assert_eq!(unreadable().status, DeadLetterStatus::Unreadable);
    }

    #[test]
    fn status_is_read_by_its_name() {
        for status in DeadLetterStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert_eq!("gone".parse::<DeadLetterStatus>(), Err(UnknownStatus("gone".into())));
    }

    #[test]
    fn an_event_that_took_effect_since_is_still_found_by_its_last_error() {
        let mut found = found();
        assert!(found.matches_error("http 500") && found.reason().contains("HTTP 500"));
        if let Some(record) = &mut found.record {
            record.state = State::Done;
        }
        let found = DeadLetterEntry::new(found.letter, found.record);
        assert!(found.matches_error("http 500") && found.matches_error("took effect"), "{}", found.reason());
    }
}
