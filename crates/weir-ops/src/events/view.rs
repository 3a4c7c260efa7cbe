//! An event of the ledger as programs get it. The ledger keeps no body, so no customer's data can be in it.

use serde::Serialize;
use weir_core::{
    UnixMillis,
    ledger::{Action, ActionKind, Attempt, Outcome, Record, State},
};

use super::location::MessageLocation;

/// An event.
#[derive(Debug, Serialize)]
pub struct EventView {
    /// The shop's domain.
    pub shop: String,
    /// Under which it leaves weir.
    pub webhook_id: String,
    /// Another one that the event came under as well, the last of them.
    pub other_webhook_id: Option<String>,
    /// What `weir events show` finds it by at once.
    pub key: String,
    /// Zero; one more with each forced replay.
    pub generation: u32,
    /// `leased`, `done`, `stale`, `failed`, `parked`, `dropped` or `replaced`.
    pub state: &'static str,
    /// The topic.
    pub topic: Option<String>,
    /// The lane.
    pub lane: &'static str,
    /// The app.
    pub app: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// How often it was delivered again after it had ended.
    pub duplicates: u32,
    /// How often another body came under its id.
    pub mismatches: u32,
    /// How often it was parked.
    pub parks: u32,
    /// When it was triggered, as Shopify said.
    pub triggered_at: Option<String>,
    /// When weir received it.
    pub received_at: String,
    /// When its record last changed.
    pub updated_at: String,
    /// Until when a worker holds it.
    pub lease_until: Option<String>,
    /// What its body is a snapshot of.
    pub resource: Option<String>,
    /// When a parked event comes back.
    pub parked_until: Option<String>,
    /// The error of the last attempt that failed.
    pub last_error: Option<String>,
    /// Whether trying again can't help; `None` unless it failed.
    pub permanent: Option<bool>,
    /// Shopify's event id.
    pub event_id: Option<String>,
    /// The hash of its body.
    pub body_sha256: String,
    /// Where its message is now.
    pub place: &'static str,
    /// Until when it is there, or since when.
    pub place_at: Option<String>,
    /// The last attempts that ended, the first one first.
    pub history: Vec<AttemptView>,
    /// Whether it is a test notification, as Shopify said.
    pub test: bool,
    /// The generation that runs in its place.
    pub replaced_by: Option<u32>,
    /// What operators did with it, the last actions, the first one first.
    pub operator_actions: Vec<ActionView>,
}

/// An attempt as programs get it.
#[derive(Debug, Serialize)]
pub struct AttemptView {
    /// One for the first attempt.
    pub attempt: u32,
    /// How often its message had been received.
    pub receives: u32,
    /// When it began.
    pub begun_at: String,
    /// When it ended.
    pub ended_at: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When the message comes back.
    pub comes_back_at: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
}

/// What an operator did, as programs get it.
#[derive(Debug, Serialize)]
pub struct ActionView {
    /// When.
    pub at: String,
    /// Who.
    pub by: String,
    /// The operation that it was part of.
    pub operation: String,
    /// Why.
    pub reason: Option<String>,
    /// `dropped`, `replayed` or `repaired`, and what belongs to it.
    #[serde(flatten)]
    pub did: ActionKind,
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
    /// What the record says.
    #[must_use]
    pub fn new(record: &Record, now: UnixMillis) -> Self {
        Self::at(record, MessageLocation::of(record, None, now))
    }

    /// The same, if more is known of where its message is.
    #[must_use]
    pub fn at(record: &Record, location: MessageLocation) -> Self {
        let (mut lease_until, mut parked_until, mut permanent) = (None, None, None);
        match &record.state {
            State::Leased { until } => lease_until = Some(until.to_string()),
            State::Parked { until } => parked_until = Some(until.to_string()),
            State::Failed(failure) => permanent = Some(failure.is_permanent()),
            State::Done | State::Stale | State::Dropped | State::Replaced { .. } => {}
        }
        Self {
            shop: record.key.shop().unwrap_or("unknown").to_owned(),
            webhook_id: record.webhook_id().to_owned(),
            other_webhook_id: record.other_webhook_id().map(ToString::to_string),
            key: record.key.event.clone(),
            generation: record.key.generation,
            state: record.state.as_str(),
            topic: record.topic.clone().map(Into::into),
            lane: record.lane.as_str(),
            app: record.app.clone().map(Into::into),
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
            event_id: record.event_id.clone().map(Into::into),
            body_sha256: record.body_sha256.clone(),
            place: location.as_str(),
            place_at: location.time().map(|at| at.to_string()),
            history: record.history.iter().map(AttemptView::from).collect(),
            test: record.test,
            replaced_by: match record.state {
                State::Replaced { generation } => Some(generation),
                _ => None,
            },
            operator_actions: record.actions.iter().map(ActionView::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{NOW, record};
    use super::*;

    #[test]
    fn programs_get_every_field() {
        let json = serde_json::to_value(EventView::new(&record(), NOW)).unwrap();
        assert_eq!(json["state"], "failed");
        assert_eq!(json["permanent"], true);
        assert_eq!(json["received_at"], "2026-11-27T05:00:00.120Z");
        assert!(json["lease_until"].is_null());
        assert_eq!((&json["place"], &json["place_at"]), (&"dead_lettered".into(), &"2026-11-27T05:00:01.000Z".into()));
    }
}
