//! What a replay or a drop would do.

use std::collections::BTreeMap;

use serde::Serialize;
use weir_core::UnixMillis;

use super::{
    decide::{Act, decide},
    groups::{self, Group},
    letter::Found,
    operation::{Journal, Kind, Planned},
    view,
};
use crate::{cli::GroupBy, printable::line};

/// How many messages are named.
const FIRST: usize = 5;

/// How many errors are written down.
const ERRORS: usize = 20;

#[derive(Debug, Serialize)]
pub(crate) struct Preview {
    /// Nothing is, by a preview.
    changed: bool,
    what: &'static str,
    matching: u64,
    /// How many were looked at.
    pub(crate) read: u64,
    /// How many go to which lane.
    to: BTreeMap<&'static str, u64>,
    /// Of these, as a new generation.
    forced: u64,
    /// Only taken out: their events had ended.
    ended: u64,
    dropped: u64,
    /// Left: another body under their id.
    mismatched: u64,
    /// Left: no envelope.
    unreadable: u64,
    groups: Vec<Group>,
    first: Vec<String>,
}

impl Preview {
    pub(crate) fn new(kind: Kind, matching: &[&Found], read: usize, force: bool, now: UnixMillis) -> Self {
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
            groups: groups::groups(matching.iter().copied(), GroupBy::Error, now),
            first: matching.iter().take(FIRST).map(|found| found.letter.name()).collect(),
        };
        for found in matching {
            let act = decide(kind, found, force);
            match act {
                Act::Send | Act::Force => *preview.to.entry(found.letter.lane.as_str()).or_default() += 1,
                Act::Ended => preview.ended += 1,
                Act::Drop => preview.dropped += 1,
                Act::Mismatched => preview.mismatched += 1,
                Act::Unreadable => preview.unreadable += 1,
            }
            preview.forced += u64::from(act == Act::Force);
        }
        preview
    }

    /// What is written down of it.
    pub(crate) fn planned(&self) -> Planned {
        let errors = self.groups.iter().take(ERRORS).map(|group| (group.what.clone(), group.count));
        Planned { messages: self.matching, of: self.read, errors: errors.collect() }
    }

    pub(crate) fn lines(&self) -> String {
        let mut out = vec![view::table(&self.groups, "ERROR"), String::new()];
        for (lane, count) in &self.to {
            out.push(format!("{} would be sent to the {lane} lane", view::messages(*count)));
        }
        let mut also = |count: u64, what: &str| {
            if count > 0 {
                out.push(format!("{} {what}", view::messages(count)));
            }
        };
        also(self.forced, "of these would run AGAIN, as a new generation: what they caused, they would cause twice");
        also(self.ended, "would only be taken out: their events had ended (--force runs them again)");
        also(self.dropped, "would be deleted for good");
        also(self.mismatched, "would be left: another body came under their id before (--force sends them)");
        also(self.unreadable, "would be left: they are no envelopes, and no worker can read them");
        out.push(String::new());
        out.push("the first of them:".to_owned());
        out.extend(self.first.iter().map(|name| format!("  {}", line(name))));
        out.join("\n")
    }
}

/// What is meant: by the filter, or because it was meant before.
pub(crate) fn meant<'a>(found: &'a [Found], filter: &super::filter::Filter, journal: &Journal) -> Vec<&'a Found> {
    found.iter().filter(|found| filter.takes(found) || journal.of(&found.letter.id).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::letter::{
        Standing,
        tests::{RECEIVED, found, unreadable},
    };
    use super::*;

    #[test]
    fn each_message_is_told_once_by_what_would_become_of_it() {
        let mut done = found();
        done.standing = Standing::Done;
        let mut other = found();
        other.standing = Standing::Mismatch;
        let all = [found(), found(), done, other, unreadable()];
        let all: Vec<&Found> = all.iter().collect();
        let plain = Preview::new(Kind::Replay, &all, 9, false, RECEIVED);
        assert_eq!((plain.to["standard"], plain.ended, plain.mismatched, plain.unreadable), (2, 1, 1, 1));
        let forced = Preview::new(Kind::Replay, &all, 9, true, RECEIVED);
        assert_eq!((forced.to["standard"], forced.forced, forced.unreadable), (4, 2, 1));
        assert!(forced.lines().contains("AGAIN"), "{}", forced.lines());
        let dropped = Preview::new(Kind::Drop, &all, 9, false, RECEIVED);
        assert_eq!((dropped.dropped, dropped.to.len()), (5, 0));
        assert_eq!(dropped.planned().messages, 5);
    }
}
