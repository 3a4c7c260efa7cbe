//! Looking at what the fence keeps of one resource, and forgetting it: for operators.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{operation::delete_item::DeleteItemError, types::AttributeValue};
use weir_core::{UnixMillis, fence::Record, is_believed};

use super::{
    DynamoFence,
    item::{LEASE_UNTIL_MS, OWNER, PK, record},
};
use crate::{
    ledger::{
        BadItem, ReadError,
        item::{Item, text},
    },
    reason::reason,
};

/// What is kept of a resource, whether weir wrote it or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    item: Item,
}

/// What came of forgetting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// It is gone: the next event of the resource enters, whatever its version.
    Gone,
    /// It changed since it was looked at, and was left alone.
    Changed,
}

impl Kept {
    /// What weir reads there.
    ///
    /// # Errors
    /// If it is not weir's.
    pub fn record(&self) -> Result<Record, BadItem> {
        record(&self.item)
    }

    /// Until when an event of the resource is being handled. Of an item that is not weir's, nobody can tell.
    pub fn held_until(&self, now: UnixMillis) -> Option<UnixMillis> {
        self.item.get(OWNER)?;
        let until = UnixMillis(self.item.get(LEASE_UNTIL_MS)?.as_n().ok()?.parse().ok()?);
        (until >= now && is_believed(until, now)).then_some(until)
    }

    /// Every attribute, as text.
    pub fn attributes(&self) -> BTreeMap<&str, String> {
        let shown = |value: &AttributeValue| match value {
            AttributeValue::S(text) => text.clone(),
            AttributeValue::N(number) => number.clone(),
            other => format!("{other:?}"),
        };
        self.item.iter().map(|(name, value)| (name.as_str(), shown(value))).collect()
    }
}

impl DynamoFence {
    /// What is kept of the resource with this key, as it stands now.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn look(&self, key: &str) -> Result<Option<Kept>, ReadError> {
        let request = self.client.get_item().table_name(&self.table).key(PK, text(key)).consistent_read(true);
        let reply = request.send().await.map_err(|error| ReadError::Unavailable(reason(&error)))?;
        Ok(reply.item.map(|item| Kept { item }))
    }

    /// Forgets the resource, if what is kept of it is still what was looked at.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn forget(&self, kept: &Kept) -> Result<Forgotten, ReadError> {
        let mut request = self.client.delete_item().table_name(&self.table);
        let mut conditions = Vec::new();
        for (index, (name, value)) in kept.item.iter().enumerate() {
            conditions.push(format!("#n{index} = :v{index}"));
            request = request
                .expression_attribute_names(format!("#n{index}"), name)
                .expression_attribute_values(format!(":v{index}"), value.clone());
        }
        let request = request.set_key(kept.item.get(PK).map(|key| Item::from([(PK.to_owned(), key.clone())])));
        match request.condition_expression(conditions.join(" AND ")).send().await {
            Ok(_) => Ok(Forgotten::Gone),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(Forgotten::Changed),
                _ => Err(ReadError::Unavailable(reason(&error))),
            },
        }
    }
}
