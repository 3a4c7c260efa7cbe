//! Which of two states of a resource is the newer one.

use serde::{Deserialize, Serialize};
use weir_core::envelope::Meta;

/// Nanoseconds of a millisecond.
const MILLI: i64 = 1_000_000;
/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// The state of a resource that a delivery shows. Stamps have a total order: by the resource's own clock, then by the
/// event's, then by the body.
///
/// Shopify's `updated_at` has whole seconds, and a resource often has several states within one. A body without it
/// counts from the second of its Triggered-At. Two bodies that agree in both times tie: the greater hash wins, so that
/// all that was read from one body wins or loses together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp(
    /// `updated_at` of the resource, in seconds since 1970.
    i64,
    /// When the event was triggered, in nanoseconds since 1970; when it was received, if Shopify did not say.
    i64,
    /// The first 32 bits of the body's SHA-256.
    u32,
);

/// The part of a stamp that all resources of one delivery share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryStamp {
    triggered_ns: i64,
    body: u32,
}

impl DeliveryStamp {
    /// The stamp of a delivery.
    pub fn of(meta: &Meta) -> Self {
        let triggered = meta.triggered_at.as_deref().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let triggered = triggered.and_then(|at| i64::try_from(at.as_nanosecond()).ok());
        Self {
            triggered_ns: triggered.unwrap_or_else(|| meta.received_at.0.saturating_mul(MILLI)),
            body: meta.body_sha256.get(..8).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or(0),
        }
    }

    /// When the event was triggered, in seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.triggered_ns.div_euclid(SECOND)
    }

    /// The stamp of a resource that was updated at this second, if its body says so.
    pub fn resource(self, updated_at: Option<i64>) -> Stamp {
        Stamp(updated_at.unwrap_or_else(|| self.seconds()), self.triggered_ns, self.body)
    }
}

impl Stamp {
    /// When the state was made, in seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0
    }
}
