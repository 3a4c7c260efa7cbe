//! Orders in DynamoDB. Each method is one call.

use std::time::Duration;

use futures_util::future::try_join_all;

use aws_sdk_dynamodb::{
    Client,
    operation::{put_item::PutItemError, update_item::UpdateItemError},
    types::ReturnValuesOnConditionCheckFailure,
};
use weir_aws::{CallError, SdkConfig};
use weir_core::{EventShop, Failure};

use super::{
    OrderKey, OrderStore, Put, SHARDS,
    item::{BadOrder, Item, OUTBOX, PK, VERSION, keys, number, read_item, text, write_item},
    partition,
};
use crate::{OrderEvent, Record};
use resilience::Clock;

/// The table.
#[derive(Debug, Clone)]
pub struct DynamoOrders {
    client: Client,
    table: String,
    retention: Duration,
    clock: Clock,
}

impl DynamoOrders {
    /// `retention`: how long an order is remembered after its last change.
    pub fn new(config: &SdkConfig, table: String, retention: Duration, clock: Clock) -> Self {
        Self { client: Client::new(config), table, retention, clock }
    }

    /// The newest orders of a shop that are wanted, at most `limit`, the newest first. Each kilobyte that is read costs an
    /// eighth of a read unit, whether the order is wanted or not.
    ///
    /// # Errors
    /// If DynamoDB does not answer, or an item is not an order's.
    pub async fn newest(
        &self,
        shop: &EventShop,
        limit: usize,
        is_wanted: &(dyn Fn(&Record) -> bool + Sync),
    ) -> Result<Vec<(OrderKey, Record)>, Failure> {
        let shards = (0..SHARDS).map(|shard| self.newest_of_shard(partition(shop, shard), limit, is_wanted));
        let mut orders: Vec<_> = try_join_all(shards).await?.into_iter().flatten().collect();
        orders.sort_by_key(|(key, _)| std::cmp::Reverse(key.order));
        orders.truncate(limit);
        Ok(orders)
    }

    async fn newest_of_shard(
        &self,
        partition: String,
        limit: usize,
        is_wanted: &(dyn Fn(&Record) -> bool + Sync),
    ) -> Result<Vec<(OrderKey, Record)>, Failure> {
        let (mut orders, mut start) = (Vec::new(), None);
        loop {
            let request = self.client.query().table_name(&self.table).scan_index_forward(false);
            let request = request
                .key_condition_expression("#pk = :partition")
                .expression_attribute_names("#pk", PK)
                .expression_attribute_values(":partition", text(partition.as_str()))
                .limit(i32::try_from(limit.max(PAGE)).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start.take());
            let reply = request.send().await.map_err(|error| CallError::of("Query", &self.table, &error).failure())?;
            for item in reply.items() {
                let order = read_item(item).map_err(unreadable)?;
                if is_wanted(&order.1) {
                    orders.push(order);
                }
            }
            start = reply.last_evaluated_key;
            if start.is_none() || orders.len() >= limit {
                return Ok(orders);
            }
        }
    }
}

/// So many orders are read at once at least.
const PAGE: usize = 25;

/// An item that this version can't read blocks its order alone: nothing is written over it.
fn unreadable(error: BadOrder) -> Failure {
    Failure::permanent(error)
}

fn record(item: &Item) -> Result<Record, Failure> {
    read_item(item).map(|(_, record)| record).map_err(unreadable)
}

impl OrderStore for DynamoOrders {
    async fn get(&self, key: &OrderKey) -> Result<Option<Record>, Failure> {
        let request = self.client.get_item().table_name(&self.table).consistent_read(true).set_key(Some(keys(key)));
        let reply = request.send().await.map_err(|error| CallError::of("GetItem", &self.table, &error).failure())?;
        reply.item().map(record).transpose()
    }

    async fn put(&self, key: &OrderKey, next: &Record) -> Result<Put, Failure> {
        let item = write_item(key, next, self.clock.now() + self.retention).map_err(Failure::permanent)?;
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let request = if next.version == 0 {
            request.condition_expression("attribute_not_exists(#pk)").expression_attribute_names("#pk", PK)
        } else {
            request
                .condition_expression("#version = :read")
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":read", number(next.version))
        };
        match request.send().await {
            Ok(_) => Ok(Put::Written),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(Put::Lost(refused.item().map(record).transpose()?.map(Box::new)))
                }
                _ => Err(CallError::of("PutItem", &self.table, &error).failure()),
            },
        }
    }

    async fn clear(&self, key: &OrderKey, events: &[OrderEvent]) -> Result<(), Failure> {
        if events.is_empty() {
            return Ok(());
        }
        let removed: Vec<String> = (0..events.len()).map(|place| format!("#outbox.#event{place}")).collect();
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys(key)))
            .condition_expression("attribute_exists(#pk)")
            .update_expression(format!("SET #version = #version + :one REMOVE {}", removed.join(", ")))
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_names("#outbox", OUTBOX)
            .expression_attribute_values(":one", number(1));
        let request = events.iter().enumerate().fold(request, |request, (place, event)| {
            request.expression_attribute_names(format!("#event{place}"), event.to_string())
        });
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                // The order was forgotten meanwhile, and its outbox with it.
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(CallError::of("UpdateItem", &self.table, &error).failure()),
            },
        }
    }
}
