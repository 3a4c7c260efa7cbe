//! An event of the ledger as it is shown. The ledger keeps no body, so no customer's data can be among this.

use serde::Serialize;
use weir_core::ledger::{Record, State};

#[derive(Debug, Serialize)]
pub(super) struct EventView {
    shop: String,
    webhook_id: String,
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
    /// When a parked event comes back.
    parked_until: Option<String>,
    last_error: Option<String>,
    /// Whether trying again can't help; `None` unless it failed.
    permanent: Option<bool>,
    event_id: Option<String>,
    body_sha256: String,
}

impl From<&Record> for EventView {
    fn from(record: &Record) -> Self {
        let (shop, webhook_id) = record.key.event.split_once('#').unwrap_or(("unknown", &record.key.event));
        let (mut lease_until, mut parked_until, mut permanent) = (None, None, None);
        match &record.state {
            State::Leased { until } => lease_until = Some(until.to_string()),
            State::Parked { until } => parked_until = Some(until.to_string()),
            State::Failed(failure) => permanent = Some(failure.is_permanent()),
            State::Done | State::Stale => {}
        }
        Self {
            shop: shop.to_owned(),
            webhook_id: webhook_id.to_owned(),
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
            parked_until,
            last_error: record.last_error.clone(),
            permanent,
            event_id: record.event_id.clone(),
            body_sha256: record.body_sha256.clone(),
        }
    }
}

impl EventView {
    /// What `weir events show` takes.
    pub(super) fn name(&self) -> String {
        format!("{}#{}", self.shop, self.webhook_id)
    }

    pub(super) fn lines(&self) -> String {
        let state = match (self.state, self.permanent) {
            ("leased", _) => "leased: a worker acts on it".to_owned(),
            ("done", _) => "done: it took effect, and never runs again".to_owned(),
            ("stale", _) => "stale: a newer version of its resource came first, so it never runs".to_owned(),
            ("parked", _) => "parked: what it needs is not there; a copy of its message comes back".to_owned(),
            (_, Some(true)) => "failed: trying again can't help, so it goes to its lane's dead-letter queue".to_owned(),
            (state, _) => format!("{state}: it is tried again, until its lane gives it up to the dead-letter queue"),
        };
        let some = |count: u32| (count > 0).then(|| count.to_string());
        let rows = [
            ("state", Some(state)),
            ("topic", self.topic.clone()),
            ("lane", Some(self.lane.to_owned())),
            ("app", self.app.clone()),
            ("replay", some(self.generation)),
            ("attempts", Some(self.attempts.to_string())),
            ("duplicates", Some(self.duplicates.to_string())),
            ("other bodies", some(self.mismatches)),
            ("parked", some(self.parks)),
            ("last error", self.last_error.clone()),
            ("triggered", self.triggered_at.clone()),
            ("received", Some(self.received_at.clone())),
            ("updated", Some(self.updated_at.clone())),
            ("leased until", self.lease_until.clone()),
            ("parked until", self.parked_until.clone()),
            ("event id", self.event_id.clone()),
            ("body SHA-256", Some(self.body_sha256.clone())),
        ];
        let rows = rows.into_iter().filter_map(|(name, value)| Some(format!("  {name:<12}  {}", value?)));
        std::iter::once(self.name()).chain(rows).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use weir_core::ledger::{Key, Owner};
    use weir_core::{Failure, Lane, UnixMillis};

    use super::*;

    pub(in super::super) fn record() -> Record {
        Record {
            key: Key { event: "north.myshopify.com#1".into(), generation: 0 },
            state: State::Failed(Failure::permanent("the body is not JSON")),
            owner: Owner("me".into()),
            attempts: 5,
            duplicates: 0,
            mismatches: 0,
            parks: 0,
            body_sha256: "aa".into(),
            topic: Some("orders/create".into()),
            app: Some("default".into()),
            event_id: None,
            lane: Lane::Standard,
            triggered_at: None,
            received_at: UnixMillis(1_795_755_600_120),
            updated_at: UnixMillis(1_795_755_601_000),
            last_error: Some("the body is not JSON".into()),
        }
    }

    #[test]
    fn what_is_not_known_takes_no_line() {
        let lines = EventView::from(&record()).lines();
        assert!(lines.starts_with("north.myshopify.com#1\n  state "), "{lines}");
        assert!(lines.contains("\n  last error    the body is not JSON\n"), "{lines}");
        assert!(!lines.contains("triggered") && !lines.contains("replay"), "{lines}");
    }

    #[test]
    fn programs_get_every_field() {
        let json = serde_json::to_value(EventView::from(&record())).unwrap();
        assert_eq!(json["state"], "failed");
        assert_eq!(json["permanent"], true);
        assert_eq!(json["received_at"], "2026-11-27T05:00:00.120Z");
        assert!(json["lease_until"].is_null());
    }
}
