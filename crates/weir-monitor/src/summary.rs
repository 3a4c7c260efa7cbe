//! What a run did.

use weir_telemetry::{
    Labels, Metrics,
    metrics::{
        API_VERSION_FELL_FORWARD, MONITOR_RUNS, MONITOR_SHOPS_CHECKED, MONITOR_SHOPS_FAILED, Metric,
        SILENT_SUBSCRIPTIONS, SUBSCRIPTION_DRIFT, SUBSCRIPTIONS_RESTORED,
    },
};

/// Counts of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Shops that were compared.
    pub shops: u64,
    /// Those that could not be.
    pub failed: u64,
    /// Subscriptions that were missing or other than desired.
    pub drift: u64,
    /// Those that were put right.
    pub restored: u64,
    /// Events that were sent for those that had been missed.
    pub recovered: u64,
    /// Declared subscriptions whose deliveries stopped coming.
    pub silent: u64,
    /// Answers of another API version, and subscriptions that deliver one.
    pub fell_forward: u64,
    /// Whether the round came to its end.
    pub is_round: bool,
}

impl std::ops::AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.shops += other.shops;
        self.failed += other.failed;
        self.drift += other.drift;
        self.restored += other.restored;
        self.recovered += other.recovered;
        self.silent += other.silent;
        self.fell_forward += other.fell_forward;
        self.is_round |= other.is_round;
    }
}

impl Summary {
    /// Tells its metrics.
    pub fn tell(&self, metrics: &Metrics) {
        let counts: [(&'static Metric, u64); 7] = [
            (&MONITOR_RUNS, 1),
            (&MONITOR_SHOPS_CHECKED, self.shops),
            (&MONITOR_SHOPS_FAILED, self.failed),
            (&SUBSCRIPTION_DRIFT, self.drift),
            (&SUBSCRIPTIONS_RESTORED, self.restored),
            (&SILENT_SUBSCRIPTIONS, self.silent),
            (&API_VERSION_FELL_FORWARD, self.fell_forward),
        ];
        for (metric, count) in counts {
            metrics.add(metric, count, &Labels::default());
        }
    }
}
