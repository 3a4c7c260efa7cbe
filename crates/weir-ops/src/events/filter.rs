//! Which events are meant.

use serde::{Deserialize, Serialize};
use weir_aws::ledger::Entry;
use weir_core::{
    AppName, EventShop, Lane, Topic, UnixMillis,
    ledger::{
        Key, Record,
        index::{Bucket, Unsettled},
    },
};

use super::location;
use crate::{names::is_named, spelling::is_resource};

/// Which events are meant: everything that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventFilter {
    /// Of this shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<String>,
    /// Of this topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Of this app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Of this lane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<Lane>,
    /// Whose body is a snapshot of this resource: `orders/7001`, or an id alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Whose last error has this text in it, in whatever case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// In this state now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<EventState>,
    /// That ended so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<EventOutcome>,
}

/// The state of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventState {
    /// A worker acts on it now.
    Leased,
    /// It took effect.
    Done,
    /// A newer version of its resource came first.
    Stale,
    /// The last attempt failed.
    Failed,
    /// What it needs is not there: it waits.
    Parked,
    /// An operator dropped it.
    Dropped,
    /// An operator gave it another body, with which it runs as a later generation.
    Replaced,
}

impl EventState {
    /// As the ledger names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Stale => "stale",
            Self::Failed => "failed",
            Self::Parked => "parked",
            Self::Dropped => "dropped",
            Self::Replaced => "replaced",
        }
    }
}

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventOutcome {
    /// It took effect.
    Done,
    /// A newer version of its resource came first.
    Stale,
    /// It failed for good, or is long overdue.
    Failed,
}

impl EventFilter {
    pub(super) fn buckets(&self) -> Vec<Bucket> {
        self.shop
            .as_ref()
            .map_or_else(Bucket::all, |shop| Bucket::of_shop(&EventShop::from_stored(shop.as_str())).into())
    }

    /// Whether only events that failed or are parked can match. An error alone means those: the errors of the others are
    /// not in any index.
    #[must_use]
    pub fn is_of_failures(&self) -> bool {
        match (self.state, self.outcome) {
            (Some(state), _) => matches!(state, EventState::Failed | EventState::Parked),
            (None, Some(outcome)) => outcome == EventOutcome::Failed,
            (None, None) => self.error.is_some(),
        }
    }

    pub(super) fn unsettled(&self) -> &'static [Unsettled] {
        match (self.state, self.outcome) {
            (Some(EventState::Failed), _) | (_, Some(EventOutcome::Failed)) => &[Unsettled::Failed],
            (Some(EventState::Parked), _) => &[Unsettled::Parked],
            _ => &Unsettled::ALL,
        }
    }

    /// Whether its record is worth reading: for an entry of the index that the list is of.
    pub(super) fn may_match(&self, entry: &Entry) -> bool {
        self.may_come_to_match(entry) && (!self.is_of_failures() || self.has_error(entry.last_error.as_deref()))
    }

    /// Whether it matches once its state does: for an entry of any index.
    pub(super) fn may_come_to_match(&self, entry: &Entry) -> bool {
        let Entry { key, topic, app, lane, resource, .. } = entry;
        self.is_of(key, topic.as_ref(), app.as_ref(), *lane, resource.as_deref())
    }

    /// Whether it matches.
    #[must_use]
    pub fn matches(&self, record: &Record, now: UnixMillis) -> bool {
        let Record { key, topic, app, lane, resource, last_error, .. } = record;
        self.is_of(key, topic.as_ref(), app.as_ref(), *lane, resource.as_deref())
            && self.has_error(last_error.as_deref())
            && self.state.is_none_or(|state| record.state.as_str() == state.as_str())
            && self.outcome.is_none_or(|outcome| match outcome {
                EventOutcome::Done => record.state.as_str() == "done",
                EventOutcome::Stale => record.state.as_str() == "stale",
                EventOutcome::Failed => location::is_given_up(record, now),
            })
    }

    fn is_of(
        &self,
        key: &Key,
        topic: Option<&Topic>,
        app: Option<&AppName>,
        lane: Lane,
        resource: Option<&str>,
    ) -> bool {
        let is = |wanted: &Option<String>, is: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| is.is_some_and(|is| is_named(is, wanted)))
        };
        is(&self.shop, key.shop())
            && is(&self.topic, topic.map(Topic::as_str))
            && is(&self.app, app.map(AppName::as_str))
            && self.resource.as_deref().is_none_or(|wanted| resource.is_some_and(|is| is_resource(is, wanted)))
            && self.lane.is_none_or(|wanted| wanted == lane)
    }

    fn has_error(&self, error: Option<&str>) -> bool {
        let Some(text) = &self.error else { return true };
        error.is_some_and(|error| error.to_lowercase().contains(&text.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use weir_core::{Failure, ledger::State};

    use super::super::fixtures::{NOW, record};
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn every_condition_must_hold() {
        let record = Record { resource: some("orders/1"), ..record() };
        let none = EventFilter::default;
        for filter in [
            none(),
            EventFilter { shop: some("north.myshopify.com"), ..none() },
            EventFilter { topic: some("orders/create"), ..none() },
            EventFilter { app: some("default"), ..none() },
            EventFilter { lane: Some(Lane::Standard), ..none() },
            EventFilter { resource: some("orders/1"), ..none() },
            EventFilter { error: some("NOT json"), ..none() },
            EventFilter { state: Some(EventState::Failed), ..none() },
            EventFilter { outcome: Some(EventOutcome::Failed), ..none() },
            EventFilter {
                shop: some("north.myshopify.com"),
                state: Some(EventState::Failed),
                error: some("json"),
                ..none()
            },
        ] {
            assert!(filter.matches(&record, NOW), "{filter:?}");
        }
        for filter in [
            EventFilter { shop: some("mill.myshopify.com"), ..none() },
            EventFilter { topic: some("orders/paid"), ..none() },
            EventFilter { app: some("loyalty"), ..none() },
            EventFilter { lane: Some(Lane::Bulk), ..none() },
            EventFilter { resource: some("orders/12"), ..none() },
            EventFilter { error: some("timed out"), ..none() },
            EventFilter { state: Some(EventState::Parked), ..none() },
            EventFilter { outcome: Some(EventOutcome::Done), ..none() },
            EventFilter { shop: some("north.myshopify.com"), error: some("timed out"), ..none() },
        ] {
            assert!(!filter.matches(&record, NOW), "{filter:?}");
        }
    }

    #[test]
    fn an_event_that_is_tried_again_has_not_ended_as_failed() {
        let state = State::Failed(Failure::transient("down"));
        let record = Record { state, updated_at: NOW, ..record() };
        let failed = EventFilter { state: Some(EventState::Failed), ..EventFilter::default() };
        assert!(failed.matches(&record, NOW));
        let ended = EventFilter { outcome: Some(EventOutcome::Failed), ..EventFilter::default() };
        assert!(!ended.matches(&record, NOW));
    }

    #[test]
    fn the_smallest_index_that_has_what_is_wanted_is_read() {
        use EventOutcome as Outcome;
        use EventState as State;
        for (state, outcome, error, expected) in [
            (None, None, None, false),
            (Some(State::Failed), None, None, true),
            (Some(State::Parked), None, None, true),
            (Some(State::Leased), None, None, false),
            (None, Some(Outcome::Failed), None, true),
            (None, Some(Outcome::Done), None, false),
            (None, None, some("x"), true),
            (Some(State::Done), None, some("x"), false),
        ] {
            let filter = EventFilter { state, outcome, error, ..EventFilter::default() };
            assert_eq!(filter.is_of_failures(), expected, "{filter:?}");
        }
        assert_eq!(EventFilter::default().buckets().len(), 64);
        let of_shop = EventFilter { shop: some("north.myshopify.com"), ..EventFilter::default() };
        assert_eq!(of_shop.buckets().len(), 2);
    }
}
