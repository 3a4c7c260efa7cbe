//! The metrics that a consumer counts. Each service names its own.

use weir_telemetry::metrics::Metric;

/// A metric for each thing that a consumer counts. `None` counts nothing.
///
/// A service that reads no lane has to name metrics without the dimension `lane`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConsumerMetrics {
    /// Events that ended: took effect, or never will because a newer state came first.
    pub done: Option<&'static Metric>,
    /// Events whose resource had a newer state already, or the same one.
    pub stale: Option<&'static Metric>,
    /// Messages whose event ended before.
    pub duplicates: Option<&'static Metric>,
    /// Events that came with another body before.
    pub mismatches: Option<&'static Metric>,
    /// Attempts that failed, by their kind.
    pub errors: Option<&'static Metric>,
    /// Messages that come back.
    pub retries: Option<&'static Metric>,
    /// Messages that wait as delayed copies.
    pub parks: Option<&'static Metric>,
    /// Messages that go to the dead-letter queue.
    pub dead_lettered: Option<&'static Metric>,
    /// How old an unfinished event will be when it is tried next, in seconds.
    pub pending_age: Option<&'static Metric>,
    /// From the event's cause to its end, in milliseconds.
    pub end_to_end_latency: Option<&'static Metric>,
    /// Further metrics of the events of a topic.
    pub of_topic: Option<fn(&str) -> TopicMetrics>,
}

/// Further metrics of the events of a topic.
#[derive(Debug, Clone, Copy, Default)]
pub struct TopicMetrics {
    /// Counts those that ended.
    pub done: Option<&'static Metric>,
    /// From the event's cause to its end, in milliseconds.
    pub end_to_end_latency: Option<&'static Metric>,
}
