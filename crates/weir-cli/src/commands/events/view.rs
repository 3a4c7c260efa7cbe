//! An event of the ledger as it is shown. The ledger keeps no body, so no customer's data can be among this.

use serde::Serialize;
use weir_core::{
    UnixMillis,
    ledger::{Action, ActionKind, Attempt, Outcome, Record, State},
};

use super::copies::Place;
use crate::layout::{columns, joined};

#[derive(Debug, Serialize)]
pub(super) struct EventView {
    shop: String,
    /// Under which it leaves weir.
    webhook_id: String,
    /// Another one that the event came under as well, the last of them.
    other_webhook_id: Option<String>,
    /// What `weir events show` finds it by at once.
    key: String,
    /// Zero; one more with each forced replay.
    generation: u32,
    pub(super) state: &'static str,
    pub(super) topic: Option<String>,
    lane: &'static str,
    app: Option<String>,
    pub(super) attempts: u32,
    pub(super) duplicates: u32,
    /// How often another body came under its id.
    mismatches: u32,
    /// How often it was parked.
    parks: u32,
    triggered_at: Option<String>,
    pub(super) received_at: String,
    updated_at: String,
    lease_until: Option<String>,
    /// What its body is a snapshot of.
    resource: Option<String>,
    /// When a parked event comes back.
    parked_until: Option<String>,
    last_error: Option<String>,
    /// Whether trying again can't help; `None` unless it failed.
    permanent: Option<bool>,
    event_id: Option<String>,
    body_sha256: String,
    /// Where its message is now.
    place: &'static str,
    /// Until when it is there, or since when.
    place_at: Option<String>,
    /// The last attempts that ended, the first one first.
    history: Vec<AttemptView>,
    /// Whether it is a test notification, as Shopify said.
    test: bool,
    /// The generation that runs in its place.
    replaced_by: Option<u32>,
    /// What operators did with it, the last actions, the first one first.
    operator_actions: Vec<ActionView>,
}

/// An attempt as programs get it.
#[derive(Debug, Serialize)]
struct AttemptView {
    attempt: u32,
    receives: u32,
    begun_at: String,
    ended_at: String,
    outcome: Outcome,
    comes_back_at: Option<String>,
    error: Option<String>,
}

/// What an operator did, as programs get it.
#[derive(Debug, Serialize)]
struct ActionView {
    at: String,
    by: String,
    operation: String,
    reason: Option<String>,
    /// `dropped`, `replayed` or `repaired`, and what belongs to it.
    #[serde(flatten)]
    did: ActionKind,
}

impl From<&Action> for ActionView {
    fn from(action: &Action) -> Self {
        let Action { kind, at, by, operation, reason } = action.clone();
        Self { at: at.to_string(), by, operation, reason, did: kind }
    }
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        Self {
            attempt: attempt.number,
            receives: attempt.receives,
            begun_at: attempt.begun.to_string(),
            ended_at: attempt.ended.to_string(),
            outcome: attempt.outcome,
            comes_back_at: attempt.comes_back.map(|at| at.to_string()),
            error: attempt.error.clone(),
        }
    }
}

impl EventView {
    pub(super) fn new(record: &Record, now: UnixMillis) -> Self {
        Self::at(record, Place::of(record, None, now))
    }

    /// The same, if more is known of where its message is.
    pub(super) fn at(record: &Record, place: Place) -> Self {
        let shop = record.key.event.split_once('#').map_or("unknown", |(shop, _)| shop);
        let (mut lease_until, mut parked_until, mut permanent) = (None, None, None);
        match &record.state {
            State::Leased { until } => lease_until = Some(until.to_string()),
            State::Parked { until } => parked_until = Some(until.to_string()),
            State::Failed(failure) => permanent = Some(failure.is_permanent()),
            State::Done | State::Stale | State::Dropped | State::Replaced { .. } => {}
        }
        Self {
            shop: shop.to_owned(),
            webhook_id: record.webhook_id().to_owned(),
            other_webhook_id: record.other_webhook_id().map(str::to_owned),
            key: record.key.event.clone(),
            generation: record.key.generation,
            state: record.state.as_str(),
            topic: record.topic.clone(),
            lane: record.lane.as_str(),
            app: record.app.clone(),
            attempts: record.attempts,
            duplicates: record.duplicates,
            mismatches: record.mismatches,
            parks: record.parks,
            triggered_at: record.triggered_at.clone(),
            received_at: record.received_at.to_string(),
            updated_at: record.updated_at.to_string(),
            lease_until,
            resource: record.resource.clone(),
            parked_until,
            last_error: record.last_error.clone(),
            permanent,
            event_id: record.event_id.clone(),
            body_sha256: record.body_sha256.clone(),
            place: place.word(),
            place_at: place.time().map(|at| at.to_string()),
            history: record.history.iter().map(AttemptView::from).collect(),
            test: record.test,
            replaced_by: match record.state {
                State::Replaced { generation } => Some(generation),
                _ => None,
            },
            operator_actions: record.actions.iter().map(ActionView::from).collect(),
        }
    }

    /// What `weir events show` takes.
    pub(super) fn name(&self) -> String {
        self.key.clone()
    }

    /// A line of a list that goes on: with the error of what failed or is parked.
    pub(super) fn line(&self) -> String {
        let [received, state, attempts, _, topic, name] = self.row();
        let error = self.last_error.as_ref().filter(|_| matches!(self.state, "failed" | "parked"));
        let error = error.map_or_else(String::new, |error| format!("  {error}"));
        joined([format!("{received}  {state:6}  {attempts:>3}  {topic}  {name}{error}")])
    }

    /// A row of the list.
    pub(super) fn row(&self) -> [String; 6] {
        [
            self.received_at.clone(),
            self.state.to_owned(),
            self.attempts.to_string(),
            self.duplicates.to_string(),
            self.topic.clone().unwrap_or_else(|| "-".to_owned()),
            self.name(),
        ]
    }
}

/// Many, one a row.
pub(super) fn table(events: &[EventView]) -> String {
    let head = ["RECEIVED", "STATE", "TRIES", "AGAIN", "TOPIC", "EVENT"].map(str::to_owned);
    columns(std::iter::once(head).chain(events.iter().map(EventView::row)).collect())
}

#[cfg(test)]
pub(super) mod tests {
    use weir_core::ledger::{Key, Owner};
    use weir_core::{Failure, Lane, UnixMillis};

    use super::*;

    pub(in super::super) const NOW: UnixMillis = UnixMillis(1_795_755_700_000);

    pub(in super::super) fn record() -> Record {
        Record {
            key: Key { event: "north.myshopify.com#1".into(), generation: 0 },
            state: State::Failed(Failure::permanent("the body is not JSON")),
            owner: Owner("me".into()),
            attempts: 5,
            duplicates: 0,
            mismatches: 0,
            webhook_id: None,
            last_webhook_id: None,
            parks: 0,
            progress: weir_core::ledger::Progress::default(),
            body_sha256: "aa".into(),
            topic: Some("orders/create".into()),
            app: Some("default".into()),
            event_id: None,
            lane: Lane::Standard,
            triggered_at: None,
            resource: None,
            received_at: UnixMillis(1_795_755_600_120),
            updated_at: UnixMillis(1_795_755_601_000),
            last_error: Some("the body is not JSON".into()),
            history: Vec::new(),
            test: false,
            actions: Vec::new(),
        }
    }

    /// The attempt of this number and receive, of one second, that failed.
    pub(in super::super) fn attempt(number: u32, comes_back: Option<UnixMillis>) -> Attempt {
        let begun = UnixMillis(1_795_755_600_120 + i64::from(number) * 10_000);
        Attempt {
            number,
            receives: number,
            begun,
            ended: UnixMillis(begun.0 + 1_000),
            outcome: Outcome::Failed,
            comes_back,
            error: Some("timed out".into()),
        }
    }

    #[test]
    fn programs_get_every_field() {
        let json = serde_json::to_value(EventView::new(&record(), NOW)).unwrap();
        assert_eq!(json["state"], "failed");
        assert_eq!(json["permanent"], true);
        assert_eq!(json["received_at"], "2026-11-27T05:00:00.120Z");
        assert!(json["lease_until"].is_null());
        assert_eq!((&json["place"], &json["place_at"]), (&"dead_lettered".into(), &"2026-11-27T05:00:01.000Z".into()));
    }

    #[test]
    fn columns_line_up() {
        let table = table(&[EventView::new(&record(), NOW)]);
        let at = |what: &str| table.lines().filter_map(|line| line.find(what)).collect::<Vec<_>>();
        assert_eq!(at("EVENT"), at("north.myshopify.com#1"));
        assert_eq!(at("STATE"), at("failed"));
    }
}
