//! Rules of AWS that no single call shows: what an account, a queue or a table bears, and what it does beyond that.

use std::time::Duration;

/// What surrounds the worker. [`Environment::AWS`] has AWS's own figures, and what `template.yaml` sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Environment {
    /// What Lambda does about a function that sends to the queue that invokes it.
    pub recursive_loop: RecursiveLoop,
    /// Executions that the account has left for the function. What is received beyond that is throttled: the message is hidden
    /// for its visibility time-out, and has one receive more without having been looked at.
    pub executions: usize,
    /// `maxReceiveCount` of the lane.
    pub max_receives: u32,
    /// The worker's setting `WEIR_MAX_RECEIVE_COUNT`. The template sets it to the queue's `maxReceiveCount`.
    pub worker_max_receives: u32,
    /// Messages that a queue has in flight at most: received, not deleted, not visible again.
    pub in_flight: usize,
    /// How long a queue keeps a message. Then it is gone, and in no dead-letter queue.
    pub retention: Duration,
    /// Writes that a table takes within a second: a new one has not grown yet.
    pub table_writes: u32,
    /// Writes that one key takes within a second, however large its table is.
    pub key_writes: u32,
    /// Bytes that EventBridge takes with one call, which it otherwise refuses as a whole: a million, or 256 KB where a region
    /// has not followed yet.
    pub bus_call_bytes: usize,
    /// Whether a rule of the bus matches what is published. EventBridge takes what matches none, and nobody gets it.
    pub is_matched: bool,
    /// A service that refuses the function's role, from when on and for how long.
    pub denied: Option<(Service, Duration, Duration)>,
    /// When nobody reads the lane, and for how long: its event source is disabled, or a deployment is broken.
    pub disabled: Option<(Duration, Duration)>,
}

/// `RecursiveLoop` of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecursiveLoop {
    /// It may go on for ever.
    Allow,
    /// Lambda's default: an event that the function caused itself, sixteen times over, invokes it no more.
    Terminate,
}

/// A service that a role may be denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// SQS.
    Queue,
    /// DynamoDB.
    Tables,
    /// EventBridge.
    Bus,
}

/// Invocations of one lineage that Lambda lets happen by default.
pub(crate) const LINEAGE: u32 = 16;

impl Environment {
    /// A grown account, with the template's settings.
    pub const AWS: Self = Self {
        recursive_loop: RecursiveLoop::Allow,
        executions: 1_000,
        max_receives: 5,
        worker_max_receives: 5,
        in_flight: 120_000,
        retention: Duration::from_secs(14 * 86_400),
        table_writes: 4_000,
        key_writes: 1_000,
        bus_call_bytes: 1_000_000,
        is_matched: true,
        denied: None,
        disabled: None,
    };
}
