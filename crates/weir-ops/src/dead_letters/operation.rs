//! What is written down of a replay or a drop: who, when, what, and how it ended.

use std::{collections::HashMap, time::Duration};

use serde::{Deserialize, Serialize};
use weir_core::UnixMillis;

use super::filter::Filter;

/// Where operations stand, each under its name.
pub(super) const SHELF: &str = "replays";

/// How long an operation is known.
const KEPT: Duration = Duration::from_secs(400 * 86_400);

/// An operation that says it runs, and has written nothing for so long, was killed.
const SILENT: Duration = Duration::from_secs(60);

/// When what is written down is forgotten.
pub(super) fn kept_until(at: UnixMillis) -> UnixMillis {
    at + KEPT
}

/// Where the events of an operation stand.
pub(super) fn shelf_of(name: &str) -> String {
    format!("{SHELF}/{name}")
}

/// A name that sorts by time.
pub(super) fn name_at(now: UnixMillis) -> String {
    let time = now.to_string();
    let digits: String = time.chars().filter(char::is_ascii_digit).take(14).collect();
    let (date, time) = digits.split_at(digits.len().min(8));
    format!("{date}T{time}Z-{:04x}", fastrand::u16(..))
}

/// A replay or a drop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Which of both.
    pub kind: Kind,
    /// How far it is.
    pub state: State,
    /// Who began it.
    pub by: String,
    /// The command line.
    pub command: String,
    /// When it began.
    #[serde(rename = "started_at_ms")]
    pub started_at: UnixMillis,
    /// When this was written.
    #[serde(rename = "updated_at_ms")]
    pub updated_at: UnixMillis,
    /// Which messages are meant.
    pub filter: Filter,
    /// What else was asked for.
    pub options: Options,
    /// What was there when it began.
    pub planned: Planned,
    /// What became of the messages.
    pub counts: Counts,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who went on with it, the last one last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed: Vec<Resumed>,
}

impl Operation {
    /// Somebody resumes it: what was left is looked at again.
    pub fn resume(&mut self, by: String, at: UnixMillis) {
        self.resumed.push(Resumed { by, at });
        self.state = State::Running;
        self.note = None;
        self.counts = Counts { failed: 0, mismatched: 0, unreadable: 0, returned: 0, undeleted: 0, ..self.counts };
    }

    /// Whether it says that it runs, and nobody has heard of it for a while.
    #[must_use]
    pub fn looks_abandoned(&self, now: UnixMillis) -> bool {
        self.state == State::Running && now.since(self.updated_at) > SILENT
    }
}

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

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is under way, or was killed.
    Running,
    /// Nothing is left of it.
    Done,
    /// Somebody stopped it.
    Interrupted,
    /// It stopped by itself, or left messages.
    Failed,
}

impl State {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
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

/// Somebody resumed an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// Who.
    pub by: String,
    /// When.
    #[serde(rename = "at_ms")]
    pub at: UnixMillis,
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
    /// How many chunks there are.
    pub(super) chunks: u32,
}

/// Clocks here and at SQS may be so far apart.
const SKEW: Duration = Duration::from_secs(60);

impl Journal {
    /// Adds what was written down.
    pub fn add(&mut self, chunk: &Chunk) {
        self.chunks += 1;
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
        !self.by_message.contains_key(message) && acted_on.is_some_and(|at| sent_at + SKEW >= *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_755_600_120);

    #[test]
    fn names_sort_by_time_and_differ() {
        let (first, later) = (name_at(NOW), name_at(NOW + Duration::from_secs(1)));
        assert!(first.starts_with("20261127T050000Z-") && first.len() == 21, "{first}");
        assert!(first < later);
    }

    #[test]
    fn what_comes_back_is_told_from_another_copy() {
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
