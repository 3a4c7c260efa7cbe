//! What became of what was accepted. Pure: it is told what the ledger holds, and counts.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use weir_core::{
    Failure,
    ledger::{Key, Outcome, Record, State},
};

use crate::{Latencies, Percentiles};

/// So many ids of events that need a look are told.
const MAX_NAMED: usize = 10;

/// What came of an event so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventOutcome {
    /// It took effect.
    Done,
    /// A newer version of its resource came first.
    Stale,
    /// It failed for good: it lies in a dead-letter queue, or is on its way there.
    DeadLettered,
    /// It failed, and is tried again.
    Retrying,
    /// What it needs is not there: it waits.
    Parked,
    /// A worker acts on it.
    Working,
    /// The ledger has never heard of it.
    Unseen,
}

impl EventOutcome {
    fn of(record: &Record) -> Self {
        match &record.state {
            State::Done => Self::Done,
            State::Stale => Self::Stale,
            // Somebody gave it up meanwhile.
            State::Failed(Failure::Permanent(_)) | State::Dropped | State::Replaced { .. } => Self::DeadLettered,
            State::Failed(_) => Self::Retrying,
            State::Parked { .. } => Self::Parked,
            State::Leased { .. } => Self::Working,
        }
    }

    /// Whether nothing more happens to it.
    fn is_end(self) -> bool {
        matches!(self, Self::Done | Self::Stale | Self::DeadLettered)
    }
}

/// The events that were accepted, and what is known of each.
#[derive(Debug)]
pub struct Audit {
    /// Those that have not come to their end, the one that was looked at longest ago first.
    open: VecDeque<Arc<str>>,
    /// Those that are being looked at.
    asked: Vec<Arc<str>>,
    outcomes: HashMap<Arc<str>, EventOutcome>,
    /// How often each that took effect should have come again.
    repeats: HashMap<Arc<str>, u32>,
    duplicates: HashMap<Arc<str>, u32>,
    took: Latencies,
}

impl Audit {
    /// Of events and how often each was accepted.
    #[must_use]
    pub fn new(accepted: &HashMap<Arc<str>, u32>) -> Self {
        let repeats = accepted.iter().filter(|(_, times)| **times > 1);
        Self {
            open: accepted.keys().cloned().collect(),
            asked: Vec::new(),
            outcomes: accepted.keys().map(|event| (event.clone(), EventOutcome::Unseen)).collect(),
            repeats: repeats.map(|(event, times)| (event.clone(), times - 1)).collect(),
            duplicates: HashMap::new(),
            took: Latencies::new(),
        }
    }

    /// The next ones to look at; those that stay open come again when all others had their turn.
    pub fn next(&mut self, most: usize) -> Vec<Key> {
        let upto = most.min(self.open.len());
        self.asked.extend(self.open.drain(..upto));
        self.asked.iter().map(|event| Key { event: event.to_string(), generation: 0 }).collect()
    }

    /// Counts what the ledger holds of those that [`next`](Self::next) named.
    pub fn seen(&mut self, records: &[Record]) {
        for record in records {
            let Some((event, outcome)) = self.outcomes.get_key_value(record.key.event.as_str()) else { continue };
            let (event, before) = (event.clone(), *outcome);
            let now = EventOutcome::of(record);
            if now == EventOutcome::Done && before != EventOutcome::Done {
                let end = record.history.iter().rfind(|attempt| attempt.outcome == Outcome::Done);
                let end = end.map_or(record.updated_at, |attempt| attempt.ended);
                // Two clocks: the one of ingest may be ahead.
                let took = end.0.saturating_sub(record.received_at.0).try_into().unwrap_or(0);
                self.took.record(Duration::from_millis(took));
            }
            if record.duplicates > 0 {
                self.duplicates.insert(event.clone(), record.duplicates);
            }
            self.outcomes.insert(event, now);
        }
        let still = std::mem::take(&mut self.asked).into_iter().filter(|event| self.is_open(event));
        let still: Vec<Arc<str>> = still.collect();
        self.open.extend(still);
    }

    /// A repeat that is still on its way is not waited for: it has no effect, and one that met its first with a worker
    /// comes back when that one's lease has run out.
    fn is_open(&self, event: &str) -> bool {
        self.outcomes.get(event).is_some_and(|outcome| !outcome.is_end())
    }

    /// Whether nothing is waited for any more.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.left() == 0
    }

    /// How many have not come to their end.
    #[must_use]
    pub fn left(&self) -> usize {
        self.open.len() + self.asked.len()
    }

    /// The result. `in_lanes`: how many messages the lanes still hold.
    #[must_use]
    pub fn result(&self, in_lanes: u64) -> AuditReport {
        let mut states = BTreeMap::new();
        for outcome in self.outcomes.values() {
            *states.entry(*outcome).or_insert(0_u64) += 1;
        }
        let of = |outcome| states.get(&outcome).copied().unwrap_or_default();
        let unseen = of(EventOutcome::Unseen);
        // What the ledger has not heard of may still wait in a lane, beside the messages of what it has.
        let known = of(EventOutcome::Retrying) + of(EventOutcome::Parked) + of(EventOutcome::Working);
        let waiting = in_lanes.saturating_sub(known).min(unseen);
        let took_effect =
            |event: &Arc<str>| matches!(self.outcomes.get(event), Some(EventOutcome::Done | EventOutcome::Stale));
        let repeats = self.repeats.iter().filter(|(event, _)| took_effect(event));
        let mut open: Vec<(EventOutcome, &Arc<str>)> = self
            .outcomes
            .iter()
            .filter(|(_, outcome)| !matches!(outcome, EventOutcome::Done | EventOutcome::Stale))
            .map(|(event, outcome)| (*outcome, event))
            .collect();
        // What was lost first.
        open.sort_by(|one, other| other.cmp(one));
        AuditReport {
            events: self.outcomes.len() as u64,
            done: of(EventOutcome::Done),
            stale: of(EventOutcome::Stale),
            dead_lettered: of(EventOutcome::DeadLettered),
            retrying: of(EventOutcome::Retrying),
            parked: of(EventOutcome::Parked),
            working: of(EventOutcome::Working),
            waiting,
            lost: unseen - waiting,
            repeats: repeats.map(|(_, times)| u64::from(*times)).sum(),
            duplicates: self.duplicates.values().copied().map(u64::from).sum(),
            until_done_ms: self.took.percentiles(),
            look_at: open
                .into_iter()
                .take(MAX_NAMED)
                .map(|(outcome, event)| AuditedEvent { outcome, event: event.to_string() })
                .collect(),
        }
    }
}

/// What the audit came to. The states of an event, from `done` to `lost`, add up to `events`.
#[derive(Debug, Serialize)]
pub struct AuditReport {
    /// Accepted events.
    pub events: u64,
    /// Took effect.
    pub done: u64,
    /// Gave way to a newer version of their resource.
    pub stale: u64,
    /// Failed for good.
    pub dead_lettered: u64,
    /// Failed, and are tried again.
    pub retrying: u64,
    /// Wait for what they need.
    pub parked: u64,
    /// Are with a worker.
    pub working: u64,
    /// Not in the ledger yet, but the lanes hold as many messages.
    pub waiting: u64,
    /// In no ledger and in no lane, though it was answered 200.
    pub lost: u64,
    /// Accepted deliveries, beyond the first, of what took effect.
    pub repeats: u64,
    /// Repeats that the ledger has met so far, and knew as such. SQS repeats messages by itself now and then, so these may be more.
    pub duplicates: u64,
    /// From ingest's receipt to the record of the effect, by their clocks.
    pub until_done_ms: Option<Percentiles>,
    /// The first of those that did not take effect.
    pub look_at: Vec<AuditedEvent>,
}

/// An event to look at.
#[derive(Debug, Serialize)]
pub struct AuditedEvent {
    /// What came of it so far.
    #[serde(rename = "standing")]
    pub outcome: EventOutcome,
    /// Its key in the ledger.
    pub event: String,
}

impl AuditReport {
    /// Whether every accepted event came to its end.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.done + self.stale + self.dead_lettered == self.events
    }
}

#[cfg(test)]
mod tests;
