//! What the answers were, and how long they took. Pure: it is told, and it counts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{Answer, PostError};

/// Longer than any answer is waited for, in microseconds.
const MAX_MICROS: u64 = 3_600_000_000;

/// Shopify counts what takes longer as not delivered.
const SHOPIFY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long things took.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

/// Some of it in numbers, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// Of ten, nine took no longer.
    pub p90: f64,
    /// Of a hundred, 99 took no longer.
    pub p99: f64,
    /// Of a thousand, 999 took no longer.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

impl Latencies {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        #[expect(clippy::expect_used, reason = "constant bounds that make a histogram")]
        Self(Histogram::new_with_max(MAX_MICROS, 3).expect("a histogram"))
    }

    /// Adds one.
    pub fn record(&mut self, took: Duration) {
        self.0.saturating_record(took.as_micros().try_into().unwrap_or(MAX_MICROS));
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// `None` of nothing.
    #[must_use]
    pub fn percentiles(&self) -> Option<Percentiles> {
        let at = |quantile| milliseconds(self.0.value_at_quantile(quantile) as f64);
        (!self.0.is_empty()).then(|| Percentiles {
            mean: milliseconds(self.0.mean()),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: milliseconds(self.0.max() as f64),
        })
    }

    /// The bars of a histogram: the upper end of each, in milliseconds, and how many took up to that and longer than the
    /// one before. From the first that has any to the last.
    #[must_use]
    pub fn bars(&self) -> Vec<(f64, u64)> {
        let ends =
            [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000, MAX_MICROS / 1_000];
        let mut bars = ends.map(|end| (end as f64, 0));
        for recorded in self.0.iter_recorded() {
            let micros = self.0.lowest_equivalent(recorded.value_iterated_to());
            let place = ends.iter().position(|end| micros <= end * 1_000).unwrap_or(ends.len() - 1);
            bars[place].1 += recorded.count_at_value();
        }
        let first = bars.iter().position(|(_, count)| *count > 0);
        let last = bars.iter().rposition(|(_, count)| *count > 0);
        first.zip(last).map_or_else(Vec::new, |(first, last)| bars[first..=last].to_vec())
    }
}

fn milliseconds(micros: f64) -> f64 {
    (micros / 10.0).round() / 100.0
}

/// What came of one delivery.
pub struct DeliveryResult {
    /// The key of its event in the ledger.
    pub event: Arc<str>,
    /// Whether its event went out before.
    pub is_repeat: bool,
    /// When it went out, after it was due.
    pub late: Duration,
    /// When its answer was there, or given up, after it went out.
    pub took: Duration,
    /// What the endpoint said.
    pub answer: Result<Answer, PostError>,
}

/// All of them together.
#[derive(Debug)]
pub struct Measurements {
    /// From when it was due to its answer: what Shopify would have seen.
    pub latency: Latencies,
    /// From when it went out.
    pub service: Latencies,
    /// How much later than due they went out.
    pub lag: Latencies,
    /// Deliveries that went out.
    pub sent: u64,
    /// Those that weir holds.
    pub accepted: u64,
    /// Accepted, but later than Shopify waits.
    pub too_late: u64,
    /// Those whose event went out before.
    pub repeats: u64,
    /// What went wrong, and how often.
    pub errors: BTreeMap<String, u64>,
    /// Each accepted event, and how often it was accepted.
    pub events: HashMap<Arc<str>, u32>,
}

impl Default for Measurements {
    fn default() -> Self {
        Self::new()
    }
}

impl Measurements {
    /// Of no delivery yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            latency: Latencies::new(),
            service: Latencies::new(),
            lag: Latencies::new(),
            sent: 0,
            accepted: 0,
            too_late: 0,
            repeats: 0,
            errors: BTreeMap::new(),
            events: HashMap::new(),
        }
    }

    /// Adds the result of one delivery.
    pub fn add(&mut self, answered: DeliveryResult) {
        let DeliveryResult { event, is_repeat, late, took, answer } = answered;
        self.sent += 1;
        self.repeats += u64::from(is_repeat);
        self.lag.record(late);
        let kind = match &answer {
            Ok(answer) => {
                self.latency.record(late + took);
                self.service.record(took);
                if answer.is_accepted() {
                    self.accepted += 1;
                    self.too_late += u64::from(took > SHOPIFY_TIMEOUT);
                    *self.events.entry(event).or_insert(0) += 1;
                    return;
                }
                // The detail may name what is different each time, and what stands in it is the endpoint's to choose.
                format!("HTTP {}", answer.status)
            }
            Err(PostError::NoConnection { .. }) => "no connection".to_owned(),
            Err(PostError::NoAnswer { .. }) => "no answer".to_owned(),
        };
        *self.errors.entry(kind).or_insert(0) += 1;
    }

    /// How many were not accepted.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(event: &str, status: u16, late: u64, took: u64) -> DeliveryResult {
        let (late, took) = (Duration::from_millis(late), Duration::from_millis(took));
        DeliveryResult {
            event: event.into(),
            is_repeat: false,
            late,
            took,
            answer: Ok(Answer { status, took, detail: None }),
        }
    }

    #[test]
    fn a_delivery_that_went_out_late_was_slow_for_whoever_waited_for_it() {
        let mut measured = Measurements::new();
        measured.add(answered("a", 200, 900, 100));
        let of = |latencies: &Latencies| latencies.percentiles().unwrap().max.round();
        assert_eq!((of(&measured.latency), of(&measured.service), of(&measured.lag)), (1_000.0, 100.0, 900.0));
    }

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut latencies = Latencies::new();
        (1..=1_000).for_each(|ms| latencies.record(Duration::from_millis(ms)));
        let percentiles = latencies.percentiles().unwrap();
        // Three digits: a thousandth is what they may be off.
        for (value, expected) in [
            (percentiles.mean, 500.5),
            (percentiles.p50, 500.0),
            (percentiles.p90, 900.0),
            (percentiles.p99, 990.0),
            (percentiles.p999, 999.0),
            (percentiles.max, 1_000.0),
        ] {
            assert!((value - expected).abs() <= expected / 1_000.0 + 0.01, "{value} is not {expected}");
        }
        assert_eq!(Latencies::new().percentiles(), None);
    }

    #[test]
    fn bars_hold_each_value_once() {
        let mut latencies = Latencies::new();
        [0, 1, 2, 3, 10, 11, 20, 9_999_000].into_iter().for_each(|ms| latencies.record(Duration::from_millis(ms)));
        let bars = latencies.bars();
        assert_eq!(bars[..5], [(1.0, 2), (2.0, 1), (5.0, 1), (10.0, 1), (20.0, 2)]);
        assert_eq!(bars.last(), Some(&(3_600_000.0, 1)));
        assert_eq!(bars.iter().map(|(_, count)| count).sum::<u64>(), latencies.count());
        assert_eq!(Latencies::new().bars(), []);
    }

    #[test]
    fn each_delivery_is_accepted_or_an_error_of_its_kind() {
        let mut measured = Measurements::new();
        for (status, took) in [(200, 10), (200, 6_000), (503, 10), (503, 20), (401, 10)] {
            measured.add(answered(&took.to_string(), status, 0, took));
        }
        let gone = PostError::NoAnswer { url: "http://x/".parse().unwrap(), reason: "reset".to_owned() };
        measured.add(DeliveryResult { answer: Err(gone), ..answered("gone", 0, 0, 15_000) });
        assert_eq!((measured.sent, measured.accepted, measured.too_late, measured.failed()), (6, 2, 1, 4));
        let errors: Vec<(&str, u64)> = measured.errors.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
        assert_eq!(errors, [("HTTP 401", 1), ("HTTP 503", 2), ("no answer", 1)]);
        assert_eq!(measured.latency.count(), 5, "what was not answered has no latency");
    }

    #[test]
    fn a_repeat_is_no_second_event() {
        let mut measured = Measurements::new();
        measured.add(answered("a", 200, 0, 1));
        measured.add(DeliveryResult { is_repeat: true, ..answered("a", 200, 0, 1) });
        assert_eq!((measured.accepted, measured.repeats, measured.events.len()), (2, 1, 1));
        assert_eq!(measured.events["a"], 2);
    }
}
