//! Reading the ledger's indexes. They follow the table within moments, not at once.

use std::{collections::HashMap, ops::AddAssign, time::Duration};

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use weir_core::{
    AppName, EventId, Lane, Topic, UnixMillis, WebhookId,
    ledger::{Key, Record, names},
};

use super::{
    DynamoLedger, Indexes, Range, ReadError,
    item::{self, BadItem, Item, name, number, text},
    read::unavailable,
};

/// Which index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// Every event, by the day on which it was received.
    ByDay,
    /// What failed or is parked.
    ByUnsettled,
}

impl Index {
    fn name(self) -> &'static str {
        match self {
            Self::ByDay => "by_day",
            Self::ByUnsettled => "by_unsettled",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::ByDay => name::DAY_BUCKET,
            Self::ByUnsettled => name::UNSETTLED,
        }
    }
}

/// One key of an index: what a query reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Which index.
    pub index: Index,
    /// The key, as `weir_core::ledger::index` makes it.
    pub key: String,
}

/// An event as an index shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which event.
    pub key: Key,
    /// When ingest took it in.
    pub received_at: UnixMillis,
    /// `None` for a message that can't be read.
    pub topic: Option<Topic>,
    /// The app of the path.
    pub app: Option<AppName>,
    /// The lane it came by.
    pub lane: Lane,
    /// What its body is a snapshot of.
    pub resource: Option<String>,
    /// Shopify's id of what caused it. In the index by day, as are the next two.
    pub event_id: Option<EventId>,
    /// The webhook id of its first delivery; `None` where the key has it.
    pub webhook_id: Option<WebhookId>,
    /// The webhook id of the delivery that was claimed or counted last; `None` where the key has it.
    pub last_webhook_id: Option<WebhookId>,
    /// In the index of unsettled events: why the last attempt failed.
    pub last_error: Option<String>,
}

impl Entry {
    /// Whether an operator means this event by an id: see [`Record::is_named`]. Known in the index by day alone.
    pub fn is_named(&self, id: &str) -> bool {
        names(&self.key, &[&self.webhook_id, &self.last_webhook_id], self.event_id.as_ref(), id)
    }
}

/// What reading came to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// Calls of DynamoDB.
    pub requests: u64,
    /// Items that were read.
    pub items: u64,
    /// Read units, as DynamoDB says.
    pub units: f64,
}

impl AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.items += other.items;
        self.units += other.units;
    }
}

/// Some entries of a partition, the newest first, and where to go on.
#[derive(Debug)]
pub struct IndexPage<S> {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where the next page starts, if there is more.
    pub next: Option<S>,
    /// What it cost.
    pub spent: Spent,
}

impl Indexes for DynamoLedger {
    type Start = Item;

    async fn page(
        &self,
        partition: &Partition,
        range: Range,
        start: Option<Item>,
        limit: i32,
    ) -> Result<IndexPage<Item>, ReadError> {
        let Partition { index, key } = partition;
        let request = self.client.query().table_name(&self.table).index_name(index.name());
        let condition = format!("{} = :key AND {} BETWEEN :since AND :until", index.key(), name::RECEIVED_AT_MS);
        let request = request
            .key_condition_expression(condition)
            .expression_attribute_values(":key", text(key))
            .expression_attribute_values(":since", number(range.since.0))
            .expression_attribute_values(":until", number(range.until.0))
            .scan_index_forward(false)
            .limit(limit)
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let reply = request.send().await.map_err(|e| unavailable(&e))?;
        let units = reply.consumed_capacity().and_then(|capacity| capacity.capacity_units()).unwrap_or_default();
        let entries: Vec<Entry> = reply.items().iter().map(entry).collect::<Result<_, _>>()?;
        let items = u64::try_from(reply.scanned_count()).unwrap_or_default();
        Ok(IndexPage { entries, next: reply.last_evaluated_key, spent: Spent { requests: 1, items, units } })
    }

    async fn records(&self, keys: &[Key]) -> Result<(HashMap<Key, Record>, Spent), ReadError> {
        let (mut records, mut spent) = (HashMap::new(), Spent::default());
        let mut left: Vec<Item> = keys.iter().map(item::key).collect();
        let mut pause = Duration::from_millis(50);
        while !left.is_empty() {
            let wanted = KeysAndAttributes::builder().set_keys(Some(left)).build().map_err(|e| unavailable(&e))?;
            let request = self.client.batch_get_item().request_items(&self.table, wanted);
            let reply = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
            let mut reply = reply.map_err(|e| unavailable(&e))?;
            spent.requests += 1;
            let units = reply.consumed_capacity().iter().filter_map(|capacity| capacity.capacity_units());
            spent.units += units.sum::<f64>();
            for item in reply.responses.take().and_then(|mut tables| tables.remove(&self.table)).unwrap_or_default() {
                spent.items += 1;
                let record = item::record(&item)?;
                records.insert(record.key.clone(), record);
            }
            let unread = reply.unprocessed_keys.take().and_then(|mut tables| tables.remove(&self.table));
            left = unread.map(|unread| unread.keys).unwrap_or_default();
            if !left.is_empty() {
                // The SDK takes this for a success, and does not wait by itself.
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(2));
            }
        }
        Ok((records, spent))
    }
}

fn entry(item: &Item) -> Result<Entry, BadItem> {
    let string = |at: &'static str| item.get(at).and_then(|v| v.as_s().ok()).cloned();
    let integer = |at: &'static str| -> Option<i64> { item.get(at)?.as_n().ok()?.parse().ok() };
    let generation = integer(name::GENERATION).and_then(|n| u32::try_from(n).ok());
    Ok(Entry {
        key: Key {
            event: string(name::PK).ok_or(BadItem(name::PK))?,
            generation: generation.ok_or(BadItem(name::GENERATION))?,
        },
        received_at: integer(name::RECEIVED_AT_MS).map(UnixMillis).ok_or(BadItem(name::RECEIVED_AT_MS))?,
        topic: string(name::TOPIC).map(Topic::from_stored),
        app: string(name::APP).map(AppName::from_stored),
        lane: string(name::LANE).and_then(|lane| lane.parse().ok()).ok_or(BadItem(name::LANE))?,
        resource: string(name::RESOURCE_ID),
        event_id: string(name::EVENT_ID).map(EventId::from_stored),
        webhook_id: string(name::WEBHOOK_ID).map(WebhookId::from_stored),
        last_webhook_id: string(name::LAST_WEBHOOK_ID).map(WebhookId::from_stored),
        last_error: string(name::LAST_ERROR),
    })
}
