//! The item of an order.
//!
//! | attribute | |
//! |---|---|
//! | `pk`, `sk` | the shop's partition, and the order's id |
//! | `version` | counts the writes |
//! | `axes`, `name` | for people who look into the table: `open paid fulfilled no_return`, `#1001` |
//! | `state` | state and history, compressed |
//! | `outbox` | what is still to be published: by the event, when it was called for and by which delivery |
//! | `expires_at_s` | when it may be forgotten |

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use weir_core::{EventShop, UnixMillis};

use super::{CodecError, OrderKey, codec};
use crate::{OrderEvent, Record, payload::Id, record::Pending};

pub(super) const PK: &str = "pk";
pub(super) const SK: &str = "sk";
pub(super) const VERSION: &str = "version";
pub(super) const OUTBOX: &str = "outbox";
const AXES: &str = "axes";
const NAME: &str = "name";
const STATE: &str = "state";
const EXPIRES_AT_S: &str = "expires_at_s";

/// An item of DynamoDB.
pub type Item = HashMap<String, AttributeValue>;

/// An item is not an order's. Names the order, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("order {key}: {reason}")]
pub struct BadOrder {
    /// Its keys.
    pub key: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn keys(key: &OrderKey) -> Item {
    Item::from([(PK.to_owned(), text(key.partition())), (SK.to_owned(), number(key.order))])
}

/// The item of an order at its next version.
///
/// # Errors
/// If the state can't be encoded, which no state can cause.
pub fn write_item(key: &OrderKey, record: &Record, expires_at: UnixMillis) -> Result<Item, CodecError> {
    let axes = record.state.axes();
    let outbox = record
        .outbox
        .iter()
        .map(|(event, pending)| (event.to_string(), text(format!("{} {}", pending.since.0, pending.delivery))));
    let mut item = keys(key);
    item.extend([
        (VERSION.to_owned(), number(record.version.saturating_add(1))),
        (AXES.to_owned(), text(format!("{} {} {} {}", axes.lifecycle, axes.payment, axes.fulfilment, axes.returns))),
        (STATE.to_owned(), AttributeValue::B(Blob::new(codec::encode(&record.state, &record.history)?))),
        (OUTBOX.to_owned(), AttributeValue::M(outbox.collect())),
        (EXPIRES_AT_S.to_owned(), number(expires_at.as_seconds())),
    ]);
    item.extend(record.state.name.as_ref().map(|name| (NAME.to_owned(), text(&name.value))));
    Ok(item)
}

/// Reads an item.
///
/// # Errors
/// If it is no order's, or another version of weir wrote it.
pub fn read_item(item: &Item) -> Result<(OrderKey, Record), BadOrder> {
    let string = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str);
    let digits = |name: &str| item.get(name).and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok());
    let bad = |reason| BadOrder {
        key: format!(
            "{}/{}",
            string(PK).unwrap_or("?"),
            digits(SK).map_or_else(|| "?".to_owned(), |id: u64| id.to_string())
        ),
        reason,
    };
    let (shop, _) = string(PK).and_then(|pk| pk.rsplit_once('#')).ok_or_else(|| bad("no partition"))?;
    let key = OrderKey { shop: EventShop::from_stored(shop), order: Id(digits(SK).ok_or_else(|| bad("no id"))?) };
    let version = digits(VERSION).ok_or_else(|| bad("no version"))?;
    let state = item.get(STATE).and_then(|value| value.as_b().ok()).ok_or_else(|| bad("no state"))?;
    let (state, history) = codec::decode(state.as_ref()).map_err(|_| bad("a state that can't be read"))?;
    let mut outbox = BTreeMap::new();
    for (event, pending) in item.get(OUTBOX).and_then(|value| value.as_m().ok()).into_iter().flatten() {
        let event: OrderEvent = event.parse().map_err(|_| bad("an unknown event in the outbox"))?;
        let pending = pending.as_s().ok().and_then(|text| read_pending(text.as_str()));
        outbox.insert(event, pending.ok_or_else(|| bad("an event in the outbox that can't be read"))?);
    }
    Ok((key, Record { version, state, outbox, history }))
}

fn read_pending(text: &str) -> Option<Pending> {
    let (since, delivery) = text.split_once(' ')?;
    Some(Pending { delivery: delivery.to_owned(), since: UnixMillis(since.parse().ok()?) })
}

/// What a write of this item costs, in write units: one for each kilobyte of names and values, as DynamoDB counts them.
pub fn write_units(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size(value)).sum::<usize>().div_ceil(1024).max(1)
}

fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        // Two digits a byte, and one byte.
        AttributeValue::N(digits) => digits.len() / 2 + 2,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        // Three bytes, and one for each entry.
        AttributeValue::M(entries) => {
            3 + entries.iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>()
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::SHARDS, *};

    fn key() -> OrderKey {
        OrderKey { shop: EventShop::from_stored("north.myshopify.com"), order: Id(820_982_911_946_154_508) }
    }

    #[test]
    fn order_is_read_again_as_it_was_written_at_its_next_version() {
        let mut record = Record { version: 3, ..Record::default() };
        record.state.deleted = true;
        let pending = Pending { delivery: "b54557e4-9d43".to_owned(), since: UnixMillis(1_795_755_600_120) };
        record.outbox = BTreeMap::from([(OrderEvent::Paid, pending.clone()), (OrderEvent::Refunded(Id(5)), pending)]);
        let item = write_item(&key(), &record, UnixMillis(1_795_755_600_000)).unwrap();
        assert_eq!(read_item(&item), Ok((key(), Record { version: 4, ..record })));
        assert_eq!(write_units(&item), 1);
    }

    #[test]
    fn foreign_item_is_named_and_not_read() {
        let whole = write_item(&key(), &Record::default(), UnixMillis(0)).unwrap();
        let broken_outbox = AttributeValue::M(HashMap::from([("order.sung".to_owned(), text("1 x"))]));
        let broken = [
            (PK, text("north")),
            (SK, text("x")),
            (VERSION, text("x")),
            (STATE, AttributeValue::B(Blob::new(b"x".to_vec()))),
            (OUTBOX, broken_outbox),
        ];
        for (name, value) in broken {
            let mut item = whole.clone();
            item.insert(name.to_owned(), value);
            let error = read_item(&item).unwrap_err().to_string();
            assert!(error.starts_with("order north"), "{name}: {error}");
        }
    }

    #[test]
    fn orders_of_a_shop_are_spread_over_its_partitions() {
        let mut counts = [0_u32; SHARDS as usize];
        for id in 0..8000 {
            // Ids of Shopify's have many low bits in common.
            let key = OrderKey { order: Id(5_000_000_000_000 + id * 32_768), ..key() };
            let shard: usize = key.partition().rsplit_once('#').unwrap().1.parse().unwrap();
            counts[shard] += 1;
        }
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    }
}
