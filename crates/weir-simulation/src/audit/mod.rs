//! What must be true at the end of a run, whatever went wrong.

mod end_state;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;
use tokio::time::Instant;
use weir_core::{
    envelope::Envelope,
    ledger::{AttemptResult, Key, State},
};
use weir_testkit::{
    ModelLedger,
    audit::{ResourceState, Span, overlaps, steps_back},
};

use crate::history::{Accepted, Effect, Events, Ran, Snapshot};

/// The figures of a run, and what of it breaks a promise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Distinct events that were accepted.
    pub accepted: usize,
    /// Took effect.
    pub done: usize,
    /// Gave way to a newer version.
    pub stale: usize,
    /// On the DLQ.
    pub dead_lettered: usize,
    /// Invocations, and those that died or ran out of time.
    pub invocations: u64,
    /// Those that died or ran out of time.
    pub crashes: u64,
    /// Batches that came back unseen: their invocation was throttled.
    pub throttled: u64,
    /// Batches that came back unseen: their invocation was stopped as part of a recursive loop.
    pub loops: u64,
    /// Times that an event was parked.
    pub parked: usize,
    /// Events that the bus has more than once, under their id.
    pub bus_repeats: usize,
    /// Handlers' runs beyond one an event.
    pub reruns: usize,
    /// Broken promises.
    pub violations: Vec<Violation>,
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Violation {
    /// Neither done nor stale nor on the DLQ.
    Lost {
        /// Which event.
        event: String,
    },
    /// Two owners completed it, or it ran after it was completed, or it left weir under two ids.
    Twice {
        /// Which event.
        event: String,
    },
    /// An older version took effect after, or a handler of one began after, a newer one.
    StepBack {
        /// Which event.
        event: String,
        /// Where.
        at: String,
    },
    /// Two handlers of one resource ran at a time.
    Overlap {
        /// The one that began first.
        event: String,
        /// The other.
        with: String,
    },
    /// Two deliveries of one topic and action took effect.
    Repeated {
        /// Which event came second.
        event: String,
    },
    /// The newest state of a resource is not the last one there.
    OldState {
        /// An event of the newest state.
        event: String,
        /// Where.
        at: &'static str,
    },
    /// An event is neither there, nor there as superseded, nor a repeat of one that is.
    Untold {
        /// Which event.
        event: String,
    },
    /// Completed, and not to be found on the bus or at the destination.
    WithoutEffect {
        /// Which event.
        event: String,
        /// Where it is missing.
        at: &'static str,
    },
    /// On the DLQ, though the ledger has no failure of it, and the queue took every copy that the worker sent: nobody looked at
    /// it, or it waited for something.
    DeadUnjudged {
        /// Which event.
        event: String,
    },
    /// The bus has something that nobody sent.
    Foreign {
        /// Its id.
        event: String,
    },
}

struct Auditor<'a> {
    accepted: BTreeMap<&'a str, &'a Accepted>,
    found: Vec<Violation>,
}

pub(crate) fn audit(events: &Events, tables: &ModelLedger, dead: &[String]) -> Audit {
    let not_parked = &events.not_parked;
    let (twice, events) = (under_two_ids(events), &by_event(events));
    let accepted: BTreeMap<&str, &Accepted> =
        events.accepted.iter().map(|one| (one.webhook_id.as_str(), one)).collect();
    let dead: HashSet<Key> = dead.iter().filter_map(|body| Some(Key::of(&Envelope::parse(body).ok()?.meta))).collect();
    // By the ids that the events have here.
    let of_dead = accepted.iter().filter(|(_, one)| dead.contains(&one.key));
    let dead: HashSet<String> = of_dead.map(|(id, _)| (*id).to_owned()).collect();
    let mut auditor = Auditor { accepted, found: twice };
    let mut audit = Audit {
        invocations: events.invocations,
        crashes: events.crashes,
        throttled: events.throttled,
        loops: events.loops,
        ..Audit::default()
    };
    audit.accepted = auditor.accepted.len();
    audit.dead_lettered = dead.len();
    for (id, one) in auditor.accepted.clone() {
        match tables.get(&one.key).map(|record| record.state) {
            Some(State::Done) => {
                audit.done += 1;
                auditor.has_effect(id, events);
            }
            Some(State::Stale) => audit.stale += 1,
            None | Some(State::Parked { .. }) if dead.contains(id) && !not_parked.contains(&one.key) => {
                auditor.found.push(Violation::DeadUnjudged { event: id.to_owned() });
            }
            _ if dead.contains(id) => {}
            _ => auditor.found.push(Violation::Lost { event: id.to_owned() }),
        }
    }
    auditor.completions(events);
    auditor.overlaps(&events.runs);
    auditor.begun_in_order(&events.runs);
    auditor.in_order("the bus", &events.published);
    auditor.in_order("the destination", &events.delivered);
    auditor.end_states("the bus", &events.published, &dead);
    auditor.end_states("the destination", &events.delivered, &dead);
    auditor.told(events);
    let distinct: HashSet<&str> = events.published.iter().map(|effect| effect.webhook_id.as_str()).collect();
    let foreign = distinct.iter().filter(|id| !auditor.accepted.contains_key(**id));
    let foreign: Vec<_> = foreign.map(|id| Violation::Foreign { event: (*id).to_owned() }).collect();
    audit.bus_repeats = events.published.len() - distinct.len();
    audit.reruns = events.runs.len() - events.runs.iter().map(|run| &run.webhook_id).collect::<HashSet<_>>().len();
    audit.parked =
        events.settled.iter().filter(|settled| matches!(settled.ending, AttemptResult::Parked { .. })).count();
    audit.violations = auditor.found;
    audit.violations.extend(foreign);
    audit
}

/// Events that the bus or a destination has under more than one id: whoever heeds ids takes them for two.
fn under_two_ids(events: &Events) -> Vec<Violation> {
    let of: HashMap<&str, &str> =
        events.accepted.iter().map(|one| (one.webhook_id.as_str(), one.event.as_str())).collect();
    let mut ids: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for effect in events.published.iter().chain(&events.delivered) {
        if let Some(event) = of.get(effect.webhook_id.as_str()) {
            ids.entry(event).or_default().insert(&effect.webhook_id);
        }
    }
    let twice = ids.into_iter().filter(|(_, ids)| ids.len() > 1);
    twice.map(|(event, _)| Violation::Twice { event: event.to_owned() }).collect()
}

/// The same, with each event under one id, that of its first delivery.
fn by_event(events: &Events) -> Events {
    let mut named = events.clone();
    let of: HashMap<&str, &Accepted> = events.accepted.iter().map(|one| (one.webhook_id.as_str(), one)).collect();
    let keys: HashMap<&Key, &Accepted> = events.accepted.iter().map(|one| (&one.key, one)).collect();
    let name = |id: &mut String| {
        if let Some(one) = of.get(id.as_str()) {
            id.clone_from(&one.event);
        }
    };
    named.accepted.iter_mut().for_each(|one| one.webhook_id.clone_from(&one.event));
    named.runs.iter_mut().for_each(|run| name(&mut run.webhook_id));
    named.published.iter_mut().chain(&mut named.delivered).for_each(|effect| name(&mut effect.webhook_id));
    for settled in &mut named.settled {
        if let Some(one) = keys.get(&settled.key) {
            settled.key.event = format!("{}#{}", one.shop, one.event);
        }
    }
    named
}

impl<'a> Auditor<'a> {
    fn snapshot(&self, id: &str) -> Option<&'a Snapshot> {
        self.accepted.get(id)?.snapshot.as_ref()
    }

    fn has_effect(&mut self, id: &str, events: &Events) {
        let is_there = |effects: &[Effect]| effects.iter().any(|effect| effect.webhook_id == id);
        if !is_there(&events.published) {
            self.found.push(Violation::WithoutEffect { event: id.to_owned(), at: "the bus" });
        }
        if !is_there(&events.delivered) {
            self.found.push(Violation::WithoutEffect { event: id.to_owned(), at: "the destination" });
        }
    }

    /// One owner completes an event, nothing of it begins after that, and one delivery of a topic and action does.
    fn completions(&mut self, events: &Events) {
        let mut ended: HashMap<&Key, (&str, Instant)> = HashMap::new();
        let mut actions: HashMap<(&str, u64, &str), &Key> = HashMap::new();
        for settled in events.settled.iter().filter(|settled| ends(&settled.ending)) {
            let id = settled.key.event.split_once('#').map_or("?", |(_, id)| id);
            let (owner, _) = *ended.entry(&settled.key).or_insert((&settled.owner.0, settled.at));
            if owner != settled.owner.0 {
                self.found.push(Violation::Twice { event: id.to_owned() });
            }
            if let (AttemptResult::Done, Some(snapshot), Some(one)) =
                (&settled.ending, self.snapshot(id), self.accepted.get(id))
            {
                let first = *actions
                    .entry((snapshot.resource.as_str(), snapshot.action, one.topic.as_str()))
                    .or_insert(&settled.key);
                if *first != settled.key {
                    self.found.push(Violation::Repeated { event: id.to_owned() });
                }
            }
        }
        let ended: HashMap<&str, Instant> =
            ended.into_iter().map(|(key, (_, at))| (key.event.split_once('#').map_or("?", |(_, id)| id), at)).collect();
        let again =
            events.runs.iter().filter(|run| ended.get(run.webhook_id.as_str()).is_some_and(|at| run.begun > *at));
        let again: BTreeSet<&str> = again.map(|run| run.webhook_id.as_str()).collect();
        self.found.extend(again.into_iter().map(|id| Violation::Twice { event: id.to_owned() }));
    }

    /// Handlers of one event, or of one resource, take turns.
    fn overlaps(&mut self, runs: &[Ran]) {
        let spans = runs.iter().map(|run| {
            let resource = self.snapshot(&run.webhook_id).map(|snapshot| snapshot.resource.as_str());
            Span {
                id: run.webhook_id.clone(),
                subject: resource.unwrap_or(&run.webhook_id).to_owned(),
                begin: run.begun,
                end: run.ended,
            }
        });
        let found = overlaps(spans);
        self.found.extend(found.into_iter().map(|(event, with)| Violation::Overlap { event, with }));
    }

    fn begun_in_order(&mut self, runs: &[Ran]) {
        self.no_step_back("a handler", runs.iter().map(|run| run.webhook_id.as_str()));
    }

    /// A repeat is told by its id, and is no step back.
    fn in_order(&mut self, at: &str, effects: &[Effect]) {
        let mut seen = HashSet::new();
        let effects = effects.iter().filter(|effect| !effect.as_what.starts_with("superseded/"));
        let ids = effects.map(|effect| effect.webhook_id.as_str()).filter(|id| seen.insert(*id));
        self.no_step_back(at, ids);
    }

    fn no_step_back<'b>(&mut self, at: &str, ids: impl Iterator<Item = &'b str>) {
        let effects = ids.filter_map(|id| Some((id.to_owned(), self.state(id)?)));
        let found = steps_back(effects, |state| self.last_that_looks_like(state));
        self.found.extend(found.into_iter().map(|event| Violation::StepBack { event, at: at.to_owned() }));
    }

    fn state(&self, id: &str) -> Option<ResourceState<&'a str>> {
        let Snapshot { resource, action, shows } = self.snapshot(id)?;
        Some(ResourceState { resource, version: (*action).into(), content: (*shows).into() })
    }

    /// The last action whose state looks the same: whoever sees the one sees the other.
    fn last_that_looks_like(&self, state: &ResourceState<&str>) -> i128 {
        let all = self.accepted.values().filter_map(|accepted| accepted.snapshot.as_ref());
        let same =
            all.filter(|other| (other.resource.as_str(), i128::from(other.shows)) == (state.resource, state.content));
        same.map(|other| other.action.into()).max().unwrap_or(state.version)
    }
}

/// Whether nothing follows.
fn ends(ending: &AttemptResult) -> bool {
    matches!(ending, AttemptResult::Done | AttemptResult::Stale | AttemptResult::Repeated)
}

#[cfg(test)]
mod tests;
