//! Pools in DynamoDB.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    operation::{put_item::PutItemError, transact_write_items::TransactWriteItemsError, update_item::UpdateItemError},
    primitives::Blob,
    types::{
        AttributeValue, DeleteRequest, KeysAndAttributes, Put, PutRequest, ReturnValue, TransactWriteItem, WriteRequest,
    },
};
use resilience::Clock;
use weir_aws::{CallError, SdkConfig};
use weir_core::Failure;

use super::{
    PoolStore, PushRecord, Saved, Versioned, codec,
    item::{
        DIRECTORY, EXPIRES_AT_S, Item, KEPT, OUTCOME, PK, POOL, PUSH_KEPT, RESOLVED, REVISION, SK, SKU, STATE, VERSION,
        decoded, keys, level_keys, line_item, line_key, number, page_key, pool_item, pool_partition, push_keys,
        read_line, read_pool, text, unprintable,
    },
};
use crate::{
    LevelKey, Pool, Push, PushId,
    pool::{Entry, Line, LineId},
};

/// DynamoDB reads so many items at once.
const MAX_KEYS: usize = 100;

/// DynamoDB writes so many items at once.
const MAX_WRITES: usize = 25;

/// What DynamoDB left out is asked for again so often.
const ROUNDS: usize = 6;

/// The table.
#[derive(Debug, Clone)]
pub struct DynamoStore {
    client: Client,
    table: String,
    clock: Clock,
}

impl DynamoStore {
    /// The table of this name.
    pub fn new(config: &SdkConfig, table: String, clock: Clock) -> Self {
        Self { client: Client::new(config), table, clock }
    }

    /// Reads items by their keys, which may be in any order and number.
    async fn read(&self, keys: Vec<Item>, is_consistent: bool) -> Result<Vec<Item>, Failure> {
        let mut items = Vec::new();
        for keys in keys.chunks(MAX_KEYS) {
            let mut left = keys.to_vec();
            for _round in 0..ROUNDS {
                let wanted = KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(is_consistent);
                let wanted = wanted.build().map_err(Failure::permanent)?;
                let request = self.client.batch_get_item().request_items(&self.table, wanted);
                let reply = request.send().await;
                let reply = reply.map_err(|error| CallError::of("BatchGetItem", &self.table, &error).failure())?;
                items.extend(reply.responses.unwrap_or_default().remove(&self.table).unwrap_or_default());
                let missing = reply.unprocessed_keys.unwrap_or_default().remove(&self.table);
                left = missing.map(|missing| missing.keys).unwrap_or_default();
                if left.is_empty() {
                    break;
                }
            }
            if !left.is_empty() {
                return Err(Failure::transient("DynamoDB left items unread again and again"));
            }
        }
        Ok(items)
    }

    /// Queries a partition, between two sort keys, the last first, until `is_enough`.
    async fn query(
        &self,
        partition: String,
        (from, to): (&str, &str),
        mut is_enough: impl FnMut(&[Item]) -> bool + Send,
    ) -> Result<Vec<Item>, Failure> {
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            let request = self.client.query().table_name(&self.table).scan_index_forward(false);
            let request = request
                .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
                .expression_attribute_names("#pk", PK)
                .expression_attribute_names("#sk", SK)
                .expression_attribute_values(":pk", text(partition.as_str()))
                .expression_attribute_values(":from", text(from))
                .expression_attribute_values(":to", text(to))
                .set_exclusive_start_key(start.take());
            let reply = request.send().await.map_err(|error| CallError::of("Query", &self.table, &error).failure())?;
            start.clone_from(&reply.last_evaluated_key);
            items.extend(reply.items.unwrap_or_default());
            if start.is_none() || is_enough(&items) {
                return Ok(items);
            }
        }
    }

    /// A write of a pool, on condition of its version.
    fn put_pool(&self, pool: &Pool, version: u64) -> Result<Put, Failure> {
        let put = Put::builder().table_name(&self.table).set_item(Some(pool_item(pool, version)?));
        let put = if version == 0 {
            put.condition_expression("attribute_not_exists(#pk)").expression_attribute_names("#pk", PK)
        } else {
            put.condition_expression("#version = :version")
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":version", number(version))
        };
        put.build().map_err(Failure::permanent)
    }

    fn put_other(&self, item: Item) -> Result<TransactWriteItem, Failure> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).build().map_err(Failure::permanent)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// A pool by itself, which costs half of a transaction.
    async fn save_alone(&self, put: Put) -> Result<Saved, Failure> {
        let request = self.client.put_item().table_name(&self.table).set_item(Some(put.item));
        let request = request
            .set_condition_expression(put.condition_expression)
            .set_expression_attribute_names(put.expression_attribute_names)
            .set_expression_attribute_values(put.expression_attribute_values);
        match request.send().await {
            Ok(_) => Ok(Saved::Written),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(Saved::Lost),
                _ => Err(CallError::of("PutItem", &self.table, &error).failure()),
            },
        }
    }

    async fn save_together(&self, writes: Vec<TransactWriteItem>) -> Result<Saved, Failure> {
        match self.client.transact_write_items().set_transact_items(Some(writes)).send().await {
            Ok(_) => Ok(Saved::Written),
            Err(error) => match error.as_service_error() {
                // A condition or another transaction: either way somebody else writes the pool.
                Some(TransactWriteItemsError::TransactionCanceledException(_)) => Ok(Saved::Lost),
                _ => Err(CallError::of("TransactWriteItems", &self.table, &error).failure()),
            },
        }
    }

    fn page(&self, sku: &str, page: &[Entry]) -> Result<Option<Item>, Failure> {
        let Some(first) = page.first() else { return Ok(None) };
        let mut item = keys(pool_partition(sku), page_key(first.number));
        let state = codec::encode(&page).map_err(unprintable)?;
        let expires = (self.clock.now() + KEPT).as_seconds();
        item.extend([
            (STATE.to_owned(), AttributeValue::B(Blob::new(state))),
            (EXPIRES_AT_S.to_owned(), number(expires)),
        ]);
        Ok(Some(item))
    }
}

impl PoolStore for DynamoStore {
    async fn skus(&self, levels: &[LevelKey]) -> Result<HashMap<LevelKey, String>, Failure> {
        let mut wanted: Vec<LevelKey> = levels.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let items = self.read(wanted.iter().map(level_keys).collect(), false).await?;
        let attribute = |item: &Item, name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        let of_level = |item: &Item| {
            let level = attribute(item, PK)?.strip_prefix("level/")?.parse().ok()?;
            Some((level, attribute(item, SKU)?))
        };
        Ok(items.iter().filter_map(of_level).collect())
    }

    async fn load(&self, skus: &[String]) -> Result<Vec<Versioned>, Failure> {
        let mut wanted = skus.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let wanted = wanted.iter().map(|sku| keys(pool_partition(sku), POOL)).collect();
        self.read(wanted, true).await?.iter().map(read_pool).collect()
    }

    async fn save(&self, pool: &Pool, version: u64, page: &[Entry], lines: &[Line]) -> Result<Saved, Failure> {
        let put = self.put_pool(pool, version)?;
        if version > 0 && page.is_empty() && lines.is_empty() {
            return self.save_alone(put).await;
        }
        let mut writes = vec![TransactWriteItem::builder().put(put).build()];
        if version == 0 {
            writes.push(self.put_other(keys(DIRECTORY.to_owned(), &pool.sku))?);
        }
        if let Some(page) = self.page(&pool.sku, page)? {
            writes.push(self.put_other(page)?);
        }
        for line in lines {
            writes.push(self.put_other(line_item(&pool.sku, line, self.clock.now()))?);
        }
        self.save_together(writes).await
    }

    async fn assign(&self, levels: &[LevelKey], sku: Option<&str>) -> Result<(), Failure> {
        for levels in levels.chunks(MAX_WRITES) {
            let mut left = Vec::new();
            for level in levels {
                let write = match sku {
                    Some(sku) => {
                        let mut item = level_keys(level);
                        item.insert(SKU.to_owned(), text(sku));
                        let put = PutRequest::builder().set_item(Some(item)).build().map_err(Failure::permanent)?;
                        WriteRequest::builder().put_request(put)
                    }
                    None => {
                        let delete = DeleteRequest::builder().set_key(Some(level_keys(level)));
                        WriteRequest::builder().delete_request(delete.build().map_err(Failure::permanent)?)
                    }
                };
                left.push(write.build());
            }
            for _round in 0..ROUNDS {
                let request = self.client.batch_write_item().request_items(&self.table, left);
                let reply = request.send().await;
                let reply = reply.map_err(|error| CallError::of("BatchWriteItem", &self.table, &error).failure())?;
                left = reply.unprocessed_items.unwrap_or_default().remove(&self.table).unwrap_or_default();
                if left.is_empty() {
                    break;
                }
            }
            if !left.is_empty() {
                return Err(Failure::transient("DynamoDB left items unwritten again and again"));
            }
        }
        Ok(())
    }

    async fn seal(&self, push: &Push) -> Result<Saved, Failure> {
        let mut item = push_keys(&push.id);
        let state = codec::encode(push).map_err(unprintable)?;
        item.extend([
            (OUTCOME.to_owned(), text("sealed")),
            (STATE.to_owned(), AttributeValue::B(Blob::new(state))),
            (EXPIRES_AT_S.to_owned(), number((self.clock.now() + PUSH_KEPT).as_seconds())),
        ]);
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(#pk)").expression_attribute_names("#pk", PK);
        self.save_alone(put.build().map_err(Failure::permanent)?).await
    }

    async fn unseal(&self, push: &PushId) -> Result<bool, Failure> {
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(push_keys(push)))
            .condition_expression("#outcome = :sealed AND attribute_not_exists(#resolved)")
            .update_expression("SET #outcome = :abandoned")
            .expression_attribute_names("#outcome", OUTCOME)
            .expression_attribute_names("#resolved", RESOLVED)
            .expression_attribute_values(":sealed", text("sealed"))
            .expression_attribute_values(":abandoned", text("abandoned"));
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(CallError::of("UpdateItem", &self.table, &error).failure()),
            },
        }
    }

    async fn resolve(&self, push: &PushId) -> Result<PushRecord, Failure> {
        let expires = (self.clock.now() + PUSH_KEPT).as_seconds();
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(push_keys(push)))
            .update_expression(
                "SET #resolved = :true, #outcome = if_not_exists(#outcome, :abandoned), \
                 #expires = if_not_exists(#expires, :expires)",
            )
            .expression_attribute_names("#resolved", RESOLVED)
            .expression_attribute_names("#outcome", OUTCOME)
            .expression_attribute_names("#expires", EXPIRES_AT_S)
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .expression_attribute_values(":abandoned", text("abandoned"))
            .expression_attribute_values(":expires", number(expires))
            .return_values(ReturnValue::AllNew);
        let reply = request.send().await.map_err(|error| CallError::of("UpdateItem", &self.table, &error).failure())?;
        let item = reply.attributes.unwrap_or_default();
        match item.get(OUTCOME).and_then(|outcome| outcome.as_s().ok()).map(String::as_str) {
            Some("sealed") => Ok(PushRecord::Sealed(decoded(&item)?)),
            _ => Ok(PushRecord::Abandoned),
        }
    }

    async fn line(&self, sku: &str, id: &LineId, ordered_at_ms: i64) -> Result<Option<Line>, Failure> {
        let key = keys(pool_partition(sku), line_key(id, ordered_at_ms));
        let request = self.client.get_item().table_name(&self.table).consistent_read(true).set_key(Some(key));
        let reply = request.send().await.map_err(|error| CallError::of("GetItem", &self.table, &error).failure())?;
        reply.item().map(read_line).transpose()
    }

    async fn put_line(&self, sku: &str, line: &Line) -> Result<bool, Failure> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(line_item(sku, line, self.clock.now())))
            .condition_expression("attribute_not_exists(#pk) OR #revision < :revision")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_values(":revision", number(line.revision));
        Ok(self.save_alone(put.build().map_err(Failure::permanent)?).await? == Saved::Written)
    }

    async fn newest_lines(&self, sku: &str, units: i64) -> Result<Vec<Line>, Failure> {
        let covered = |items: &[Item]| {
            let lines = items.iter().filter_map(|item| read_line(item).ok());
            lines.map(|line| line.units).sum::<i64>() >= units
        };
        let items = self.query(pool_partition(sku), ("line/", "line0"), covered).await?;
        let (mut lines, mut left) = (Vec::new(), units);
        for item in &items {
            let line = read_line(item)?;
            if left <= 0 {
                break;
            }
            left -= line.units;
            if line.units > 0 {
                lines.push(line);
            }
        }
        Ok(lines)
    }

    async fn list(&self) -> Result<Vec<Versioned>, Failure> {
        let items = self.query(DIRECTORY.to_owned(), ("\u{1}", "\u{10ffff}"), |_| false).await?;
        let sku = |item: &Item| item.get(SK).and_then(|sku| sku.as_s().ok()).cloned();
        self.load(&items.iter().filter_map(sku).collect::<Vec<_>>()).await
    }

    async fn older_entries(&self, sku: &str, below: u64, limit: usize) -> Result<Vec<Entry>, Failure> {
        let pages = limit.div_ceil(crate::pool::PAGE);
        let is_enough = |items: &[Item]| items.len() > pages;
        let items = self.query(pool_partition(sku), ("entries/", &page_key(below)), is_enough).await?;
        let mut entries = Vec::new();
        for item in &items {
            let page: Vec<Entry> = decoded(item)?;
            entries.extend(page.into_iter().rev().filter(|entry| entry.number < below));
        }
        entries.truncate(limit);
        Ok(entries)
    }
}
