//! What is there in the end: the newest state of each resource, and each event.

use std::collections::{HashMap, HashSet};

use weir_core::ledger::AttemptResult;

use super::{Auditor, Violation};
use crate::history::{Effect, Events, Snapshot};

/// What is published so came too late.
const SUPERSEDED: &str = "superseded/";

impl Auditor<'_> {
    /// The last state of each resource looks like the newest one that was accepted.
    ///
    /// An event on the DLQ may have had an effect, so older ones give way to it: its resource is left out.
    pub(super) fn end_states(&mut self, at: &'static str, effects: &[Effect], dead: &HashSet<String>) {
        let mut newest: HashMap<&str, (&str, &Snapshot)> = HashMap::new();
        let mut left_out = HashSet::new();
        for (id, accepted) in &self.accepted {
            let Some(snapshot) = &accepted.snapshot else { continue };
            if dead.contains(*id) {
                left_out.insert(snapshot.resource.as_str());
            }
            let entry = newest.entry(snapshot.resource.as_str()).or_insert((*id, snapshot));
            if entry.1.action < snapshot.action {
                *entry = (*id, snapshot);
            }
        }
        let (mut last, mut seen): (HashMap<&str, &Snapshot>, HashSet<&str>) = Default::default();
        for effect in effects.iter().filter(|effect| !effect.as_what.starts_with(SUPERSEDED)) {
            // A repeat is told by its id.
            if let (true, Some(snapshot)) = (seen.insert(effect.webhook_id.as_str()), self.snapshot(&effect.webhook_id))
            {
                last.insert(snapshot.resource.as_str(), snapshot);
            }
        }
        let mut found = Vec::new();
        for (resource, (id, snapshot)) in newest {
            if !left_out.contains(resource) && last.get(resource).is_none_or(|last| last.shows != snapshot.shows) {
                found.push(Violation::OldState { event: id.to_owned(), at });
            }
        }
        found.sort_by_key(|violation| format!("{violation:?}"));
        self.found.extend(found);
    }

    /// Each event is on the bus as itself or as superseded; or it repeats one of its topic that is.
    pub(super) fn told(&mut self, events: &Events) {
        let is_there = |id: &str, superseded: bool| {
            let is_it =
                |effect: &Effect| effect.webhook_id == id && effect.as_what.starts_with(SUPERSEDED) == superseded;
            events.published.iter().any(is_it)
        };
        let mut untold = Vec::new();
        for settled in &events.settled {
            let id = settled.key.event.split_once('#').map_or("?", |(_, id)| id);
            let is_told = match settled.ending {
                AttemptResult::Stale => is_there(id, true),
                AttemptResult::Repeated => self.repeats(id).any(|other| is_there(other, false)),
                AttemptResult::Done | AttemptResult::Failed(_) | AttemptResult::Parked { .. } => true,
            };
            if !is_told {
                untold.push(Violation::Untold { event: id.to_owned() });
            }
        }
        self.found.extend(untold);
    }

    /// The other deliveries of a topic whose body shows the same.
    fn repeats<'b>(&'b self, id: &'b str) -> impl Iterator<Item = &'b str> {
        let this = self.accepted.get(id);
        let others = self.accepted.iter().filter(move |(other, _)| **other != id);
        others.filter_map(move |(other, accepted)| {
            let (one, two) = (this?.snapshot.as_ref()?, accepted.snapshot.as_ref()?);
            let same = (&one.resource, one.shows, &this?.topic) == (&two.resource, two.shows, &accepted.topic);
            same.then_some(*other)
        })
    }
}
