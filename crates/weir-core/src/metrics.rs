//! Every metric that weir has, declared once: who emits it, the dashboard, the alarms and `weir status` go by this table.
//!
//! Functions write them as log lines in CloudWatch's embedded metric format, from which CloudWatch makes metrics without
//! a call. Each value of a dimension is a metric of its own, and billed: dimensions have few values, and the shop is none
//! of them.

/// The namespace of weir's own metrics.
pub const NAMESPACE: &str = "weir";

/// The namespace of the lanes' figures, which SQS reports itself.
pub const SQS: &str = "AWS/SQS";

/// What a metric's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// How many.
    Count,
    /// How long.
    Milliseconds,
    /// How long.
    Seconds,
}

impl Unit {
    /// As CloudWatch spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
        }
    }
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// CloudWatch's namespace.
    pub namespace: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// What its values are.
    pub unit: Unit,
    /// The names of its dimensions: all of them, always.
    pub dimensions: &'static [&'static str],
    /// Who emits it.
    pub by: By,
    /// What it says.
    pub meaning: &'static str,
}

/// Who emits a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The function behind the webhook URL.
    Ingest,
    /// A lane's worker.
    Worker,
    /// Whoever calls Shopify.
    Client,
    /// The monitor, and the reconciliation that it runs.
    Monitor,
    /// AWS itself.
    Aws,
}

macro_rules! metrics {
    ($($by:ident { $($constant:ident = $name:literal, $unit:ident, [$($dimension:literal),*], $meaning:literal;)+ })+) => {
        $($(
            #[doc = $meaning]
            pub const $constant: Metric = Metric {
                namespace: if matches!(By::$by, By::Aws) { SQS } else { NAMESPACE },
                name: $name,
                unit: Unit::$unit,
                dimensions: &[$($dimension),*],
                by: By::$by,
                meaning: $meaning,
            };
        )+)+

        /// All of them.
        pub const ALL: &[Metric] = &[$($($constant),+),+];
    };
}

metrics! {
    Ingest {
        ACCEPTED = "Accepted", Count, ["stack"], "Deliveries that were answered 200: SQS holds them.";
        REJECTED = "Rejected", Count, ["stack", "reason"], "Deliveries that were answered otherwise, by the reason.";
        INGEST_LATENCY = "IngestLatency", Milliseconds, ["stack"], "From the request until its answer.";
        ENQUEUE_LATENCY = "EnqueueLatency", Milliseconds, ["stack"], "What SQS took of that.";
    }
    Worker {
        DONE = "Done", Count, ["stack", "lane"], "Events that took effect.";
        STALE = "Stale", Count, ["stack", "lane"], "Events that a newer version of their resource overtook.";
        DUPLICATES = "Duplicates", Count, ["stack", "lane"], "Messages whose event had ended before.";
        RETRIES = "Retries", Count, ["stack", "lane"], "Attempts that failed and are tried again.";
        PARKS = "Parks", Count, ["stack", "lane"], "Events that wait for what they need, each time.";
        WORKER_ERRORS = "WorkerErrors", Count, ["stack", "lane", "kind"], "Attempts that failed: transient, permanent or panic.";
        DEAD_LETTERED = "DeadLettered", Count, ["stack", "lane"], "Events that were let go to the dead-letter queue.";
        END_TO_END_LATENCY = "EndToEndLatency", Milliseconds, ["stack", "lane"], "From when it happened at Shopify until it took effect.";
        INVENTORY_SYNC_LATENCY = "InventorySyncLatency", Milliseconds, ["stack"], "The same, of changes of inventory.";
    }
    Client {
        SHOPIFY_CALLS = "ShopifyCalls", Count, ["stack", "operation"], "Attempts to call the Admin API.";
        SHOPIFY_COST = "ShopifyCost", Count, ["stack", "operation"], "Points that they took.";
        SHOPIFY_THROTTLED = "ShopifyThrottled", Count, ["stack", "operation"], "Those that were answered THROTTLED or 429.";
        SHOPIFY_LATENCY = "ShopifyLatency", Milliseconds, ["stack", "operation"], "From sending until the reply's last byte.";
        TOKEN_REFRESH_FAILURES = "TokenRefreshFailures", Count, ["stack"], "Tokens that could not be renewed.";
    }
    Monitor {
        MONITOR_RUNS = "MonitorRuns", Count, ["stack"], "Runs that ended as they should.";
        MONITOR_SHOPS_CHECKED = "MonitorShopsChecked", Count, ["stack"], "Shops that were compared with what is desired.";
        SUBSCRIPTION_DRIFT = "SubscriptionDrift", Count, ["stack"], "Subscriptions that were missing or other than desired.";
        SUBSCRIPTIONS_RESTORED = "SubscriptionsRestored", Count, ["stack"], "Those of them that were put right.";
        SILENT_SUBSCRIPTIONS = "SilentSubscriptions", Count, ["stack"], "Subscriptions whose deliveries stopped coming.";
        API_VERSION_FELL_FORWARD = "ApiVersionFellForward", Count, ["stack"], "Answers or deliveries of another API version than asked for.";
        RECONCILIATION_RUNS = "ReconciliationRuns", Count, ["stack"], "Reconciliations that ended as they should.";
        RECONCILIATION_MISSING = "ReconciliationMissing", Count, ["stack"], "Events that had been missed.";
        RECONCILIATION_SENT = "ReconciliationSent", Count, ["stack"], "Events that were sent in their place.";
        RECONCILIATION_LAG = "ReconciliationLag", Seconds, ["stack"], "How far the cursors are behind.";
    }
    Aws {
        LANE_DEPTH = "ApproximateNumberOfMessagesVisible", Count, ["QueueName"], "Events that wait in a lane or lie in a dead-letter queue.";
        LANE_AGE = "ApproximateAgeOfOldestMessage", Seconds, ["QueueName"], "How long the oldest of them has waited.";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_dimensions_bounded() {
        let mut names: Vec<&str> = ALL.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        for metric in ALL.iter().filter(|metric| metric.namespace == NAMESPACE) {
            assert_eq!(metric.dimensions.first(), Some(&"stack"), "{}: stacks live side by side", metric.name);
            let bounded = ["stack", "lane", "reason", "kind", "operation"];
            assert!(metric.dimensions.iter().all(|name| bounded.contains(name)), "{}", metric.name);
        }
    }
}
