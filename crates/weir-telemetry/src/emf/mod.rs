//! Metrics by CloudWatch's embedded metric format: lines of JSON on standard output, from which CloudWatch Logs makes
//! metrics at no cost of calls.
//!
//! Values are gathered over an invocation and written as one line at its end, or a few if their dimensions differ. The
//! lines do not pass the log's level: at `LogLevel=error` there are metrics all the same. They have no `level`, so that
//! Lambda takes them for INFO ("Log-level filtering", Lambda's developer guide: "If the `level` value field is invalid or
//! missing, Lambda will assign the log output the level INFO"); therefore the template never has Lambda filter above INFO,
//! and leaves the rest to the function.
//!
//! What it costs: a delivery's line in ingest is about 560 bytes, a worker's for a batch of ten about 620. At $0.50 a GB
//! of logs that is $0.32 for a million events in batches of ten.

pub mod check;
mod line;
mod pending;

use std::sync::{Arc, Mutex, PoisonError};

use weir_core::{Lane, UnixMillis};

use crate::{
    Output,
    metrics::{BY_SHOP, Dimension, DroppedHeader, ErrorKind, Metric, Rejection},
};
use pending::Pending;

/// Gathers a function's metrics. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    stack: String,
    by_shop: Vec<String>,
    output: Output,
    pending: Mutex<Pending>,
}

/// The values of a metric's dimensions. Those that the metric does not have are ignored.
#[derive(Debug, Clone, Copy, Default)]
pub struct Labels<'a> {
    /// The lane.
    pub lane: Option<Lane>,
    /// Why a request was refused.
    pub reason: Option<Rejection>,
    /// The kind of error.
    pub kind: Option<ErrorKind>,
    /// The header that was left out.
    pub header: Option<DroppedHeader>,
    /// The Admin API operation.
    pub operation: Option<&'a str>,
    /// The shop: no dimension, unless it is one of those that the deployment asks for.
    pub shop: Option<&'a str>,
}

impl Labels<'_> {
    fn value(&self, dimension: Dimension) -> Option<&str> {
        match dimension {
            Dimension::Lane => self.lane.map(Lane::as_str),
            Dimension::Reason => self.reason.map(Rejection::as_str),
            Dimension::Kind => self.kind.map(ErrorKind::as_str),
            Dimension::Header => self.header.map(DroppedHeader::as_str),
            Dimension::Operation => self.operation,
            Dimension::Shop => self.shop,
            _ => None,
        }
    }
}

impl Metrics {
    /// Metrics of a stack, told apart for the shops in `by_shop` as well.
    pub fn new(stack: String, by_shop: Vec<String>, output: Output) -> Self {
        Self(Arc::new(Inner { stack, by_shop, output, pending: Mutex::default() }))
    }

    /// Metrics that go nowhere.
    pub fn off() -> Self {
        Self::new(String::new(), Vec::new(), Output::Nowhere)
    }

    /// Adds a value: counts are added up, durations are kept one by one.
    pub fn add(&self, metric: &'static Metric, value: u64, labels: &Labels<'_>) {
        let inner = &*self.0;
        let has_values = |set: &[Dimension]| set.iter().all(|d| *d == Dimension::Stack || labels.value(*d).is_some());
        let mut sets: Vec<&'static [Dimension]> = metric.dimensions.to_vec();
        debug_assert!(sets.iter().all(|set| has_values(set)), "{} lacks a dimension: {labels:?}", metric.name);
        sets.retain(|set| has_values(set));
        if metric.by_shop && labels.shop.is_some_and(|shop| inner.by_shop.iter().any(|asked| asked == shop)) {
            sets.push(BY_SHOP);
        }
        let mut values: Vec<(Dimension, String)> = sets
            .iter()
            .flat_map(|set| set.iter())
            .filter_map(|dimension| Some((*dimension, labels.value(*dimension)?.to_owned())))
            .collect();
        values.sort();
        values.dedup();
        self.pending().add(metric, sets, values, value);
    }

    /// Adds one.
    pub fn count(&self, metric: &'static Metric, labels: &Labels<'_>) {
        self.add(metric, 1, labels);
    }

    /// Writes what was gathered, and begins anew.
    pub fn flush(&self, now: UnixMillis) {
        let pending = std::mem::take(&mut *self.pending());
        for line in pending.into_lines() {
            self.0.output.line(line.write(&self.0.stack, now));
        }
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
