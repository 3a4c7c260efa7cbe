//! What goes wrong, and how often.

use std::time::Duration;

/// Faults, each in so many of a thousand cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// A call is throttled: nothing happened.
    pub throttled: u32,
    /// A call happened, and its reply was lost.
    pub reply_lost: u32,
    /// A call is given up by the caller, and happens seconds later all the same.
    pub lands_late: u32,
    /// Nothing answers for some seconds, for anybody.
    pub brownout: u32,
    /// A call takes so long that the invocation's time runs out over it.
    pub stalls: u32,
    /// The process dies at a call: before it was sent, or after it happened.
    pub crash: u32,
    /// An invocation is throttled, for other functions have all of the account's executions: its messages come back after their
    /// visibility time-out, each with one receive more.
    pub invocation_throttled: u32,
    /// SQS delivers a message twice.
    pub delivered_twice: u32,
    /// SQS refuses one entry of a batch of visibility changes.
    pub entry_refused: u32,
    /// EventBridge refuses one entry of a call.
    pub event_refused: u32,
    /// The destination answers 500.
    pub destination_fails: u32,
    /// How far apart the clocks of two workers are at most. Each invocation has a clock of its own: one jumps between
    /// two.
    pub clock_skew: Duration,
    /// The rule of the fence as it once was, to see that the audit finds it: a version is `updated_at` alone, and runs once
    /// for each topic.
    pub whole_second_versions: bool,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        throttled: 0,
        reply_lost: 0,
        lands_late: 0,
        brownout: 0,
        stalls: 0,
        crash: 0,
        invocation_throttled: 0,
        delivered_twice: 0,
        entry_refused: 0,
        event_refused: 0,
        destination_fails: 0,
        clock_skew: Duration::ZERO,
        whole_second_versions: false,
    };

    /// Everything goes wrong, each more often than it ever did anywhere, and clocks as far apart as the lease allows.
    pub const ALL: Self = Self {
        throttled: 20,
        reply_lost: 25,
        lands_late: 15,
        brownout: 2,
        stalls: 6,
        crash: 12,
        invocation_throttled: 10,
        delivered_twice: 30,
        entry_refused: 50,
        event_refused: 20,
        destination_fails: 30,
        clock_skew: weir_core::CLOCK_SKEW,
        whole_second_versions: false,
    };
}
