//! The items of the table of stock.
//!
//! | attribute | |
//! |---|---|
//! | `pk`, `sk` | see [`store`](super) |
//! | `version` | of a pool: counts the writes |
//! | `available` | of a pool, for people who look into the table |
//! | `state` | a pool, a page of its journal, or a push: JSON, compressed |
//! | `sku` | of a level: its pool |
//! | `units`, `revision` | of an order line |
//! | `outcome`, `resolved` | of a push: whether its call may have been made, and whether somebody has asked what became of it |
//! | `expires_at_s` | when a line, a page or a push may be forgotten |

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use shopify_webhook::ShopDomain;
use weir_core::{Failure, UnixMillis};

use super::{Versioned, codec};
use crate::{
    LevelKey, Pool, PushId,
    pool::{Line, LineId},
};

pub(super) const PK: &str = "pk";
pub(super) const SK: &str = "sk";
pub(super) const VERSION: &str = "version";
pub(super) const SKU: &str = "sku";
pub(super) const REVISION: &str = "revision";
pub(super) const OUTCOME: &str = "outcome";
pub(super) const RESOLVED: &str = "resolved";
pub(super) const STATE: &str = "state";
pub(super) const EXPIRES_AT_S: &str = "expires_at_s";
const AVAILABLE: &str = "available";
const UNITS: &str = "units";

/// The sort key of a pool.
pub(super) const POOL: &str = "pool";

/// The partition that names all pools.
pub(super) const DIRECTORY: &str = "pools";

/// Lines and old journal entries are kept for so long.
pub(super) const KEPT: Duration = Duration::from_secs(400 * 24 * 3600);

/// Pushes are kept for so long: twice as long as Shopify remembers their keys.
pub(super) const PUSH_KEPT: Duration = Duration::from_secs(48 * 3600);

/// An item of DynamoDB.
pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn keys(pk: String, sk: impl Into<String>) -> Item {
    Item::from([(PK.to_owned(), text(pk)), (SK.to_owned(), text(sk))])
}

pub(super) fn pool_partition(sku: &str) -> String {
    format!("pool/{sku}")
}

pub(super) fn level_keys(level: &LevelKey) -> Item {
    keys(format!("level/{level}"), "level")
}

pub(super) fn push_keys(push: &PushId) -> Item {
    keys(format!("push/{push}"), "push")
}

pub(super) fn page_key(first: u64) -> String {
    format!("entries/{first:020}")
}

/// Lines sort by the time of their order.
pub(super) fn line_key(id: &LineId, ordered_at_ms: i64) -> String {
    format!("line/{:015}/{id}", ordered_at_ms.max(0))
}

/// Something that is to be stored can't be printed as JSON, which nothing can cause.
pub(super) fn unprintable(error: super::BadPool) -> Failure {
    Failure::permanent(error)
}

/// The item of a pool at its next version.
pub(super) fn pool_item(pool: &Pool, version: u64) -> Result<Item, Failure> {
    let mut item = keys(pool_partition(&pool.sku), POOL);
    let state = codec::encode(pool).map_err(unprintable)?;
    item.extend([
        (VERSION.to_owned(), number(version + 1)),
        (AVAILABLE.to_owned(), number(pool.available)),
        (STATE.to_owned(), AttributeValue::B(Blob::new(state))),
    ]);
    Ok(item)
}

pub(super) fn read_pool(item: &Item) -> Result<Versioned, Failure> {
    Ok(Versioned { pool: decoded(item)?, version: read_number(item, VERSION)? })
}

/// The value in an item's `state`.
pub(super) fn decoded<T: serde::de::DeserializeOwned>(item: &Item) -> Result<T, Failure> {
    let state = item.get(STATE).and_then(|state| state.as_b().ok()).ok_or_else(|| unreadable(item, STATE))?;
    codec::decode(state.as_ref()).map_err(|_| unreadable(item, STATE))
}

pub(super) fn line_item(sku: &str, line: &Line, now: UnixMillis) -> Item {
    let mut item = keys(pool_partition(sku), line_key(&line.id, line.ordered_at_ms));
    item.extend([
        (UNITS.to_owned(), number(line.units)),
        (REVISION.to_owned(), number(line.revision)),
        (EXPIRES_AT_S.to_owned(), number((now + KEPT).as_seconds())),
    ]);
    item
}

pub(super) fn read_line(item: &Item) -> Result<Line, Failure> {
    let key = item.get(SK).and_then(|key| key.as_s().ok()).ok_or_else(|| unreadable(item, SK))?;
    let mut parts = key.split('/').skip(1);
    let ordered_at_ms = parts.next().and_then(|part| part.parse().ok());
    let shop = parts.next().and_then(ShopDomain::parse);
    let mut id = || parts.next().and_then(|part| part.parse().ok());
    let (Some(ordered_at_ms), Some(shop), Some(order), Some(line)) = (ordered_at_ms, shop, id(), id()) else {
        return Err(unreadable(item, SK));
    };
    Ok(Line {
        id: LineId { shop, order, line },
        ordered_at_ms,
        units: read_number(item, UNITS)?,
        revision: read_number(item, REVISION)?,
    })
}

fn read_number<T: std::str::FromStr>(item: &Item, name: &str) -> Result<T, Failure> {
    let value = item.get(name).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok());
    value.ok_or_else(|| unreadable(item, name))
}

/// An item that this version can't read blocks its pool alone: nothing is written over it.
pub(super) fn unreadable(item: &Item, attribute: &str) -> Failure {
    let key = item.get(PK).and_then(|key| key.as_s().ok()).map_or("an item", String::as_str);
    Failure::permanent(format!("{key}: its attribute {attribute} can't be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_is_read_as_it_is_written() {
        let shop = ShopDomain::parse("north.myshopify.com").unwrap();
        let id = LineId { shop, order: 820_982_911_946_154_508, line: 7 };
        let line = Line { id, ordered_at_ms: 1_795_755_600_123, units: 2, revision: 5 };
        let item = line_item("TEA/1", &line, UnixMillis(0));
        assert_eq!(read_line(&item).unwrap(), line);
    }

    #[test]
    fn lines_sort_by_the_time_of_their_order() {
        let shop = ShopDomain::parse("north.myshopify.com").unwrap();
        let id = |order| LineId { shop: shop.clone(), order, line: 1 };
        assert!(line_key(&id(9), 999) < line_key(&id(1), 1_000_000_000_000));
    }
}
