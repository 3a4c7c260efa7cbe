//! The health of a stack, as data.

use std::fmt;

use serde::Serialize;
use weir_core::Lane;

/// The health of a stack: what was read, what could not be read, and what needs attention.
#[derive(Debug, Default)]
pub struct Health {
    /// What was read.
    pub status: Status,
    /// What needs attention, the worst first.
    pub findings: Vec<Finding>,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

/// Every figure. What could not be read is `None`.
#[derive(Debug, Default, Serialize)]
pub struct Status {
    /// The name of the stack.
    pub stack: String,
    /// When this was read.
    pub at: String,
    /// Every lane, the most urgent first.
    pub lanes: Vec<LaneStatus>,
    /// The time that `flow` covers, in seconds.
    pub last_seconds: u64,
    /// Rates and latencies.
    pub flow: Option<Traffic>,
    /// Circuits that are not closed.
    pub circuits: Option<Vec<CircuitStatus>>,
    /// Cost budgets of shops, the emptiest first.
    pub budgets: Option<Vec<BudgetStatus>>,
    /// What an operator switched off or limited.
    pub controls: Option<ControlsStatus>,
    /// What the monitor last saw at Shopify.
    pub shopify: Option<DriftStatus>,
    /// Calls that AWS refuses the workers because of permissions, names or shapes, as parked events have them.
    pub refusals: Option<Vec<String>>,
}

/// A lane and its dead-letter queue, in messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LaneStatus {
    /// Which lane.
    pub lane: Lane,
    /// Ready to be received.
    pub waiting: u64,
    /// With a worker, or hidden after a failure.
    pub in_flight: u64,
    /// Parked.
    pub delayed: u64,
    /// In the dead-letter queue.
    pub dead: u64,
    /// How long the oldest has waited, in seconds; `None` where CloudWatch does not say.
    pub oldest_seconds: Option<u64>,
}

/// What passed through the stack in the time that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Traffic {
    /// Webhooks that ingest accepted.
    pub accepted: f64,
    /// Webhooks that it rejected.
    pub rejected: f64,
    /// Events that took effect.
    pub done: f64,
    /// Deliveries of an event that had ended.
    pub duplicates: f64,
    /// Events that came after a newer version of their resource.
    pub stale: f64,
    /// Attempts after the first one.
    pub retries: f64,
    /// How often messages were parked.
    pub parks: f64,
    /// Attempts that failed.
    pub errors: f64,
    /// Of these, what AWS refused because of permissions, names or shapes.
    pub misconfigured: f64,
    /// Events that were given up.
    pub dead_lettered: f64,
    /// Of all that ended, the share that took effect or needed not to; `None` if nothing ended.
    pub success_percent: Option<f64>,
    /// How long ingest takes to answer.
    pub ingest: Option<Latency>,
    /// From when it happened at Shopify until it took effect.
    pub end_to_end: Option<Latency>,
    /// How long a reading of inventory takes.
    pub inventory_sync: Option<Latency>,
    /// Calls of the Admin API.
    pub shopify_calls: f64,
    /// What they cost, in points.
    pub shopify_cost: f64,
    /// Calls that Shopify throttled.
    pub shopify_throttled: f64,
}

/// A latency, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// The median.
    pub p50: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The 99th percentile.
    pub p99: f64,
}

/// A circuit that is not closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CircuitStatus {
    /// `shop/APP/DOMAIN`, or `destination/NAME`.
    pub name: String,
    /// `open` or `half_open`.
    pub phase: &'static str,
    /// When it opened.
    pub since: String,
    /// Until when no call passes.
    pub until: String,
    /// How many probes failed since it opened.
    pub failed_probes: u32,
    /// Why it opened.
    pub reason: String,
}

/// What is left of a shop's cost budget, in points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BudgetStatus {
    /// `APP/DOMAIN`
    pub name: String,
    /// What is left.
    pub level: f64,
    /// The most that there can be.
    pub max: f64,
    /// What comes back a second.
    pub restore: f64,
}

/// What an operator set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ControlsStatus {
    /// What is switched off, for whom, and why.
    pub off: Vec<String>,
    /// How many limits there are.
    pub limits: usize,
}

/// What the monitor last saw at Shopify.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DriftStatus {
    /// When the monitor last ended a round; `None` if it never did.
    pub monitored: Option<String>,
    /// Seconds since.
    pub monitored_seconds: Option<u64>,
    /// How many shops it saw.
    pub shops: u64,
    /// Shops whose subscriptions differ from those that are desired.
    pub drifted: Vec<String>,
    /// Shops whose lost subscriptions are back, and whose missed events are still being looked for.
    pub recovering: Vec<String>,
    /// Events that a reconciliation found missing within the last day.
    pub missing_today: u64,
}

/// Something that needs attention.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub kind: FindingKind,
}

/// How bad a finding is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Merchants feel it, or will.
    Critical,
    /// Not as it should be.
    Warning,
}

/// What needs attention.
#[derive(Debug, Clone, PartialEq)]
pub enum FindingKind {
    /// The lane's dead-letter queue is not empty.
    DeadLetters {
        /// Which lane.
        lane: Lane,
        /// How many messages there are.
        count: u64,
    },
    /// More messages wait in the lane than its alarm allows.
    DeepLane {
        /// Which lane.
        lane: Lane,
        /// How many wait.
        waiting: u64,
    },
    /// The lane's oldest message has waited for longer than its alarm allows.
    LateLane {
        /// Which lane.
        lane: Lane,
        /// For how long, in seconds.
        oldest_seconds: u64,
    },
    /// AWS refuses the workers a call because of a permission, a name or a shape.
    RefusedCall {
        /// `PutEvents on shop-bus: AccessDeniedException`
        call: String,
    },
    /// The same, where only the number of refused calls is known.
    RefusedCalls {
        /// How many.
        count: f64,
    },
    /// Too few of the events that ended took effect.
    LowSuccess {
        /// The share, in percent.
        percent: f64,
    },
    /// Ingest answers slowly.
    SlowIngest {
        /// The 99th percentile, in milliseconds.
        p99_ms: f64,
    },
    /// Shopify throttled calls of the Admin API.
    Throttled {
        /// How many.
        calls: f64,
    },
    /// A circuit is open.
    OpenCircuit {
        /// `shop/APP/DOMAIN`, or `destination/NAME`.
        circuit: String,
        /// Why.
        reason: String,
    },
    /// An operator switched something off.
    SwitchedOff {
        /// What, for whom, and why.
        what: String,
    },
    /// The subscriptions of a shop differ from those that are desired.
    Drifted {
        /// The shop's domain.
        shop: String,
    },
    /// Lost subscriptions of a shop are back, and the events it missed are being fetched.
    Recovering {
        /// The shop's domain.
        shop: String,
    },
    /// The monitor has ended no round for too long.
    SilentMonitor {
        /// When it last ended one; `None` if it never did.
        since: Option<String>,
    },
    /// Events had been missed, and were fetched within the last day.
    MissedEvents {
        /// How many.
        count: u64,
    },
}

/// A part of the status that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Which part.
    pub part: Part,
    /// Why.
    pub reason: String,
}

/// A part of the status, which is read by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What processes share: circuits and cost budgets.
    SharedState,
    /// Events that are parked.
    ParkedEvents,
    /// What an operator switched off or limited.
    Controls,
    /// What the monitor found.
    Monitor,
    /// Rates and latencies.
    Traffic,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SharedState => "circuits and budgets",
            Self::ParkedEvents => "parked events",
            Self::Controls => "controls",
            Self::Monitor => "the monitor's findings",
            Self::Traffic => "rates and latencies",
        })
    }
}
