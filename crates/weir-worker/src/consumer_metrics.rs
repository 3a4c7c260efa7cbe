//! The metrics that the worker counts.

use weir_consumer::{ConsumerMetrics, TopicMetrics};
use weir_telemetry::metrics;

/// Requests of merchants and of their customers that must be answered within 30 days: they have to reach somebody.
const COMPLIANCE_TOPICS: [&str; 3] = ["customers/data_request", "customers/redact", "shop/redact"];

/// A lane's metrics.
pub const CONSUMER_METRICS: ConsumerMetrics = ConsumerMetrics {
    done: Some(&metrics::DONE),
    stale: Some(&metrics::STALE),
    duplicates: Some(&metrics::DUPLICATES),
    mismatches: Some(&metrics::MISMATCHES),
    errors: Some(&metrics::WORKER_ERRORS),
    retries: Some(&metrics::RETRIES),
    parks: Some(&metrics::PARKS),
    dead_lettered: Some(&metrics::DEAD_LETTERED),
    pending_age: Some(&metrics::PENDING_AGE),
    end_to_end_latency: Some(&metrics::END_TO_END_LATENCY),
    of_topic: Some(of_topic),
};

fn of_topic(topic: &str) -> TopicMetrics {
    TopicMetrics {
        done: COMPLIANCE_TOPICS.contains(&topic).then_some(&metrics::COMPLIANCE_EVENTS),
        end_to_end_latency: topic.starts_with("inventory_").then_some(&metrics::INVENTORY_SYNC_LATENCY),
    }
}
