//! What became of what was accepted. Pure: it is told what the ledger holds, and counts.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use weir_core::{
    Failure,
    ledger::{Key, Outcome, Record, State},
};

use super::measure::{Latencies, Percentiles};

/// So many ids of events that need a look are told.
const NAMED: usize = 10;

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
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

impl Standing {
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
pub(super) struct Audit {
    /// Those that have not come to their end, the one that was looked at longest ago first.
    open: VecDeque<Arc<str>>,
    /// Those that are being looked at.
    asked: Vec<Arc<str>>,
    standings: HashMap<Arc<str>, Standing>,
    /// How often each that took effect should have come again.
    repeats: HashMap<Arc<str>, u32>,
    duplicates: HashMap<Arc<str>, u32>,
    took: Latencies,
}

impl Audit {
    /// Of events and how often each was accepted.
    pub(super) fn new(accepted: &HashMap<Arc<str>, u32>) -> Self {
        let repeats = accepted.iter().filter(|(_, times)| **times > 1);
        Self {
            open: accepted.keys().cloned().collect(),
            asked: Vec::new(),
            standings: accepted.keys().map(|event| (event.clone(), Standing::Unseen)).collect(),
            repeats: repeats.map(|(event, times)| (event.clone(), times - 1)).collect(),
            duplicates: HashMap::new(),
            took: Latencies::new(),
        }
    }

    /// The next ones to look at; those that stay open come again when all others had their turn.
    pub(super) fn next(&mut self, most: usize) -> Vec<Key> {
        let upto = most.min(self.open.len());
        self.asked.extend(self.open.drain(..upto));
        self.asked.iter().map(|event| Key { event: event.to_string(), generation: 0 }).collect()
    }

    /// What the ledger holds of those that were asked for.
    pub(super) fn seen(&mut self, records: &[Record]) {
        for record in records {
            let Some((event, standing)) = self.standings.get_key_value(record.key.event.as_str()) else { continue };
            let (event, before) = (event.clone(), *standing);
            let now = Standing::of(record);
            if now == Standing::Done && before != Standing::Done {
                let end = record.history.iter().rfind(|attempt| attempt.outcome == Outcome::Done);
                let end = end.map_or(record.updated_at, |attempt| attempt.ended);
                // Two clocks: the one of ingest may be ahead.
                let took = end.0.saturating_sub(record.received_at.0).try_into().unwrap_or(0);
                self.took.record(Duration::from_millis(took));
            }
            if record.duplicates > 0 {
                self.duplicates.insert(event.clone(), record.duplicates);
            }
            self.standings.insert(event, now);
        }
        let still = std::mem::take(&mut self.asked).into_iter().filter(|event| self.is_open(event));
        let still: Vec<Arc<str>> = still.collect();
        self.open.extend(still);
    }

    /// A repeat that is still on its way is not waited for: it has no effect, and one that met its first with a worker
    /// comes back when that one's lease has run out.
    fn is_open(&self, event: &str) -> bool {
        self.standings.get(event).is_some_and(|standing| !standing.is_end())
    }

    /// Whether nothing is waited for any more.
    pub(super) fn is_settled(&self) -> bool {
        self.left() == 0
    }

    /// How many have not come to their end.
    pub(super) fn left(&self) -> usize {
        self.open.len() + self.asked.len()
    }

    /// The result. `in_lanes`: how many messages the lanes still hold.
    pub(super) fn result(&self, in_lanes: u64) -> Audited {
        let mut states = BTreeMap::new();
        for standing in self.standings.values() {
            *states.entry(*standing).or_insert(0_u64) += 1;
        }
        let of = |standing| states.get(&standing).copied().unwrap_or_default();
        let unseen = of(Standing::Unseen);
        // What the ledger has not heard of may still wait in a lane, beside the messages of what it has.
        let known = of(Standing::Retrying) + of(Standing::Parked) + of(Standing::Working);
        let waiting = in_lanes.saturating_sub(known).min(unseen);
        let took_effect =
            |event: &Arc<str>| matches!(self.standings.get(event), Some(Standing::Done | Standing::Stale));
        let repeats = self.repeats.iter().filter(|(event, _)| took_effect(event));
        let mut open: Vec<(Standing, &Arc<str>)> = self
            .standings
            .iter()
            .filter(|(_, standing)| !matches!(standing, Standing::Done | Standing::Stale))
            .map(|(event, standing)| (*standing, event))
            .collect();
        // What was lost first.
        open.sort_by(|one, other| other.cmp(one));
        Audited {
            events: self.standings.len() as u64,
            done: of(Standing::Done),
            stale: of(Standing::Stale),
            dead_lettered: of(Standing::DeadLettered),
            retrying: of(Standing::Retrying),
            parked: of(Standing::Parked),
            working: of(Standing::Working),
            waiting,
            lost: unseen - waiting,
            repeats: repeats.map(|(_, times)| u64::from(*times)).sum(),
            duplicates: self.duplicates.values().copied().map(u64::from).sum(),
            until_done_ms: self.took.percentiles(),
            look_at: open
                .into_iter()
                .take(NAMED)
                .map(|(standing, event)| Named { standing, event: event.to_string() })
                .collect(),
        }
    }
}

/// What the audit came to. The states of an event, from `done` to `lost`, add up to `events`.
#[derive(Debug, Serialize)]
pub(super) struct Audited {
    pub(super) events: u64,
    pub(super) done: u64,
    pub(super) stale: u64,
    pub(super) dead_lettered: u64,
    pub(super) retrying: u64,
    pub(super) parked: u64,
    pub(super) working: u64,
    /// Not in the ledger yet, but the lanes hold as many messages.
    pub(super) waiting: u64,
    /// In no ledger and in no lane, though it was answered 200.
    pub(super) lost: u64,
    /// Accepted deliveries, beyond the first, of what took effect.
    pub(super) repeats: u64,
    /// Repeats that the ledger has met so far, and knew as such. SQS repeats messages by itself now and then, so these may be more.
    pub(super) duplicates: u64,
    /// From ingest's receipt to the record of the effect, by their clocks.
    pub(super) until_done_ms: Option<Percentiles>,
    /// The first of those that did not take effect.
    pub(super) look_at: Vec<Named>,
}

/// An event to look at.
#[derive(Debug, Serialize)]
pub(super) struct Named {
    pub(super) standing: Standing,
    pub(super) event: String,
}

impl Audited {
    /// Whether every accepted event came to its end.
    pub(super) fn is_complete(&self) -> bool {
        self.done + self.stale + self.dead_lettered == self.events
    }
}

#[cfg(test)]
mod tests;
