//! What became of what was sent, in lines and in JSON.

use std::time::Duration;

use serde::Serialize;
use weir_load::{Answer, Delivery, PostError};

use crate::printable;

/// One delivery and its answer.
#[derive(Debug, Serialize)]
pub(super) struct Sent {
    shop: String,
    webhook_id: String,
    topic: String,
    bytes: usize,
    /// `None` when there was no answer.
    status: Option<u16>,
    accepted: bool,
    latency_ms: Option<f64>,
    /// What the endpoint, or the connection, said against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl Sent {
    pub(super) fn new(delivery: &Delivery, answer: Result<Answer, PostError>) -> Self {
        let (status, accepted, latency_ms, problem) = match answer {
            Ok(answer) => (Some(answer.status), answer.is_accepted(), Some(milliseconds(answer.took)), answer.detail),
            Err(error) => (None, false, None, Some(error.to_string())),
        };
        Self {
            shop: delivery.shop.to_string(),
            webhook_id: delivery.webhook_id.to_string(),
            topic: delivery.topic.to_string(),
            bytes: delivery.body.len(),
            status,
            accepted,
            latency_ms,
            problem,
        }
    }

    pub(super) fn is_accepted(&self) -> bool {
        self.accepted
    }

    /// The event's name in the ledger.
    pub(super) fn event(&self) -> String {
        format!("{}#{}", self.shop, self.webhook_id)
    }

    pub(super) fn line(&self) -> String {
        let status = self.status.map_or("---".to_owned(), |status| status.to_string());
        let latency = self.latency_ms.map_or_else(String::new, |ms| format!("{ms:.0} ms"));
        let line = format!("{status}  {latency:>8}  {}  {}", self.topic, self.event());
        match &self.problem {
            // What the endpoint said is one line; what this command says itself ends with a hint.
            Some(problem) if self.status.is_some() => format!("{line}  {}", printable::line(problem)),
            Some(problem) => format!("{line}  {problem}"),
            None => line,
        }
    }
}

/// The last line of many.
#[derive(Debug, Serialize)]
pub(super) struct Last {
    pub(super) summary: Summary,
}

/// Several deliveries together.
#[derive(Debug, Serialize, PartialEq)]
pub(super) struct Summary {
    sent: usize,
    accepted: usize,
    refused: usize,
    unanswered: usize,
    seconds: f64,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    max_ms: Option<f64>,
}

impl Summary {
    pub(super) fn of(all: &[Sent], took: Duration) -> Self {
        let mut latencies: Vec<f64> = all.iter().filter_map(|sent| sent.latency_ms).collect();
        latencies.sort_by(f64::total_cmp);
        let accepted = all.iter().filter(|sent| sent.accepted).count();
        Self {
            sent: all.len(),
            accepted,
            refused: latencies.len() - accepted,
            unanswered: all.len() - latencies.len(),
            seconds: milliseconds(took) / 1000.0,
            p50_ms: percentile(&latencies, 50),
            p95_ms: percentile(&latencies, 95),
            max_ms: latencies.last().copied(),
        }
    }

    pub(super) fn line(&self) -> String {
        let mut line = format!("{} sent in {:.1} s: {} accepted", self.sent, self.seconds, self.accepted);
        for (count, what) in [(self.refused, "refused"), (self.unanswered, "unanswered")] {
            if count > 0 {
                line.push_str(&format!(", {count} {what}"));
            }
        }
        if let (Some(p50), Some(p95), Some(max)) = (self.p50_ms, self.p95_ms, self.max_ms) {
            line.push_str(&format!("; latency p50 {p50:.0} ms, p95 {p95:.0} ms, max {max:.0} ms"));
        }
        line
    }
}

/// The smallest value that this many of a hundred do not exceed (nearest rank).
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// With a tenth's precision, which is more than a network repeats.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!((percentile(&hundred, 50), percentile(&hundred, 95)), (Some(50.0), Some(95.0)));
        assert_eq!((percentile(&[7.0], 50), percentile(&[7.0], 95)), (Some(7.0), Some(7.0)));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn a_summary_counts_each_ending_once() {
        let sent = |status: Option<u16>, ms: Option<f64>| Sent {
            shop: "a.myshopify.com".into(),
            webhook_id: "1".into(),
            topic: "orders/create".into(),
            bytes: 2,
            status,
            accepted: status == Some(200),
            latency_ms: ms,
            problem: None,
        };
        let all = [sent(Some(200), Some(30.0)), sent(Some(401), Some(10.0)), sent(None, None)];
        let summary = Summary::of(&all, Duration::from_millis(1500));
        assert_eq!((summary.accepted, summary.refused, summary.unanswered), (1, 1, 1));
        assert_eq!(
            summary.line(),
            "3 sent in 1.5 s: 1 accepted, 1 refused, 1 unanswered; latency p50 10 ms, p95 30 ms, max 30 ms"
        );
    }
}
