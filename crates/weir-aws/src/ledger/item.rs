//! An item of the table and a record of the ledger.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use weir_core::{
    AppName, EventId, Failure, Topic, UnixMillis, WebhookId,
    ledger::{Action, Attempt, Key, Owner, Progress, Record, SLOTS, State},
};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// An item that no version of weir wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an item can't be read: its attribute {0} is missing or of another type")]
pub struct BadItem(pub(crate) &'static str);

/// Names of attributes, each once.
pub(super) mod name {
    pub(crate) const PK: &str = "pk";
    pub(crate) const GENERATION: &str = "generation";
    pub(crate) const STATE: &str = "state";
    pub(crate) const OWNER: &str = "owner";
    pub(crate) const LEASE_UNTIL_MS: &str = "lease_until_ms";
    pub(crate) const ATTEMPTS: &str = "attempts";
    pub(crate) const DUPLICATES: &str = "duplicates";
    pub(crate) const MISMATCHES: &str = "mismatches";
    pub(crate) const PARKS: &str = "parks";
    pub(crate) const PARKED_UNTIL_MS: &str = "parked_until_ms";
    /// How often the event itself failed.
    pub(crate) const OWN_FAILURES: &str = "own_failures";
    /// The names of the handlers that succeeded.
    pub(crate) const PASSED_HANDLERS: &str = "passed_handlers";
    pub(crate) const BODY_SHA256: &str = "body_sha256";
    pub(crate) const TOPIC: &str = "topic";
    pub(crate) const APP: &str = "app";
    pub(crate) const EVENT_ID: &str = "event_id";
    /// Of the first delivery; absent where the key has it, as is the next.
    pub(crate) const WEBHOOK_ID: &str = "webhook_id";
    /// Of the delivery that was claimed or counted last.
    pub(crate) const LAST_WEBHOOK_ID: &str = "last_webhook_id";
    pub(crate) const LANE: &str = "lane";
    pub(crate) const TRIGGERED_AT: &str = "triggered_at";
    /// Not `resource`: that is a reserved word of DynamoDB.
    pub(crate) const RESOURCE_ID: &str = "resource_id";
    /// The key of the index by day.
    pub(crate) const DAY_BUCKET: &str = "day_bucket";
    /// The key of the index of unsettled events; absent from an event that is in none.
    pub(crate) const UNSETTLED: &str = "unsettled";
    pub(crate) const RECEIVED_AT_MS: &str = "received_at_ms";
    pub(crate) const UPDATED_AT_MS: &str = "updated_at_ms";
    pub(crate) const LAST_ERROR: &str = "last_error";
    pub(crate) const PERMANENT: &str = "permanent";
    /// Only where it is so.
    pub(crate) const IS_TEST: &str = "is_test";
    /// What operators did, as one JSON document.
    pub(crate) const ACTIONS: &str = "operator_actions";
    /// The generation that runs in place of this one.
    pub(crate) const REPLACED_BY: &str = "replaced_by";
    pub(crate) const EXPIRES_AT_S: &str = "expires_at_s";
}

/// The attribute of an attempt's slot: `a0` to `a7`.
pub(super) fn slot(attempt: u32) -> String {
    format!("a{}", Attempt::slot(attempt))
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn key(key: &Key) -> Item {
    Item::from([(name::PK.to_owned(), text(&key.event)), (name::GENERATION.to_owned(), number(key.generation))])
}

pub(super) fn record(item: &Item) -> Result<Record, BadItem> {
    let string = |at: &'static str| item.get(at).and_then(|v| v.as_s().ok()).cloned();
    let required = |at| string(at).ok_or(BadItem(at));
    let integer = |at: &'static str| -> Option<i64> { item.get(at)?.as_n().ok()?.parse().ok() };
    let count = |at| integer(at).and_then(|n| u32::try_from(n).ok());
    let time = |at: &'static str| integer(at).map(UnixMillis).ok_or(BadItem(at));
    let last_error = string(name::LAST_ERROR);
    let state = match required(name::STATE)?.as_str() {
        "leased" => State::Leased { until: time(name::LEASE_UNTIL_MS)? },
        "done" => State::Done,
        "stale" => State::Stale,
        "parked" => State::Parked { until: time(name::PARKED_UNTIL_MS)? },
        "dropped" => State::Dropped,
        "replaced" => State::Replaced { generation: count(name::REPLACED_BY).ok_or(BadItem(name::REPLACED_BY))? },
        "failed" => {
            let reason = last_error.clone().ok_or(BadItem(name::LAST_ERROR))?;
            let permanent = item.get(name::PERMANENT).and_then(|v| v.as_bool().ok()).copied().unwrap_or(false);
            State::Failed(if permanent { Failure::permanent(reason) } else { Failure::transient(reason) })
        }
        _ => return Err(BadItem(name::STATE)),
    };
    Ok(Record {
        key: Key { event: required(name::PK)?, generation: count(name::GENERATION).ok_or(BadItem(name::GENERATION))? },
        state,
        owner: Owner(required(name::OWNER)?),
        attempts: count(name::ATTEMPTS).ok_or(BadItem(name::ATTEMPTS))?,
        duplicates: count(name::DUPLICATES).unwrap_or(0),
        mismatches: count(name::MISMATCHES).unwrap_or(0),
        webhook_id: string(name::WEBHOOK_ID).map(WebhookId::from_stored),
        last_webhook_id: string(name::LAST_WEBHOOK_ID).map(WebhookId::from_stored),
        parks: count(name::PARKS).unwrap_or(0),
        progress: progress(item),
        body_sha256: required(name::BODY_SHA256)?,
        topic: string(name::TOPIC).map(Topic::from_stored),
        app: string(name::APP).map(AppName::from_stored),
        event_id: string(name::EVENT_ID).map(EventId::from_stored),
        lane: required(name::LANE)?.parse().map_err(|_| BadItem(name::LANE))?,
        triggered_at: string(name::TRIGGERED_AT),
        resource: string(name::RESOURCE_ID),
        received_at: time(name::RECEIVED_AT_MS)?,
        updated_at: time(name::UPDATED_AT_MS)?,
        last_error,
        history: history(item),
        test: item.get(name::IS_TEST).and_then(|value| value.as_bool().ok()).copied().unwrap_or(false),
        actions: actions(item),
    })
}

/// What the last attempt left for the next one.
pub(super) fn progress(item: &Item) -> Progress {
    let failures = item.get(name::OWN_FAILURES).and_then(|value| value.as_n().ok()?.parse().ok());
    let names = item.get(name::PASSED_HANDLERS).and_then(|value| value.as_l().ok()).into_iter().flatten();
    let passed = names.filter_map(|name| name.as_s().ok().cloned()).collect();
    Progress { failures: failures.unwrap_or_default(), passed }
}

/// What can't be read is left out: a later version of weir may have written it, and the rest of the event is known.
fn history(item: &Item) -> Vec<Attempt> {
    let read = |number| Attempt::read(item.get(&slot(number))?.as_s().ok()?);
    let mut attempts: Vec<Attempt> = (0..SLOTS).filter_map(read).collect();
    attempts.sort_by_key(|attempt| attempt.number);
    attempts
}

/// What can't be read is left out, as of the attempts.
fn actions(item: &Item) -> Vec<Action> {
    let text = item.get(name::ACTIONS).and_then(|value| value.as_s().ok());
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> Item {
        let mut item = key(&Key { event: "a.myshopify.com#1".into(), generation: 2 });
        for (at, value) in [
            (name::STATE, text("failed")),
            (name::OWNER, text("me")),
            (name::ATTEMPTS, number(3)),
            (name::BODY_SHA256, text("aa")),
            (name::LANE, text("bulk")),
            (name::RECEIVED_AT_MS, number(1)),
            (name::UPDATED_AT_MS, number(2)),
            (name::LAST_ERROR, text("no")),
            (name::PERMANENT, AttributeValue::Bool(true)),
        ] {
            item.insert(at.to_owned(), value);
        }
        item
    }

    #[test]
    fn an_item_is_read_whole() {
        let record = record(&item()).unwrap();
        assert_eq!(record.state, State::Failed(Failure::permanent("no")));
        assert_eq!((record.key.generation, record.attempts, record.duplicates), (2, 3, 0));
    }

    #[test]
    fn texts_of_an_item_are_taken_as_they_are() {
        let mut item = item();
        for at in [name::TOPIC, name::APP, name::EVENT_ID, name::WEBHOOK_ID, name::LAST_WEBHOOK_ID] {
            item.insert(at.to_owned(), text("Object Created"));
        }
        let record = record(&item).unwrap();
        assert!(record.topic.is_some_and(|topic| topic == "Object Created"));
        assert!(record.app.is_some_and(|app| app == "Object Created"));
        assert!(record.event_id.is_some_and(|id| id == "Object Created"));
        assert!(record.webhook_id.is_some_and(|id| id == "Object Created"));
        assert!(record.last_webhook_id.is_some_and(|id| id == "Object Created"));
    }

    #[test]
    fn a_foreign_item_names_the_attribute_at_fault() {
        for at in [name::STATE, name::OWNER, name::LANE, name::ATTEMPTS, name::BODY_SHA256, name::LAST_ERROR] {
            let mut item = item();
            item.insert(at.to_owned(), AttributeValue::Bool(true));
            assert_eq!(record(&item), Err(BadItem(at)));
        }
    }
}
