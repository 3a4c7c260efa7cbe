//! What a replay or a drop would do.

use std::collections::BTreeMap;

use serde::Serialize;
use weir_core::UnixMillis;

use super::{
    entry::DeadLetterEntry,
    group::{self, Group, GroupBy},
    operation::{Journal, Kind, Planned},
    plan::{ReplayAction, decide},
};

/// How many messages are named.
const FIRST: usize = 5;

/// How many errors are written down.
const ERRORS: usize = 20;

/// What a replay or a drop would do.
#[derive(Debug, Serialize)]
pub struct Preview {
    /// Nothing is, by a preview.
    pub changed: bool,
    /// `replay` or `drop`.
    pub what: &'static str,
    /// How many are meant.
    pub matching: u64,
    /// How many were looked at.
    pub read: u64,
    /// How many go to which lane.
    pub to: BTreeMap<&'static str, u64>,
    /// Of these, as a new generation.
    pub forced: u64,
    /// Only taken out: their events had ended.
    pub ended: u64,
    /// Deleted for good.
    pub dropped: u64,
    /// Left: another body under their id.
    pub mismatched: u64,
    /// Left: no envelope.
    pub unreadable: u64,
    /// What they have in common.
    pub groups: Vec<Group>,
    /// Some of their events.
    pub first: Vec<String>,
}

impl Preview {
    /// Of the messages that are meant, out of so many that were read.
    #[must_use]
    pub fn new(kind: Kind, matching: &[&DeadLetterEntry], read: usize, force: bool, now: UnixMillis) -> Self {
        let mut preview = Self {
            changed: false,
            what: kind.as_str(),
            matching: matching.len() as u64,
            read: read as u64,
            to: BTreeMap::new(),
            forced: 0,
            ended: 0,
            dropped: 0,
            mismatched: 0,
            unreadable: 0,
            groups: group::groups(matching.iter().copied(), GroupBy::Error, now),
            first: matching.iter().take(FIRST).map(|found| found.letter.name()).collect(),
        };
        for found in matching {
            let act = decide(kind, found, force);
            match act {
                ReplayAction::Send | ReplayAction::Force => {
                    *preview.to.entry(found.letter.lane.as_str()).or_default() += 1
                }
                ReplayAction::Ended => preview.ended += 1,
                ReplayAction::Drop => preview.dropped += 1,
                ReplayAction::Mismatched => preview.mismatched += 1,
                ReplayAction::Unreadable => preview.unreadable += 1,
            }
            preview.forced += u64::from(act == ReplayAction::Force);
        }
        preview
    }

    /// What is written down of it.
    #[must_use]
    pub fn planned(&self) -> Planned {
        let errors = self.groups.iter().take(ERRORS).map(|group| (group.what.clone(), group.count));
        Planned { messages: self.matching, of: self.read, errors: errors.collect() }
    }
}

/// What is meant: by the filter, or because it was meant before.
#[must_use]
pub fn matching<'a>(
    found: &'a [DeadLetterEntry],
    filter: &super::filter::Filter,
    journal: &Journal,
) -> Vec<&'a DeadLetterEntry> {
    found.iter().filter(|found| filter.takes(found) || journal.of(&found.letter.id).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::entry::{
        DeadLetterStatus,
        tests::{RECEIVED, found, unreadable},
    };
    use super::*;

    #[test]
    fn each_message_is_told_once_by_what_would_become_of_it() {
        let mut done = found();
        done.status = DeadLetterStatus::Done;
        let mut other = found();
        other.status = DeadLetterStatus::Mismatch;
        let all = [found(), found(), done, other, unreadable()];
        let all: Vec<&DeadLetterEntry> = all.iter().collect();
        let plain = Preview::new(Kind::Replay, &all, 9, false, RECEIVED);
        assert_eq!((plain.to["standard"], plain.ended, plain.mismatched, plain.unreadable), (2, 1, 1, 1));
        let forced = Preview::new(Kind::Replay, &all, 9, true, RECEIVED);
        assert_eq!((forced.to["standard"], forced.forced, forced.unreadable), (4, 2, 1));
        let dropped = Preview::new(Kind::Drop, &all, 9, false, RECEIVED);
        assert_eq!((dropped.dropped, dropped.to.len()), (5, 0));
        assert_eq!(dropped.planned().messages, 5);
    }
}
