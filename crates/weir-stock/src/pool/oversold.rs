//! Who got the units: lines of orders, and those that the stock does not cover.

use std::fmt;

use serde::{Deserialize, Serialize};
use shopify_webhook::ShopDomain;
use weir_core::UnixMillis;

use super::{Cause, Pool};

/// Names a line of an order: `north.myshopify.com/ORDER/LINE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineId {
    /// The shop.
    pub shop: ShopDomain,
    /// Shopify's id of the order.
    pub order: u64,
    /// Shopify's id of the line.
    pub line: u64,
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.shop, self.order, self.line)
    }
}

/// A line of an order, as far as it takes units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its name.
    pub id: LineId,
    /// When the order was made, in milliseconds since 1970: the newest order gets what is left.
    pub ordered_at_ms: i64,
    /// Units that it takes now: none once it is cancelled, removed or restocked.
    pub units: i64,
    /// Grows with each state of the order. An older one changes nothing.
    pub revision: u64,
}

/// A line that the stock does not cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedLine {
    /// The line: `north.myshopify.com/ORDER/LINE`.
    pub line: String,
    /// Its units beyond the stock.
    pub units: i64,
}

impl Pool {
    /// Units sold beyond the stock.
    #[must_use]
    pub fn oversold(&self) -> i64 {
        self.available.saturating_neg().max(0)
    }

    /// Names the lines beyond the stock, given the newest lines of the pool, the newest first. `true` if they are other ones
    /// than before.
    pub fn name_oversold(&mut self, newest: &[Line], now: UnixMillis) -> bool {
        let (mut left, mut lines) = (self.oversold(), Vec::new());
        for line in newest.iter().filter(|line| line.units > 0) {
            if left == 0 {
                break;
            }
            let units = line.units.min(left);
            left -= units;
            lines.push(NamedLine { line: line.id.to_string(), units });
        }
        if lines == self.named {
            return false;
        }
        self.named.clone_from(&lines);
        self.record(Cause::Oversold { lines }, 0, now);
        true
    }

    /// Takes in a change of a line in a shop that has no level: `before` units are accounted for already.
    pub fn absorb_line(&mut self, before: i64, line: &Line, now: UnixMillis) {
        let delta = before - line.units;
        if delta != 0 {
            self.record(Cause::Order { line: line.id.to_string() }, delta, now);
        }
    }
}
