//! What comes out.

use std::collections::BTreeMap;

use serde::Serialize;

/// What was asked of Shopify. Calls are attempts: each retry is one more. Rates and shares are of 1.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The first call's end, RFC 3339.
    pub(super) from: Option<String>,
    /// The last call's end.
    pub(super) to: Option<String>,
    pub(super) calls: u64,
    pub(super) retries: u64,
    pub(super) points: u64,
    /// THROTTLED and HTTP 429.
    pub(super) throttled: u64,
    pub(super) throttled_rate: f64,
    /// Calls whose like had succeeded within the minute before.
    pub(super) redundant: u64,
    pub(super) redundant_rate: f64,
    /// By what went wrong.
    pub(super) failures: BTreeMap<String, u64>,
    /// All, the most called first.
    pub(super) operations: Vec<OperationRow>,
    pub(super) shop_count: usize,
    /// The ten that were called most.
    pub(super) shops: Vec<ShopRow>,
    /// The ten operations and shops with the most redundant calls.
    pub(super) redundant_by: Vec<RedundantRow>,
    pub(super) lines: Lines,
}

#[derive(Debug, Serialize)]
pub(super) struct OperationRow {
    pub(super) operation: String,
    pub(super) calls: u64,
    /// Of all calls.
    pub(super) share: f64,
    pub(super) mean_ms: f64,
    pub(super) p95_ms: u64,
    pub(super) points: u64,
    /// Of all points.
    pub(super) cost_share: f64,
    pub(super) redundant: u64,
    pub(super) throttled: u64,
    pub(super) retries: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct ShopRow {
    pub(super) shop: String,
    pub(super) calls: u64,
    pub(super) share: f64,
    pub(super) points: u64,
    pub(super) redundant: u64,
    pub(super) throttled: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct RedundantRow {
    pub(super) operation: String,
    pub(super) shop: String,
    pub(super) calls: u64,
}

/// What was read.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub(super) struct Lines {
    pub(super) read: u64,
    /// Of something else.
    pub(super) others: u64,
    /// Calls that can't be read.
    pub(super) malformed: u64,
}

/// A part of a whole; of nothing, none.
#[expect(clippy::cast_precision_loss, reason = "a share needs no more digits than a float has")]
pub(super) fn rate(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
