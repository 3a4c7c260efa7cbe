//! What the engine asks of Shopify.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use shopify_webhook::ShopDomain;
use weir_core::UnixMillis;

use crate::LevelKey;

/// The most levels of one query and of one push: Shopify takes 250 rows a call.
pub const MAX_ROWS: usize = 250;

/// Names a push. It is the idempotency key of its call, so it is drawn once and stored before the call.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PushId(pub String);

impl fmt::Display for PushId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A level as Shopify showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Units that are available; below zero where the shop sold more than it had.
    pub available: i64,
    /// When the level last changed, by Shopify's clock: in whole seconds since 1970.
    pub updated_s: i64,
}

/// One call that sets levels of a shop: all of its rows or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// The idempotency key.
    pub id: PushId,
    /// The app whose token is used.
    pub app: String,
    /// The shop.
    pub shop: ShopName,
    /// When its intents were written. Shopify forgets the key after a day.
    pub begun_at_ms: i64,
    /// The rows, at most [`MAX_ROWS`], no level twice.
    pub rows: Vec<Row>,
}

/// A shop in a stored push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShopName(pub ShopDomain);

impl TryFrom<String> for ShopName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        ShopDomain::parse(&text).map(Self).ok_or_else(|| format!("{text:?} is not the domain of a shop"))
    }
}

impl From<ShopName> for String {
    fn from(name: ShopName) -> Self {
        name.0.as_str().to_owned()
    }
}

/// One level of a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The pool.
    pub sku: String,
    /// The level.
    pub level: LevelKey,
    /// The units that must be there: `changeFromQuantity`.
    pub from: i64,
    /// The units to set.
    pub to: i64,
}

/// The answer to a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetAnswer {
    /// All rows are set. The time is Shopify's, in whole seconds since 1970.
    Applied {
        /// When.
        at_s: i64,
    },
    /// No row is set. One verdict a row, in their order.
    Refused(Vec<RowVerdict>),
    /// No row is set, by this call or an earlier one with the same key.
    NotApplied,
    /// The call may have taken effect: ask again with the same key.
    Unknown(Duration),
    /// No row is set by this call, because none was sent. An earlier one with the same key may have been.
    Blocked(Blocked),
}

/// What Shopify says of a row of a refused push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowVerdict {
    /// Another row is at fault.
    Good,
    /// The level has another quantity than `from`.
    Stale,
    /// Shopify refuses the row, whatever its quantity: its code.
    Bad(String),
}

/// A shop that can't be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blocked {
    /// For this long: throttled, or an outage.
    For(Duration),
    /// Until somebody acts: frozen, uninstalled, without a token or a scope. The reason.
    Until(String),
}

/// Reads and sets levels.
pub trait Levels: Send + Sync {
    /// Reads levels of a shop, at most [`MAX_ROWS`], in their order. `None` for one that the location does not stock.
    fn read(
        &self,
        app: &str,
        shop: &ShopDomain,
        levels: &[LevelKey],
    ) -> impl Future<Output = Result<Vec<Option<Reading>>, Blocked>> + Send;

    /// Sets levels by one call, or asks what became of an earlier call with the same key and rows.
    fn set(&self, push: &Push) -> impl Future<Output = SetAnswer> + Send;
}

/// The moment from which on a key can't be asked about: an hour before Shopify forgets it.
#[must_use]
pub fn key_ends(begun: UnixMillis) -> UnixMillis {
    begun + Duration::from_secs(23 * 3600)
}
