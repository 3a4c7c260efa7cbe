//! What comes out.

use std::collections::BTreeMap;

use serde::Serialize;

/// What was asked of Shopify. Calls are attempts: each retry is one more. Rates and shares are of 1.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The first call's end, RFC 3339.
    pub from: Option<String>,
    /// The last call's end.
    pub to: Option<String>,
    /// Attempts to call.
    pub calls: u64,
    /// Attempts after the first one.
    pub retries: u64,
    /// What they cost.
    pub points: u64,
    /// THROTTLED and HTTP 429.
    pub throttled: u64,
    /// Of all calls.
    pub throttled_rate: f64,
    /// Calls whose like had succeeded within the minute before.
    pub redundant: u64,
    /// Of all calls.
    pub redundant_rate: f64,
    /// Repeats within the minute by background work, such as the monitor's: on purpose, to see what changed.
    pub polls: u64,
    /// Calls that failed, throttled ones too.
    pub failed: u64,
    /// By what went wrong.
    pub failures: BTreeMap<String, u64>,
    /// All, the most called first.
    pub operations: Vec<OperationRow>,
    /// How many shops were called.
    pub shop_count: usize,
    /// The ten that were called most.
    pub shops: Vec<ShopRow>,
    /// The ten operations and shops with the most redundant calls.
    pub redundant_by: Vec<RedundantRow>,
    /// What was read.
    pub lines: Lines,
}

impl Report {
    /// The share of attempts after the first one, of all calls.
    #[must_use]
    pub fn retry_rate(&self) -> f64 {
        rate(self.retries, self.calls)
    }
}

/// The calls of one operation.
#[derive(Debug, Serialize)]
pub struct OperationRow {
    /// Its name.
    pub operation: String,
    /// Attempts to call.
    pub calls: u64,
    /// Of all calls.
    pub share: f64,
    /// How long they took on average.
    pub mean_ms: f64,
    /// The 95th percentile.
    pub p95_ms: u64,
    /// What they cost.
    pub points: u64,
    /// Of all points.
    pub cost_share: f64,
    /// Those whose like had succeeded within the minute before.
    pub redundant: u64,
    /// Those that Shopify throttled.
    pub throttled: u64,
    /// Attempts after the first one.
    pub retries: u64,
}

/// The calls of one shop.
#[derive(Debug, Serialize)]
pub struct ShopRow {
    /// Its domain.
    pub shop: String,
    /// Attempts to call.
    pub calls: u64,
    /// Of all calls.
    pub share: f64,
    /// What they cost.
    pub points: u64,
    /// Those whose like had succeeded within the minute before.
    pub redundant: u64,
    /// Those that Shopify throttled.
    pub throttled: u64,
}

/// Redundant calls of one operation for one shop.
#[derive(Debug, Serialize)]
pub struct RedundantRow {
    /// The operation's name.
    pub operation: String,
    /// The shop's domain.
    pub shop: String,
    /// How many.
    pub calls: u64,
}

/// What was read.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Lines {
    /// All.
    pub read: u64,
    /// Of something else.
    pub others: u64,
    /// Calls that can't be read.
    pub malformed: u64,
}

/// A part of a whole; of nothing, none.
#[expect(clippy::cast_precision_loss, reason = "a share needs no more digits than a float has")]
pub(super) fn rate(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
