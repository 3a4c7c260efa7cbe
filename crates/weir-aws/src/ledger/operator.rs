//! What operators did, written by compare-and-swap: the rule is `weir_core::ledger::act` alone.

use aws_sdk_dynamodb::types::AttributeValue;
use weir_core::{
    StoreError,
    ledger::{self, ActionLog, ActionRequest, Record, Recorded, State},
};

use super::{
    DynamoLedger,
    item::{name, number, text},
};
use crate::conditional::Written;

/// So often a record is read again that somebody changed meanwhile. A worker changes it twice an attempt.
const ROUNDS: u32 = 8;

const ACTION: &str = "record what an operator did";

impl ActionLog for DynamoLedger {
    async fn record(&self, request: &ActionRequest<'_>) -> Result<Recorded, StoreError> {
        for _ in 0..ROUNDS {
            let before = self.get(request.key).await;
            let before = before.map_err(|error| StoreError { action: ACTION, source: error.into() })?;
            let (recorded, after) = ledger::act(before.as_ref(), request);
            let (Some(before), Some(after)) = (before, after) else { return Ok(recorded) };
            if self.swap(&before, &after, recorded).await? {
                return Ok(recorded);
            }
        }
        Err(StoreError { action: ACTION, source: "others change the event all the time".into() })
    }
}

impl DynamoLedger {
    /// Writes what changed, if the record is still as it was read. Its time to live stays.
    async fn swap(&self, before: &Record, after: &Record, recorded: Recorded) -> Result<bool, StoreError> {
        let actions = |record: &Record| serde_json::to_string(&record.actions).map(text);
        let failed = |error: serde_json::Error| StoreError { action: ACTION, source: error.into() };
        let (was, is) = (actions(before).map_err(failed)?, actions(after).map_err(failed)?);
        let same_actions = match before.actions.is_empty() {
            true => format!("attribute_not_exists({})", name::ACTIONS),
            false => format!("{} = :was", name::ACTIONS),
        };
        let (mut set, mut remove) = (format!("SET {} = :actions", name::ACTIONS), String::new());
        let mut condition = format!("attribute_exists({}) AND {same_actions}", name::PK);
        let mut request = self.bare(&before.key).expression_attribute_values(":actions", is);
        if !before.actions.is_empty() {
            request = request.expression_attribute_values(":was", was);
        }
        if recorded == Recorded::Changed {
            set += &format!(", #state = :state, {} = :now", name::UPDATED_AT_MS);
            if let State::Replaced { generation } = after.state {
                set += &format!(", {} = :generation", name::REPLACED_BY);
                request = request.expression_attribute_values(":generation", number(generation));
            }
            remove = format!(
                " REMOVE {}, {}, {}, {}",
                name::LEASE_UNTIL_MS,
                name::PARKED_UNTIL_MS,
                name::PERMANENT,
                name::UNSETTLED
            );
            // A claim changes owner and attempts, a settlement the state.
            condition += &format!(" AND #state = :before AND #owner = :owner AND {} = :attempts", name::ATTEMPTS);
            let values: [(&str, AttributeValue); 5] = [
                (":state", text(after.state.as_str())),
                (":now", number(after.updated_at.0)),
                (":before", text(before.state.as_str())),
                (":owner", text(&before.owner.0)),
                (":attempts", number(before.attempts)),
            ];
            for (at, value) in values {
                request = request.expression_attribute_values(at, value);
            }
            request = request
                .expression_attribute_names("#state", name::STATE)
                .expression_attribute_names("#owner", name::OWNER);
        }
        let request = request.update_expression(set + &remove).condition_expression(condition);
        Ok(matches!(self.written(request.send().await, ACTION)?, Written::Yes(_)))
    }
}
