//! The transitions as conditional writes.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::{UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder},
    types::{AttributeValue, ReturnValue},
};
use weir_core::{
    MAX_LEASE, StoreError, UnixMillis, WebhookId,
    ledger::{
        self, Attempt, AttemptResult, Claim, ClaimRequest, Key, Ledger, Progress, Record, RepeatKind, SettleRequest,
        Settled,
        index::{Bucket, Unsettled, day},
    },
};

use super::{
    DynamoLedger,
    item::{self, Item, name, number, slot, text},
};
use crate::conditional::{Written, update, written};

/// The rule of `weir_core::ledger::claim`. `has_webhook_id`: whether the event may come under another webhook id.
fn may_claim(is_first_receive: bool, has_webhook_id: bool) -> String {
    let (pk, sha, parks) = (name::PK, name::BODY_SHA256, name::PARKS);
    let same = match has_webhook_id {
        true => format!("({sha} = :sha OR {id} <> :{id})", id = name::WEBHOOK_ID),
        false => format!("{sha} = :sha"),
    };
    let same = format!("{same} AND (attribute_not_exists({parks}) OR {parks} <= :parks)");
    let failed = match is_first_receive {
        true => "#state = :failed".to_owned(),
        false => format!("#state = :failed AND {} = :false", name::PERMANENT),
    };
    let until = name::LEASE_UNTIL_MS;
    let leased = format!("#state = :leased AND (#owner = :me OR {until} < :now OR {until} > :believed)");
    format!("attribute_not_exists({pk}) OR ({same} AND (#state = :parked OR ({failed}) OR ({leased})))")
}

/// The rule of `weir_core::ledger::settle`: from the lease, or from the state it would write (a reply was lost), if
/// the asker holds it.
const MAY_SETTLE: &str = "#owner = :me AND #state IN (:leased, :state)";

impl DynamoLedger {
    /// Without the names that most expressions have: DynamoDB refuses those that it does not meet.
    pub(super) fn bare(&self, key: &Key) -> UpdateItemFluentBuilder {
        update(&self.client, &self.table, item::key(key))
    }

    fn update(&self, key: &Key) -> UpdateItemFluentBuilder {
        self.bare(key)
            // `state` and `owner` are reserved words of DynamoDB.
            .expression_attribute_names("#state", name::STATE)
            .expression_attribute_names("#owner", name::OWNER)
    }

    pub(super) fn written(
        &self,
        reply: Result<UpdateItemOutput, SdkError<UpdateItemError>>,
        action: &'static str,
    ) -> Result<Written<Record>, StoreError> {
        written(reply, item::record, action, &self.table, &self.acceptance)
    }

    fn expires(&self, now: UnixMillis) -> AttributeValue {
        number((now + self.retention).as_seconds())
    }
}

fn texts(texts: &[String]) -> AttributeValue {
    AttributeValue::L(texts.iter().map(text).collect())
}

/// The number of the attempt, as the claim left it.
fn attempts(item: &Item) -> u32 {
    item.get(name::ATTEMPTS).and_then(|value| value.as_n().ok()?.parse().ok()).unwrap_or_default()
}

impl Ledger for DynamoLedger {
    async fn claim(&self, ask: &ClaimRequest<'_>) -> Result<Claim, StoreError> {
        let mut set = format!(
            "SET #state = :leased, #owner = :me, {} = :until, {} = :now, {sha} = if_not_exists({sha}, :sha), {} = :lane, \
             {} = :expires",
            name::LEASE_UNTIL_MS,
            name::UPDATED_AT_MS,
            name::LANE,
            name::EXPIRES_AT_S,
            sha = name::BODY_SHA256,
        );
        let mut values = HashMap::with_capacity(22);
        let mut also = |at: &str, value: Option<AttributeValue>| {
            if let Some(value) = value {
                set.push_str(&format!(", {at} = :{at}"));
                values.insert(format!(":{at}"), value);
            }
        };
        let meta = ask.meta;
        also(name::TOPIC, meta.map(|m| text(m.topic.as_str())));
        also(name::IS_TEST, meta.filter(|m| m.test).map(|_| AttributeValue::Bool(true)));
        also(name::APP, meta.map(|m| text(m.app.as_str())));
        also(name::EVENT_ID, meta.and_then(|m| m.event_id.as_ref()).map(|id| text(id.as_str())));
        also(name::TRIGGERED_AT, meta.and_then(|m| m.triggered_at.as_ref()).map(text));
        also(name::RESOURCE_ID, ask.resource.map(text));
        let webhook_id = ask.webhook_id();
        also(name::LAST_WEBHOOK_ID, webhook_id.map(|id| text(id.as_str())));
        // Of the first claim, whatever comes later: else the event would move in the indexes, and pay for it.
        let received_at = meta.map_or(ask.now, |m| m.received_at);
        let mut first = |at: &str, value: AttributeValue| {
            set.push_str(&format!(", {at} = if_not_exists({at}, :{at})"));
            values.insert(format!(":{at}"), value);
        };
        first(name::RECEIVED_AT_MS, number(received_at.0));
        let bucket = match meta.zip(webhook_id) {
            // By what it is looked for most, which its key does not have.
            Some((meta, webhook_id)) => Bucket::of_delivery(&meta.shop, webhook_id),
            None => Bucket::of(&ask.key.event),
        };
        first(name::DAY_BUCKET, text(bucket.on(&day(received_at))));
        if let Some(webhook_id) = webhook_id {
            first(name::WEBHOOK_ID, text(webhook_id.as_str()));
        }
        let is_first_receive = ask.receives <= 1;
        if !is_first_receive {
            values.insert(":false".to_owned(), AttributeValue::Bool(false));
        }
        let always = [
            (":leased", text("leased")),
            (":failed", text("failed")),
            (":parked", text("parked")),
            (":me", text(&ask.owner.0)),
            (":until", number(ask.lease_until.0)),
            (":now", number(ask.now.0)),
            (":believed", number((ask.now + MAX_LEASE).0)),
            (":sha", text(ask.body_sha256)),
            (":lane", text(ask.lane.as_str())),
            (":expires", self.expires(ask.now)),
            (":parks", number(ask.parks)),
            (":one", number(1)),
        ];
        values.extend(always.map(|(name, value)| (name.to_owned(), value)));
        let request = self
            .update(ask.key)
            .update_expression(format!("{set} ADD {} :one REMOVE {}", name::ATTEMPTS, name::PARKED_UNTIL_MS))
            .condition_expression(may_claim(is_first_receive, webhook_id.is_some()))
            .set_expression_attribute_values(Some(values))
            // What earlier attempts left stands in attributes that a claim does not change. A clean event spares the bytes.
            .return_values(if ask.is_fresh() { ReturnValue::UpdatedNew } else { ReturnValue::AllNew });
        match self.written(request.send().await, "claim the event")? {
            Written::Yes(item) => {
                let first = item.get(name::WEBHOOK_ID).and_then(|id| id.as_s().ok());
                let first = first.map(WebhookId::from_stored).filter(|first| Some(first) != webhook_id);
                let progress = if ask.is_fresh() { Progress::default() } else { item::progress(&item) };
                Ok(Claim::Granted { attempt: attempts(&item), first, progress })
            }
            Written::No(record) => match ledger::claim(record.as_deref(), ask) {
                // The write and the rule disagree: never act on that, come back.
                Claim::Granted { .. } => Ok(Claim::Busy(std::time::Duration::from_secs(1))),
                refused => Ok(refused),
            },
        }
    }

    async fn settle(&self, ended: &SettleRequest<'_>) -> Result<Settled, StoreError> {
        let SettleRequest { key, owner, ending, now, .. } = *ended;
        let mut set = format!("SET #state = :state, {} = :now, {} = :expires", name::UPDATED_AT_MS, name::EXPIRES_AT_S);
        let mut values = HashMap::with_capacity(12);
        let mut also = |at: &str, value: AttributeValue| {
            set.push_str(&format!(", {at} = :{at}"));
            values.insert(format!(":{at}"), value);
        };
        also(&slot(ended.attempt), text(Attempt::of(ended).write()));
        if let Some(resource) = ended.resource {
            also(name::RESOURCE_ID, text(resource));
        }
        let mut remove = name::LEASE_UNTIL_MS.to_owned();
        match ending {
            AttemptResult::Done | AttemptResult::Stale | AttemptResult::Repeated => {
                remove.push_str(&format!(", {}, {}", name::PERMANENT, name::UNSETTLED))
            }
            AttemptResult::Failed(failure) => {
                also(name::UNSETTLED, text(Bucket::of(&key.event).with(Unsettled::Failed)));
                also(name::LAST_ERROR, text(failure.reason()));
                also(name::PERMANENT, AttributeValue::Bool(failure.is_permanent()));
                if let Some(copy) = ended.copy {
                    also(name::PARKS, number(copy));
                }
            }
            AttemptResult::Parked { parks, until, reason } => {
                also(name::UNSETTLED, text(Bucket::of(&key.event).with(Unsettled::Parked)));
                also(name::LAST_ERROR, text(reason));
                also(name::PARKS, number(parks));
                also(name::PARKED_UNTIL_MS, number(until.0));
            }
        }
        if matches!(ending, AttemptResult::Failed(_) | AttemptResult::Parked { .. }) {
            also(name::OWN_FAILURES, number(ended.progress.failures));
            match ended.progress.passed.is_empty() {
                true => remove.push_str(&format!(", {}", name::PASSED_HANDLERS)),
                false => also(name::PASSED_HANDLERS, texts(&ended.progress.passed)),
            }
        }
        let always = [
            (":leased", text("leased")),
            (":me", text(&owner.0)),
            (":state", text(ending.state())),
            (":now", number(now.0)),
            (":expires", self.expires(now)),
        ];
        values.extend(always.map(|(name, value)| (name.to_owned(), value)));
        let request = self
            .update(key)
            .update_expression(format!("{set} REMOVE {remove}"))
            .condition_expression(MAY_SETTLE)
            .set_expression_attribute_values(Some(values));
        match self.written(request.send().await, "record how the event ended")? {
            Written::Yes(_) => Ok(Settled::Written),
            Written::No(_) => Ok(Settled::Lost),
        }
    }

    async fn count(&self, key: &Key, again: RepeatKind, webhook_id: Option<&WebhookId>) -> Result<(), StoreError> {
        let counter = match again {
            RepeatKind::Duplicate => name::DUPLICATES,
            RepeatKind::Mismatch => name::MISMATCHES,
        };
        let last = webhook_id.map_or_else(String::new, |_| format!(" SET {} = :id", name::LAST_WEBHOOK_ID));
        let request = update(&self.client, &self.table, item::key(key))
            .update_expression(format!("ADD {counter} :one{last}"))
            // An item whose time ran out must not come back as a stump.
            .condition_expression(format!("attribute_exists({})", name::PK))
            .expression_attribute_values(":one", number(1));
        let request = match webhook_id {
            Some(id) => request.expression_attribute_values(":id", text(id.as_str())),
            None => request,
        };
        self.written(request.send().await, "count a message").map(|_| ())
    }
}
