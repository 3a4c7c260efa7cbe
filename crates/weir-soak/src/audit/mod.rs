//! What was accepted, held against what is left behind: pure.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use weir_testkit::audit::{ResourceState, Span, old_states, overlaps, steps_back};

use crate::plan::{Event, Resource};

/// What a run left behind.
pub(crate) struct Evidence<'a> {
    pub(crate) events: &'a [Event],
    /// Those answered 200 at least once, by their place in `events`.
    pub(crate) accepted: &'a BTreeSet<usize>,
    /// By key.
    pub(crate) ledger: &'a HashMap<String, Seen>,
    /// How many times a worker said that it had completed an event, by key.
    pub(crate) completions: &'a HashMap<String, u32>,
    /// What was on the bus, as it was taken from the tap.
    pub(crate) bus: &'a [Published],
    /// What came to the destination, in the order that it came; `None` where workers forward nothing.
    pub(crate) arrivals: Option<&'a [Arrival]>,
    /// The keys of what lies in dead-letter queues; `None` for a message that names none.
    pub(crate) dead: &'a [Option<String>],
}

/// What the ledger said of an event in the course of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its last state.
    pub(crate) state: String,
    /// Every owner that it was seen settled by, with the state: one, if all is well.
    pub(crate) settled_by: BTreeSet<(String, String)>,
    /// It was seen settled, and later not.
    pub(crate) reopened: bool,
    /// It was seen waiting for a destination or its resource.
    pub(crate) was_parked: bool,
    /// How often it was claimed.
    pub(crate) attempts: u32,
    /// How often it came again.
    pub(crate) duplicates: u32,
}

/// States from which nothing leads any further.
pub(crate) fn is_settled(state: &str) -> bool {
    matches!(state, "done" | "stale")
}

impl Seen {
    /// Takes in what the ledger says now.
    pub(crate) fn again(&mut self, state: &str, owner: &str, attempts: u32, duplicates: u32) {
        if is_settled(state) {
            self.settled_by.insert((state.to_owned(), owner.to_owned()));
        } else if !self.settled_by.is_empty() {
            self.reopened = true;
        }
        self.was_parked |= state == "parked";
        state.clone_into(&mut self.state);
        (self.attempts, self.duplicates) = (attempts, duplicates);
    }
}

/// An event on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) key: String,
    /// It only says that the event came too late.
    pub(crate) superseded: bool,
    pub(crate) topic: String,
    pub(crate) body_sha256: String,
}

/// A request that came to the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) key: String,
    /// What the header says, by which a receiver tells a repeat.
    pub(crate) header_id: String,
    /// Moments in the one order of all begins and ends.
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

/// What is wrong, each with the events concerned; and what is merely of interest.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Accepted, and neither settled with its effect to be seen nor in a dead-letter queue.
    pub lost: Vec<String>,
    /// Completed by two owners, or reopened after that.
    pub completed_twice: Vec<String>,
    /// A version that took effect after a later one of its resource.
    pub steps_back: Vec<String>,
    /// An event of a resource's newest state, which is not the last one that took effect.
    pub old_states: Vec<String>,
    /// Two requests about one resource, or about one event, were at the destination at once.
    pub overlaps: Vec<String>,
    /// On the bus or at the destination under an id that nobody sent, or with another body than was sent under it.
    pub strangers: Vec<String>,
    /// In a dead-letter queue without having taken effect.
    pub dlq: Vec<String>,
    /// Events that were on the bus before, under the same id.
    pub bus_repeats: usize,
    /// The same at the destination.
    pub destination_repeats: usize,
    /// Events that took effect.
    pub done: usize,
    /// Events left out because a later version took effect.
    pub stale: usize,
    /// Events that were seen parked.
    pub parked: usize,
    /// Copies that the ledger knew as done.
    pub duplicates: u64,
}

impl Findings {
    /// Whether a promise was broken.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        [&self.lost, &self.completed_twice, &self.steps_back, &self.old_states, &self.overlaps, &self.strangers]
            .iter()
            .any(|found| !found.is_empty())
    }
}

/// Compares it all. `body_sha256` is what an event's body hashes to.
pub(crate) fn audit(evidence: &Evidence<'_>, body_sha256: impl Fn(&Event) -> String) -> Findings {
    let by_key: HashMap<String, &Event> = evidence.events.iter().map(|event| (event.key(), event)).collect();
    let mut findings = Findings::default();
    let effects = effects(evidence, &by_key, &body_sha256, &mut findings);
    account(evidence, &effects, &mut findings);
    completions(evidence, &mut findings);
    order(evidence, &by_key, &mut findings);
    end_states(evidence, &by_key, &mut findings);
    findings
}

/// What took effect: the keys seen on the bus and, where workers forward, at the destination.
struct Effects {
    on_bus: HashSet<String>,
    at_destination: Option<HashSet<String>>,
    /// The latest version of each resource that took effect everywhere, or lies in a dead-letter queue.
    latest: HashMap<(String, Resource), Timestamp>,
}

impl Effects {
    fn has(&self, key: &str) -> bool {
        self.on_bus.contains(key) && self.at_destination.as_ref().is_none_or(|keys| keys.contains(key))
    }
}

fn effects(
    evidence: &Evidence<'_>,
    by_key: &HashMap<String, &Event>,
    body_sha256: impl Fn(&Event) -> String,
    findings: &mut Findings,
) -> Effects {
    let (mut on_bus, mut notices) = (HashSet::new(), HashSet::new());
    for published in evidence.bus {
        let is_known = by_key
            .get(&published.key)
            .is_some_and(|event| event.topic == published.topic && body_sha256(event) == published.body_sha256);
        let before = if published.superseded { &mut notices } else { &mut on_bus };
        if !is_known {
            findings.strangers.push(published.key.clone());
        } else if !before.insert(published.key.clone()) {
            findings.bus_repeats += 1;
        }
    }
    let at_destination = evidence.arrivals.map(|arrivals| {
        let mut keys = HashSet::new();
        for arrival in arrivals {
            let is_known = by_key.get(&arrival.key).is_some_and(|event| event.webhook_id == arrival.header_id);
            if !is_known {
                findings.strangers.push(arrival.key.clone());
            } else if !keys.insert(arrival.key.clone()) {
                findings.destination_repeats += 1;
            }
        }
        keys
    });
    let mut effects = Effects { on_bus, at_destination, latest: HashMap::new() };
    for (key, event) in by_key {
        let counts = effects.has(key) || evidence.dead.contains(&Some(key.clone()));
        if let (true, Some(resource)) = (counts, &event.resource) {
            let latest = effects.latest.entry((event.shop.clone(), resource.clone())).or_insert(event.version);
            *latest = event.version.max(*latest);
        }
    }
    effects
}

/// Each accepted event must be settled, with its effect to be seen; or lie in a dead-letter queue.
fn account(evidence: &Evidence<'_>, effects: &Effects, findings: &mut Findings) {
    let dead: HashSet<&str> = evidence.dead.iter().flatten().map(String::as_str).collect();
    for event in evidence.accepted.iter().filter_map(|place| evidence.events.get(*place)) {
        let key = event.key();
        let seen = evidence.ledger.get(&key);
        findings.duplicates += seen.map_or(0, |seen| u64::from(seen.duplicates));
        findings.parked += usize::from(seen.is_some_and(|seen| seen.was_parked));
        let is_settled = match seen.map(|seen| seen.state.as_str()) {
            Some("done") => {
                findings.done += 1;
                effects.has(&key)
            }
            Some("stale") => {
                findings.stale += 1;
                // Left out because of a later version: did one take effect, or can one be moved back?
                let resource = event.resource.clone().map(|resource| (event.shop.clone(), resource));
                resource.and_then(|of| effects.latest.get(&of)).is_some_and(|latest| *latest > event.version)
            }
            _ if dead.contains(key.as_str()) => {
                findings.dlq.push(key.clone());
                true
            }
            _ => false,
        };
        if !is_settled {
            findings.lost.push(key);
        }
    }
    // What was never sent, or can't be read.
    let sent: HashSet<String> = evidence.events.iter().map(Event::key).collect();
    let foreign = evidence.dead.iter().filter(|key| key.as_ref().is_none_or(|key| !sent.contains(key)));
    findings.strangers.extend(foreign.map(|key| key.clone().unwrap_or_else(|| "an unreadable dead letter".to_owned())));
}

/// Two witnesses: what workers said, and what the ledger was seen to say. A worker that was killed between its write and
/// its word is missed by the first, two completions within one look by the second.
fn completions(evidence: &Evidence<'_>, findings: &mut Findings) {
    let mut twice: BTreeSet<&str> = BTreeSet::new();
    twice.extend(evidence.completions.iter().filter(|(_, times)| **times > 1).map(|(key, _)| key.as_str()));
    let reopened = |seen: &&Seen| seen.reopened || seen.settled_by.len() > 1;
    twice.extend(evidence.ledger.iter().filter(|(_, seen)| reopened(seen)).map(|(key, _)| key.as_str()));
    findings.completed_twice = twice.into_iter().map(str::to_owned).collect();
}

/// The last effect of each resource is of its newest state. A resource with a dead letter is left out: its event may have
/// had an effect, so older ones give way to it.
fn end_states(evidence: &Evidence<'_>, by_key: &HashMap<String, &Event>, findings: &mut Findings) {
    let dead = evidence.dead.iter().flatten().filter_map(|key| Some(state(by_key.get(key)?)?.resource));
    let dead: HashSet<(&str, &Resource)> = dead.collect();
    let accepted = evidence.accepted.iter().filter_map(|place| evidence.events.get(*place));
    let accepted = accepted.filter_map(|event| Some((event, state(event)?)));
    let accepted = accepted.filter(|(_, state)| !dead.contains(&state.resource));
    let mut seen = HashSet::new();
    let first = effects_in_order(evidence).into_iter().filter(|key| seen.insert(*key));
    let effects = first.filter_map(|key| state(by_key.get(key)?));
    findings.old_states = old_states(accepted, effects).into_iter().map(Event::key).collect();
    findings.old_states.sort();
}

/// The state that an event is a snapshot of.
fn state(event: &Event) -> Option<ResourceState<(&str, &Resource)>> {
    let resource = (event.shop.as_str(), event.resource.as_ref()?);
    let version = event.version.as_nanosecond();
    Some(ResourceState { resource, version, content: version })
}

/// In the order of the destination; where there is none, in that of the tap, which nobody promised.
fn effects_in_order<'a>(evidence: &'a Evidence<'_>) -> Vec<&'a String> {
    match evidence.arrivals {
        Some(arrivals) => arrivals.iter().map(|arrival| &arrival.key).collect(),
        None => evidence.bus.iter().filter(|published| !published.superseded).map(|published| &published.key).collect(),
    }
}

/// No version takes effect after a later one, or beside another.
fn order(evidence: &Evidence<'_>, by_key: &HashMap<String, &Event>, findings: &mut Findings) {
    let versioned = |key: &String| state(by_key.get(key)?);
    let effects = effects_in_order(evidence).into_iter();
    let effects = effects.filter_map(|key| Some((key.clone(), versioned(key)?)));
    findings.steps_back = steps_back(effects, |state| state.version);
    let spans = evidence.arrivals.unwrap_or_default().iter().map(|arrival| Span {
        id: arrival.key.clone(),
        // What is no version of anything must not meet itself.
        subject: versioned(&arrival.key).map(|state| state.resource).ok_or(&arrival.key),
        begin: arrival.begin,
        end: Some(arrival.end),
    });
    findings.overlaps = overlaps(spans).into_iter().map(|(_, second)| second).collect();
}

#[cfg(test)]
mod tests;
