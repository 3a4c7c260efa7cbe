//! What was shown, so that only news are.

use std::collections::{BTreeMap, HashSet};

use weir_core::ledger::{Record, State};
use weir_local::Post;
use weir_ops::health::CircuitStatus;

use super::view::CircuitTold;

/// What was shown.
#[derive(Debug, Default)]
pub(super) struct Watch {
    last: Option<String>,
    /// Events that fail or wait: their end is news.
    troubled: HashSet<String>,
    /// The phase of each circuit that is not closed, and until when.
    circuits: BTreeMap<String, CircuitStatus>,
}

impl Watch {
    /// The event that was posted last.
    pub(super) fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }

    pub(super) fn posted(&mut self, post: Post) {
        self.last = post.event.or(self.last.take());
    }

    /// Whether a person wants to know: that an event fails or waits, and how that ends.
    pub(super) fn is_news(&mut self, record: &Record) -> bool {
        match record.state {
            State::Leased { .. } => false,
            State::Failed(_) | State::Parked { .. } => {
                self.troubled.insert(record.key.event.clone());
                true
            }
            State::Done | State::Stale | State::Dropped | State::Replaced { .. } => {
                self.troubled.remove(&record.key.event)
            }
        }
    }

    /// Circuits that opened, that try again, and that closed.
    pub(super) fn changed(&mut self, open: Vec<CircuitStatus>) -> Vec<CircuitTold> {
        let open: BTreeMap<String, CircuitStatus> =
            open.into_iter().map(|circuit| (circuit.name.clone(), circuit)).collect();
        let is_new = |circuit: &&CircuitStatus| self.circuits.get(&circuit.name) != Some(circuit);
        let changed = open.values().filter(is_new).map(CircuitTold::of);
        let closed = self.circuits.keys().filter(|name| !open.contains_key(*name));
        let told = changed.chain(closed.map(|name| CircuitTold::closed(name))).collect();
        self.circuits = open;
        told
    }
}

#[cfg(test)]
mod tests {
    use weir_core::{Failure, UnixMillis, ledger::Key};

    use super::*;

    fn record(state: State) -> Record {
        let key = Key { event: "north.myshopify.com#1".to_owned(), generation: 0 };
        Record::new(key, state, UnixMillis(1_795_755_600_000))
    }

    #[test]
    fn end_of_an_event_is_news_only_if_it_failed_before() {
        let mut watch = Watch::default();
        assert!(!watch.is_news(&record(State::Done)));
        assert!(!watch.is_news(&record(State::Leased { until: UnixMillis(1) })));
        assert!(watch.is_news(&record(State::Failed(Failure::transient("HTTP 503")))));
        assert!(watch.is_news(&record(State::Parked { until: UnixMillis(1) })));
        assert!(watch.is_news(&record(State::Done)));
        assert!(!watch.is_news(&record(State::Done)));
    }

    #[test]
    fn circuit_is_told_once_for_each_change() {
        let mut watch = Watch::default();
        let circuit = |phase| CircuitStatus {
            name: "destination/forward".into(),
            phase,
            since: "then".into(),
            until: "soon".into(),
            failed_probes: 0,
            reason: "HTTP 502".into(),
        };
        let phases = |told: Vec<CircuitTold>| told.into_iter().map(|told| told.phase).collect::<Vec<_>>();
        assert_eq!(phases(watch.changed(vec![circuit("open")])), ["open"]);
        assert!(watch.changed(vec![circuit("open")]).is_empty());
        assert_eq!(phases(watch.changed(vec![circuit("half_open")])), ["half_open"]);
        assert_eq!(phases(watch.changed(Vec::new())), ["closed"]);
        assert!(watch.changed(Vec::new()).is_empty());
    }
}
