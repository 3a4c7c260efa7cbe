//! The job of a replay or a drop: what was asked for, what it acted on, and what became of the messages.

use std::{collections::HashMap, time::Duration};

use serde::{Deserialize, Serialize};
use weir_core::UnixMillis;
use weir_jobs::{ClaimedJob, Job, JobKind};

use super::filter::Filter;

/// What a replay or a drop has beside every job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayWork {
    /// Which of both.
    pub kind: Kind,
    /// Which messages are meant.
    pub filter: Filter,
    /// What else was asked for.
    pub options: Options,
    /// What was there when it began.
    pub planned: Planned,
    /// What became of the messages.
    pub counts: Counts,
}

impl JobKind for ReplayWork {
    type Checkpoint = Chunk;
    const COLLECTION: &'static str = "replays";
    const RETENTION: Duration = Duration::from_secs(400 * 86_400);

    fn resume(&mut self) {
        self.counts = Counts { failed: 0, mismatched: 0, unreadable: 0, returned: 0, undeleted: 0, ..self.counts };
    }
}

/// A replay or a drop, as it is written down.
pub type Operation = Job<ReplayWork>;

/// A replay or a drop that this process works on.
pub type ClaimedOperation = ClaimedJob<ReplayWork>;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It sends messages back to their lanes.
    Replay,
    /// It deletes messages.
    Drop,
}

impl Kind {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Drop => "drop",
        }
    }
}

/// What else was asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Whether events run again that took effect.
    pub force: bool,
    /// Messages a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// How many messages at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Why messages are dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The SHA-256 of the body that an event was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_sha256: Option<String>,
}

/// What was there when it began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Messages that were meant.
    pub messages: u64,
    /// Messages that were looked at.
    pub of: u64,
    /// Why they were there, the most frequent first, and how often.
    pub errors: Vec<(String, u64)>,
}

/// What became of messages. Each is in one of these, but for those that are only looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Looked at.
    pub read: u64,
    /// Sent to their lane.
    pub sent: u64,
    /// Of these, as a new generation.
    pub forced: u64,
    /// Only taken out of the queue: their events took effect already.
    pub ended: u64,
    /// Deleted for good.
    pub dropped: u64,
    /// Left where they are: another body under the id.
    pub mismatched: u64,
    /// Left where they are: no envelope.
    pub unreadable: u64,
    /// Left where they are: they were sent before, failed again and came back.
    pub returned: u64,
    /// Left where they are: SQS did not take them, or their time was over. A later pass does it.
    pub failed: u64,
    /// Sent, and still in the dead-letter queue as well, for their deletion failed.
    pub undeleted: u64,
    /// Sent, and their events do not tell it, for the ledger did not take it.
    pub unrecorded: u64,
}

/// What is about to be acted on, written down before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// When.
    #[serde(rename = "at_ms")]
    pub at: UnixMillis,
    /// The messages.
    pub entries: Vec<Entry>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// `SHOP#ID`
    pub event: String,
    /// The generation that it is sent as.
    pub generation: u32,
    /// SQS's id of the message.
    pub message: String,
}

/// All that an operation acted on, so that a resumed one goes on with the very same.
#[derive(Debug, Default)]
pub struct Journal {
    by_message: HashMap<String, Entry>,
    /// When an event was first acted on.
    by_event: HashMap<(String, u32), UnixMillis>,
}

/// Clocks here and at SQS may be so far apart.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

impl Journal {
    /// Adds what was written down.
    pub fn add(&mut self, chunk: &Chunk) {
        for entry in &chunk.entries {
            let first = self.by_event.entry((entry.event.clone(), entry.generation)).or_insert(chunk.at);
            *first = (*first).min(chunk.at);
            self.by_message.insert(entry.message.clone(), entry.clone());
        }
    }

    /// What was to be done with this message.
    #[must_use]
    pub fn of(&self, message: &str) -> Option<&Entry> {
        self.by_message.get(message)
    }

    /// Whether a message, sent at `sent_at`, is what this operation sent itself: it failed again and came back.
    #[must_use]
    pub fn returned(&self, message: &str, event: &str, generation: u32, sent_at: UnixMillis) -> bool {
        let acted_on = self.by_event.get(&(event.to_owned(), generation));
        !self.by_message.contains_key(message) && acted_on.is_some_and(|at| sent_at + CLOCK_SKEW >= *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_755_600_120);

    #[test]
    fn returned_message_is_distinguished_from_another_copy() {
        let mut journal = Journal::default();
        let entry = Entry { event: "north#1".into(), generation: 0, message: "m-1".into() };
        journal.add(&Chunk { at: NOW, entries: vec![entry.clone()] });
        assert_eq!(journal.of("m-1"), Some(&entry));
        let long_before = NOW - Duration::from_secs(3600);
        assert!(!journal.returned("m-1", "north#1", 0, long_before), "it is the very message");
        assert!(!journal.returned("m-2", "north#1", 0, long_before), "a copy that was there before");
        assert!(journal.returned("m-2", "north#1", 0, NOW + Duration::from_secs(3)));
        assert!(!journal.returned("m-2", "north#1", 1, NOW), "another generation");
        assert!(!journal.returned("m-2", "north#2", 0, NOW), "another event");
    }
}
