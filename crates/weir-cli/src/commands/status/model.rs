//! What a look at a stack found.

use serde::Serialize;

/// All of it. What could not be read is `None`, and said in `unread`.
#[derive(Debug, Default, Serialize)]
pub(super) struct Status {
    pub(super) stack: String,
    /// When it was looked at.
    pub(super) at: String,
    pub(super) lanes: Vec<Lane>,
    /// The time that `flow` is of, in seconds.
    pub(super) last_seconds: u64,
    pub(super) flow: Option<Flow>,
    pub(super) circuits: Option<Vec<Circuit>>,
    /// The fullest users first.
    pub(super) budgets: Option<Vec<Budget>>,
    pub(super) controls: Option<Controls>,
    pub(super) shopify: Option<Drift>,
    /// Calls that AWS refuses the workers because of permissions, names or shapes, as parked events have them.
    pub(super) refusals: Option<Vec<String>>,
    /// What needs a look, the worst first.
    pub(super) findings: Vec<Finding>,
    /// What could not be read, and why.
    pub(super) unread: Vec<String>,
}

/// A lane and its dead-letter queue, in messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Lane {
    pub(super) lane: &'static str,
    /// Ready to be taken.
    pub(super) waiting: u64,
    /// With a worker, or hidden after a failure.
    pub(super) in_flight: u64,
    /// Parked.
    pub(super) delayed: u64,
    pub(super) dead: u64,
    /// How long the oldest has waited, in seconds; `None` where CloudWatch does not say.
    pub(super) oldest_seconds: Option<u64>,
}

/// What went through, over the time looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Flow {
    pub(super) accepted: f64,
    pub(super) rejected: f64,
    pub(super) done: f64,
    pub(super) duplicates: f64,
    pub(super) stale: f64,
    pub(super) retries: f64,
    pub(super) parks: f64,
    pub(super) errors: f64,
    /// Of these, what AWS refused because of permissions, names or shapes.
    pub(super) misconfigured: f64,
    pub(super) dead_lettered: f64,
    /// Of all that ended, the share that took effect or needed not to; `None` if nothing ended.
    pub(super) success_percent: Option<f64>,
    pub(super) ingest: Option<Latency>,
    /// From when it happened at Shopify until it took effect.
    pub(super) end_to_end: Option<Latency>,
    pub(super) inventory_sync: Option<Latency>,
    pub(super) shopify_calls: f64,
    pub(super) shopify_cost: f64,
    pub(super) shopify_throttled: f64,
}

/// In milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Latency {
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
}

/// A circuit that is not closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Circuit {
    /// `shop/APP/DOMAIN`, or `destination/NAME`.
    pub(super) name: String,
    /// `open` or `half_open`.
    pub(super) phase: &'static str,
    pub(super) since: String,
    pub(super) until: String,
    pub(super) failed_probes: u32,
    pub(super) reason: String,
}

/// What is left of a shop's cost budget, in points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Budget {
    /// `APP/DOMAIN`
    pub(super) name: String,
    pub(super) level: f64,
    pub(super) max: f64,
    /// A second.
    pub(super) restore: f64,
}

/// What an operator set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Controls {
    pub(super) off: Vec<String>,
    pub(super) limits: usize,
}

/// What the monitor last saw at Shopify.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Drift {
    /// When the monitor last ended a round; `None` if it never did.
    pub(super) monitored: Option<String>,
    /// Seconds since.
    pub(super) monitored_seconds: Option<u64>,
    pub(super) shops: u64,
    /// Shops whose subscriptions differ from those that are desired.
    pub(super) drifted: Vec<String>,
    /// Shops whose lost subscriptions are back, and whose missed events are still being looked for.
    pub(super) recovering: Vec<String>,
    /// Events that a reconciliation found missing within the last day.
    pub(super) missing_today: u64,
}

/// Something that needs a look.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    pub(super) what: String,
    /// The command to begin with.
    pub(super) then: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    /// Merchants feel it, or will.
    Bad,
    /// Not as it should be.
    Odd,
}
