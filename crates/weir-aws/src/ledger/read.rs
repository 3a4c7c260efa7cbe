//! Reading the ledger, for the operator.

use crate::reason::reason;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use weir_core::ledger::{Key, Record};

use super::{
    DynamoLedger, Spent,
    item::{self, BadItem, Item, name, text},
};

/// The ledger could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// DynamoDB did not answer, or refused.
    #[error("the ledger could not be read: {0}")]
    Unavailable(String),
    /// An item of something else.
    #[error(transparent)]
    BadItem(#[from] BadItem),
}

/// Some records, in no order, and where to go on.
#[derive(Debug)]
pub struct Page {
    /// The records.
    pub records: Vec<Record>,
    /// What it cost.
    pub spent: Spent,
    next: Option<Item>,
}

impl Page {
    /// Whether there are more.
    pub fn has_more(&self) -> bool {
        self.next.is_some()
    }
}

impl DynamoLedger {
    /// One record, read consistently.
    pub async fn get(&self, key: &Key) -> Result<Option<Record>, ReadError> {
        let request = self.client.get_item().table_name(&self.table).set_key(Some(item::key(key)));
        let reply = request.consistent_read(true).send().await.map_err(|e| unavailable(&e))?;
        Ok(reply.item().map(item::record).transpose()?)
    }

    /// Every generation of an event, the first one first.
    pub async fn history(&self, event: &str) -> Result<Vec<Record>, ReadError> {
        let request = self.client.query().table_name(&self.table).consistent_read(true);
        let request = request
            .key_condition_expression(format!("{} = :event", name::PK))
            .expression_attribute_values(":event", text(event));
        let reply = request.send().await.map_err(|e| unavailable(&e))?;
        Ok(reply.items().iter().map(item::record).collect::<Result<_, _>>()?)
    }

    /// A page of the whole table: reads, and pays for, every item. `after` is the page before.
    pub async fn scan(&self, after: Option<Page>) -> Result<Page, ReadError> {
        let request = self.client.scan().table_name(&self.table).consistent_read(true);
        let start = after.and_then(|page| page.next);
        let request = request.set_exclusive_start_key(start).return_consumed_capacity(ReturnConsumedCapacity::Total);
        let reply = request.send().await.map_err(|e| unavailable(&e))?;
        let records: Vec<Record> = reply.items().iter().map(item::record).collect::<Result<_, _>>()?;
        let units = reply.consumed_capacity().and_then(|capacity| capacity.capacity_units()).unwrap_or_default();
        let items = u64::try_from(reply.scanned_count()).unwrap_or_default();
        Ok(Page { records, spent: Spent { requests: 1, items, units }, next: reply.last_evaluated_key })
    }
}

pub(super) fn unavailable(error: &(dyn std::error::Error + 'static)) -> ReadError {
    ReadError::Unavailable(reason(error))
}
