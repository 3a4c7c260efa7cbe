//! The cost budget: calls wait for their points before they are made, and all processes share Shopify's bucket.
//!
//! ```text
//!  call ─▶ pace (this process, a shop, a priority) ─ no points ─▶ bucket (shared document, an app and shop)
//!            ▲ points left over, true cost                            one read and one write, for five calls or more
//!  reply ────┘ throttleStatus ────────────────────────────────────▶ mends the bucket with the next write
//! ```
//!
//! [`bucket`] and [`pace`] are pure; [`Budget`] joins them with the shared state and the clock. Calls of REST have a bucket
//! of their own, and a second budget of the same kind ([`Budgets::of_rest_calls`]).

pub mod bucket;
mod meter;
pub mod pace;
pub(crate) mod rest;

#[cfg(test)]
mod tests;

use resilience::UnixMillis;
use serde::{Deserialize, Serialize};

pub use meter::{Budget, Budgets, NotWithin, Reserved};

/// Points that were promised to a process.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    /// When it must not be used any more.
    pub until: UnixMillis,
    /// When what is left of the lump must not be used any more: nobody may sit on it.
    pub lump_until: UnixMillis,
    /// Points a second.
    pub rate: f64,
    /// Points of the rate that may gather.
    pub hold: f64,
    /// Points of calls that were under way when it was promised: they are no longer the lease's, but not charged yet.
    pub carried: f64,
    /// Points at once.
    pub lump: f64,
    /// How much of the lump was there when it was promised; the rest comes in with the refill. May be negative.
    pub ready: f64,
    /// Points a second by which the rest comes in.
    pub refill: f64,
    /// The bucket's refill, points a second: another one says that the shop changed its plan.
    pub restore: f64,
    /// Whether the bucket was nearly empty: asking again soon brings nothing.
    pub is_scarce: bool,
    /// When it was promised.
    pub granted_at: UnixMillis,
    /// The document's `gone` then; `None` for a lease that a process gave itself while the document can't be reached.
    pub gone: Option<f64>,
}

/// Shopify's `throttleStatus`, and when it was told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// `maximumAvailable`.
    pub max: f64,
    /// `currentlyAvailable`.
    pub available: f64,
    /// `restoreRate`, points a second.
    pub restore: f64,
    /// When the reply came.
    pub at: UnixMillis,
    /// The shared document's `gone` before that, as far as this process knows.
    pub gone: Option<f64>,
}

/// What Shopify says of one call's cost: `extensions.cost`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Points that had to be there.
    #[serde(rename = "requestedQueryCost")]
    pub requested: u32,
    /// Points that were taken in the end; `None` if the call was throttled.
    #[serde(rename = "actualQueryCost")]
    pub actual: Option<u32>,
    /// The bucket after the call.
    pub throttle_status: ThrottleStatus,
}

/// `throttleStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThrottleStatus {
    /// Size of the bucket.
    pub maximum_available: f64,
    /// Points in it.
    pub currently_available: f64,
    /// Points a second.
    pub restore_rate: f64,
}

impl Cost {
    /// Whether these can be the numbers of a bucket. Others would spoil the budget that all processes share: a rate of
    /// zero ends no wait, and what overflows is no number any more.
    pub(crate) fn is_plausible(&self) -> bool {
        /// A thousand times the largest plan's.
        const MOST: f64 = 4e7;
        let ThrottleStatus { maximum_available: max, currently_available: available, restore_rate: restore } =
            self.throttle_status;
        (1.0..=MOST).contains(&max)
            && (1.0..=max).contains(&restore)
            && (-MOST..=max).contains(&available)
            && f64::from(self.requested.max(self.actual.unwrap_or(0))) <= MOST
    }

    fn status(&self, at: UnixMillis) -> Status {
        let ThrottleStatus { maximum_available: max, currently_available: available, restore_rate: restore } =
            self.throttle_status;
        Status { max, available, restore, at, gone: None }
    }
}

/// Who goes first when points are scarce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Somebody waits: a webhook's handler, a person.
    Foreground,
    /// Nobody does: reconciliation, exports, caches. Leaves a quarter of the bucket to the foreground.
    Background,
}
