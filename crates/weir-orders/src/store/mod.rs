//! Where orders are stored: one item an order.

mod codec;
mod dynamo;
mod item;

use std::fmt;

use weir_core::{EventShop, Failure, sha256};

pub use self::{
    codec::CodecError,
    dynamo::DynamoOrders,
    item::{BadOrder, Item, read_item, write_item, write_units},
};
use crate::{OrderEvent, Record, payload::Id};

/// Into so many partitions the orders of a shop are spread: a flash sale would exceed the rate of one.
pub const SHARDS: u8 = 8;

/// Names an order. Apps share it: an order is the same, whichever app heard of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey {
    /// The shop.
    pub shop: EventShop,
    /// Shopify's id of the order.
    pub order: Id,
}

impl OrderKey {
    /// The partition: `north.myshopify.com#5`. The order's id is the sort key, so a partition lists its orders by age.
    pub fn partition(&self) -> String {
        let hash = sha256::hex(self.order.to_string().as_bytes());
        let shard = u8::from_str_radix(hash.get(..2).unwrap_or_default(), 16).unwrap_or(0) % SHARDS;
        partition(&self.shop, shard)
    }
}

/// One of the partitions of a shop.
pub fn partition(shop: &EventShop, shard: u8) -> String {
    format!("{shop}#{shard}")
}

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.shop, self.order)
    }
}

/// The answer to a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// Written.
    Written,
    /// Somebody else wrote in between: the order as it is now.
    Lost(Option<Box<Record>>),
}

/// A table of orders.
pub trait OrderStore: Send + Sync + 'static {
    /// Reads an order, consistently.
    fn get(&self, key: &OrderKey) -> impl Future<Output = Result<Option<Record>, Failure>> + Send;

    /// Writes an order whose version was `record.version` when it was read. It gets the next version.
    fn put(&self, key: &OrderKey, record: &Record) -> impl Future<Output = Result<Put, Failure>> + Send;

    /// Removes published events from the outbox, whatever the order's version is: it gets the next one, so that nobody
    /// who read it before writes them back.
    fn clear(&self, key: &OrderKey, events: &[OrderEvent]) -> impl Future<Output = Result<(), Failure>> + Send;
}
