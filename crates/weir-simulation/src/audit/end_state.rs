//! What is there in the end: the newest state of each resource, and each event.

use std::collections::HashSet;

use weir_core::ledger::AttemptResult;
use weir_testkit::audit::old_states;

use super::{Auditor, Violation};
use crate::history::{Effect, Events};

/// What is published so came too late.
const SUPERSEDED: &str = "superseded/";

impl Auditor<'_> {
    /// The last state of each resource looks like the newest one that was accepted.
    ///
    /// An event on the DLQ may have had an effect, so older ones give way to it: its resource is left out.
    pub(super) fn end_states(&mut self, at: &'static str, effects: &[Effect], dead: &HashSet<String>) {
        let of_dead = dead.iter().filter_map(|id| self.state(id)).map(|state| state.resource);
        let left_out: HashSet<&str> = of_dead.collect();
        let accepted = self.accepted.keys().filter_map(|id| Some(((*id).to_owned(), self.state(id)?)));
        let accepted = accepted.filter(|(_, state)| !left_out.contains(state.resource));
        // A repeat is told by its id.
        let mut seen = HashSet::new();
        let told = effects.iter().filter(|effect| !effect.as_what.starts_with(SUPERSEDED));
        let first = told.filter(|effect| seen.insert(effect.webhook_id.as_str()));
        let states = first.filter_map(|effect| self.state(&effect.webhook_id));
        let old = old_states(accepted, states);
        let mut found: Vec<Violation> = old.into_iter().map(|event| Violation::OldState { event, at }).collect();
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
