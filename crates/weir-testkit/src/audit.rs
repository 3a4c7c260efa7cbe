//! The rules that the effects of a run keep, whatever went wrong: one set for the simulation and for the crash soak.
//!
//! Both know which events were accepted and what came of them outside, in its order. How they know it differs: the simulation
//! saw everything, the soak reads logs, queues and a destination. So these functions take effects and return the ids that
//! break a rule.

use std::{collections::HashMap, hash::Hash};

/// A state of a resource, as an event shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceState<R> {
    /// Which resource.
    pub resource: R,
    /// Its place in the true order of the resource's states.
    pub version: i128,
    /// What a receiver sees of it: two states with the same content can't be told apart.
    pub content: i128,
}

/// The time for which something acts on a subject: an event, or a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<I, S, T> {
    /// Who acts.
    pub id: I,
    /// What is acted on.
    pub subject: S,
    /// From then.
    pub begin: T,
    /// Until then; `None` if it never ended.
    pub end: Option<T>,
}

/// Effects of a state after those of a newer one, in the order of `effects`. `as_new_as` is the version that a state is
/// judged by: that of the newest state with the same content, for whom contents decide.
pub fn steps_back<I, R: Eq + Hash>(
    effects: impl IntoIterator<Item = (I, ResourceState<R>)>,
    as_new_as: impl Fn(&ResourceState<R>) -> i128,
) -> Vec<I> {
    let (mut newest, mut found) = (HashMap::new(), Vec::new());
    for (id, state) in effects {
        let judged_by = as_new_as(&state);
        let newest = newest.entry(state.resource).or_insert(state.version);
        if judged_by < *newest {
            found.push(id);
        }
        *newest = state.version.max(*newest);
    }
    found
}

/// Spans that begin before an earlier one of their subject has ended, each with that one before it. `spans` are in the order
/// of their beginnings.
pub fn overlaps<I: Clone, S: Eq + Hash, T: Ord + Copy>(spans: impl IntoIterator<Item = Span<I, S, T>>) -> Vec<(I, I)> {
    let (mut last, mut found): (HashMap<S, (I, Option<T>)>, _) = (HashMap::new(), Vec::new());
    for Span { id, subject, begin, end } in spans {
        match last.get_mut(&subject) {
            None => drop(last.insert(subject, (id, end))),
            Some((before, busy_until)) => {
                if busy_until.is_none_or(|until| until > begin) {
                    found.push((before.clone(), id.clone()));
                }
                // The one that ends last is what the next one may meet.
                if busy_until.is_some_and(|until| end.is_none_or(|end| end >= until)) {
                    (*before, *busy_until) = (id, end);
                }
            }
        }
    }
    found
}

/// Events of the newest accepted state of a resource whose last effect shows something else, in no order. `effects` are
/// without repeats, in their order.
pub fn old_states<I, R: Eq + Hash>(
    accepted: impl IntoIterator<Item = (I, ResourceState<R>)>,
    effects: impl IntoIterator<Item = ResourceState<R>>,
) -> Vec<I> {
    let mut newest: HashMap<R, (I, i128, i128)> = HashMap::new();
    for (id, ResourceState { resource, version, content }) in accepted {
        match newest.get_mut(&resource) {
            None => drop(newest.insert(resource, (id, version, content))),
            Some(known) if known.1 < version => *known = (id, version, content),
            Some(_) => {}
        }
    }
    let last: HashMap<R, i128> = effects.into_iter().map(|state| (state.resource, state.content)).collect();
    let old = newest.into_iter().filter(|(resource, (_, _, content))| last.get(resource) != Some(content));
    old.map(|(_, (id, ..))| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(resource: &str, version: i128) -> ResourceState<&str> {
        ResourceState { resource, version, content: version }
    }

    #[test]
    fn older_state_after_a_newer_one_is_a_step_back() {
        let effects = [("a", state("x", 1)), ("b", state("x", 3)), ("c", state("y", 1)), ("d", state("x", 2))];
        assert_eq!(steps_back(effects, |state| state.version), ["d"]);
        assert!(steps_back(effects, |_| 3).is_empty(), "it looks like the newest");
    }

    #[test]
    fn span_that_begins_within_another_of_its_subject_overlaps() {
        let span = |id, subject, begin, end| Span { id, subject, begin, end };
        let spans = [
            span("a", "x", 0, Some(10)),
            span("b", "y", 1, Some(2)),
            span("c", "x", 3, Some(4)),
            span("d", "x", 9, Some(12)),
            span("e", "x", 12, None),
            span("f", "x", 99, Some(100)),
        ];
        assert_eq!(overlaps(spans), [("a", "c"), ("a", "d"), ("e", "f")]);
    }

    #[test]
    fn resource_whose_last_effect_is_older_than_its_newest_state_is_found() {
        let accepted = [("a", state("x", 1)), ("b", state("x", 2)), ("c", state("y", 1))];
        assert_eq!(old_states(accepted, [state("x", 1), state("y", 1)]), ["b"]);
        assert!(old_states(accepted, [state("x", 2), state("y", 1)]).is_empty());
        let alike = ResourceState { content: 2, ..state("x", 1) };
        assert!(old_states(accepted, [alike, state("y", 1)]).is_empty(), "it shows the same");
        assert_eq!(old_states([("a", state("x", 1))], []), ["a"], "no effect at all");
    }
}
