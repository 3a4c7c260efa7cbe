//! The transitions as conditional writes.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::{UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder},
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use weir_core::{
    Failure, UnixMillis,
    ledger::{self, Ask, Claim, Key, Ledger, LedgerError, Owner, Record, Settled},
};

use super::{
    DynamoLedger,
    item::{self, name, number, text},
};

/// What a conditional write came to.
enum Written {
    Yes,
    /// The condition did not hold; the record as it stands, unless there is none.
    No(Option<Box<Record>>),
}

impl DynamoLedger {
    fn update(&self, key: &Key) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(key)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            // `state` and `owner` are reserved words of DynamoDB.
            .expression_attribute_names("#state", name::STATE)
            .expression_attribute_names("#owner", name::OWNER)
    }

    /// From the lease, or from the state it would write (a reply was lost), if `owner` holds it: the same rule as
    /// `weir_core::ledger::complete` and `release`.
    fn settle(&self, key: &Key, owner: &Owner, state: &str, end: &str, now: UnixMillis) -> UpdateItemFluentBuilder {
        let set = format!("SET #state = :state, {} = :now, {} = :expires", name::UPDATED_AT_MS, name::EXPIRES_AT_S);
        self.update(key)
            .update_expression(format!("{set} {end}"))
            .condition_expression("#owner = :me AND #state IN (:leased, :state)")
            .expression_attribute_values(":me", text(&owner.0))
            .expression_attribute_values(":leased", text("leased"))
            .expression_attribute_values(":state", text(state))
            .expression_attribute_values(":now", number(now.0))
            .expression_attribute_values(":expires", self.expires(now))
    }

    fn expires(&self, now: UnixMillis) -> AttributeValue {
        number((now + self.retention).as_seconds())
    }
}

impl Ledger for DynamoLedger {
    async fn claim(&self, ask: &Ask<'_>) -> Result<Claim, LedgerError> {
        let mut set = format!(
            "SET #state = :leased, #owner = :me, {} = :until, {} = :now, {} = :sha, {} = :lane, {} = :expires",
            name::LEASE_UNTIL_MS,
            name::UPDATED_AT_MS,
            name::BODY_SHA256,
            name::LANE,
            name::EXPIRES_AT_S
        );
        let mut request = self.update(ask.key);
        let mut also = |at: &str, value: Option<AttributeValue>| {
            if let Some(value) = value {
                set.push_str(&format!(", {at} = :{at}"));
                request = request.clone().expression_attribute_values(format!(":{at}"), value);
            }
        };
        let meta = ask.meta;
        also(name::RECEIVED_AT_MS, Some(number(meta.map_or(ask.now, |m| m.received_at).0)));
        also(name::TOPIC, meta.map(|m| text(&m.topic)));
        also(name::APP, meta.map(|m| text(&m.app)));
        also(name::EVENT_ID, meta.and_then(|m| m.event_id.as_ref()).map(text));
        also(name::TRIGGERED_AT, meta.and_then(|m| m.triggered_at.as_ref()).map(text));
        // The same rule as `weir_core::ledger::claim`.
        let condition = format!(
            "attribute_not_exists({}) OR ({} = :sha AND (#state = :failed OR (#state = :leased AND (#owner = :me OR {} < :now))))",
            name::PK,
            name::BODY_SHA256,
            name::LEASE_UNTIL_MS
        );
        let request = request
            .update_expression(format!("{set} ADD {} :one", name::ATTEMPTS))
            .condition_expression(condition)
            .expression_attribute_values(":leased", text("leased"))
            .expression_attribute_values(":failed", text("failed"))
            .expression_attribute_values(":me", text(&ask.owner.0))
            .expression_attribute_values(":until", number(ask.lease_until.0))
            .expression_attribute_values(":now", number(ask.now.0))
            .expression_attribute_values(":sha", text(ask.body_sha256))
            .expression_attribute_values(":lane", text(ask.lane.as_str()))
            .expression_attribute_values(":expires", self.expires(ask.now))
            .expression_attribute_values(":one", number(1));
        match written(request.send().await, "claimed")? {
            Written::Yes => Ok(Claim::Granted),
            Written::No(record) => match ledger::claim(record.as_deref(), ask) {
                // The write and the rule disagree: never act on that, come back.
                Claim::Granted => Ok(Claim::Busy(std::time::Duration::from_secs(1))),
                refused => Ok(refused),
            },
        }
    }

    async fn complete(&self, key: &Key, owner: &Owner, now: UnixMillis) -> Result<Settled, LedgerError> {
        let end = format!("REMOVE {}, {}", name::LEASE_UNTIL_MS, name::PERMANENT);
        let request = self.settle(key, owner, "done", &end, now);
        settled(written(request.send().await, "completed"))
    }

    async fn release(
        &self,
        key: &Key,
        owner: &Owner,
        failure: &Failure,
        now: UnixMillis,
    ) -> Result<Settled, LedgerError> {
        let end = format!(
            ", {} = :error, {} = :permanent REMOVE {}",
            name::LAST_ERROR,
            name::PERMANENT,
            name::LEASE_UNTIL_MS
        );
        let request = self
            .settle(key, owner, "failed", &end, now)
            .expression_attribute_values(":error", text(failure.reason()))
            .expression_attribute_values(":permanent", AttributeValue::Bool(failure.is_permanent()));
        settled(written(request.send().await, "released"))
    }

    async fn count_duplicate(&self, key: &Key) -> Result<(), LedgerError> {
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(key)))
            .update_expression(format!("ADD {} :one", name::DUPLICATES))
            // An item whose time ran out must not come back as a stump.
            .condition_expression(format!("attribute_exists({})", name::PK))
            .expression_attribute_values(":one", number(1));
        written(request.send().await, "updated").map(|_| ())
    }
}

fn settled(written: Result<Written, LedgerError>) -> Result<Settled, LedgerError> {
    written.map(|written| match written {
        Written::Yes => Settled::Written,
        Written::No(_) => Settled::Lost,
    })
}

fn written(
    reply: Result<UpdateItemOutput, SdkError<UpdateItemError>>,
    action: &'static str,
) -> Result<Written, LedgerError> {
    match reply {
        Ok(_) => Ok(Written::Yes),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                let record = refused.item().map(item::record).transpose();
                record
                    .map(|record| Written::No(record.map(Box::new)))
                    .map_err(|e| LedgerError { action, source: e.into() })
            }
            _ => Err(LedgerError { action, source: error.into() }),
        },
    }
}
