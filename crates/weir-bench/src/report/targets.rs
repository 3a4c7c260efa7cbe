//! What weir is to reach, and by how much it does or does not.

use super::{Report, WEIR};
use crate::metric::Metric;

/// A target with what was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What.
    pub what: &'static str,
    /// At most, or at least.
    pub bound: Bound,
    /// Absent if it was not measured.
    pub measured: Option<f64>,
    /// Of both figures.
    pub unit: &'static str,
    /// What stands in the way of it, if something does.
    pub why: &'static str,
}

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// The less, the better.
    AtMost(f64),
    /// The more, the better.
    AtLeast(f64),
}

impl Row {
    /// How many times better than the limit; below one it is missed. `None` if it was not measured.
    #[must_use]
    pub fn margin(&self) -> Option<f64> {
        let measured = self.measured?;
        Some(match self.bound {
            // Nothing, where nothing is allowed, is as good as it gets.
            Bound::AtMost(limit) if measured <= 0.0 => f64::from(u8::from(limit >= 0.0)),
            Bound::AtMost(limit) => limit / measured,
            Bound::AtLeast(limit) => measured / limit,
        })
    }

    /// The same, with what stands in the way of a target that is missed.
    const fn unless(self, why: &'static str) -> Self {
        Self { why, ..self }
    }

    /// In words: met or missed, by how much, and why.
    #[must_use]
    pub fn verdict(&self) -> String {
        match self.margin() {
            None => "not measured".to_owned(),
            Some(margin) if margin >= 1.0 => format!("met, by {margin:.2}×").replace(", by 1.00×", ""),
            Some(margin) if margin > 0.0 => self.missed(&format!(", by {:.2}×", 1.0 / margin)),
            Some(_) => self.missed(""),
        }
    }
}

impl Row {
    fn missed(&self, by: &str) -> String {
        let separator = if self.why.is_empty() { "" } else { ": " };
        format!("**missed**{by}{separator}{}", self.why)
    }
}

/// The cold start's.
const COLD: &str = "the TLS handshakes with SQS and Secrets Manager are 4.6 M alone, and each SDK reads AWS's partitions first, for 0.4 M";
const COLD_TIME: &str = "half of weir's time is CPU (see the first row), the rest waits for the stubs";
const SIZE: &str = "S3's SDK with its checksums is 1 MB of it, HTTP/2 half a MB, tables for unwinding 0.7 MB";
const MEMORY: &str = "what it maps of its own file counts, and goes with its size";
const RATE: &str = "two writes take 10 ms of a batch of ten, so that none passes 1,000, and the SDKs' calls, signatures and TLS 2 ms of CPU";

/// All targets.
#[must_use]
pub fn rows(report: &Report) -> Vec<Row> {
    use Bound::{AtLeast, AtMost};
    let weir = |metric| report.median(WEIR, metric);
    // How many times as much a peer has; for a rate, how many times as little.
    let over = |peer: &str, metric: Metric| {
        let ratio = report.ratio(peer, metric)?;
        Some(if metric.more_is_better() { 1.0 / ratio } else { ratio })
    };
    let figures = report.subjects.get(WEIR);
    let millions = |count: u64| count as f64 / 1e6;
    let instructions = report.instructions.as_ref();
    let far = figures.and_then(|figures| figures.far);
    let row = |what, bound, measured, unit| Row { what, bound, measured, unit, why: "" };
    vec![
        row("ingest, cold: instructions", AtMost(4.0), instructions.map(|all| millions(all.ingest.cold)), "M")
            .unless(COLD),
        row("ingest, cold: Node's time over weir's", AtLeast(25.0), over("node", Metric::IngestColdMs), "×")
            .unless(COLD_TIME),
        row("ingest, cold: Python's time over weir's", AtLeast(60.0), over("python", Metric::IngestColdMs), "×")
            .unless(COLD_TIME),
        row("ingest, warm: CPU, Node's over weir's", AtLeast(5.0), over("node", Metric::IngestCpuUs), "×"),
        row("ingest, warm, 6 KB: p99 without SQS", AtMost(1.0), weir(Metric::IngestOwnP99Ms), "ms"),
        row(
            "ingest: artifact",
            AtMost(5.0),
            figures.filter(|figures| figures.artifact_bytes > 0).map(|figures| figures.artifact_bytes as f64 / 1e6),
            "MB",
        )
        .unless(SIZE),
        row("ingest: peak memory", AtMost(8.0), weir(Metric::IngestMemoryMb), "MB").unless(MEMORY),
        row(
            "ingest: a body of 1 MB, verified and enveloped",
            AtMost(5.0),
            figures.and_then(|figures| figures.large).map(|large| large.own_p50_ms),
            "ms",
        ),
        row("worker, ledger 5 ms away: messages of one instance", AtLeast(800.0), weir(Metric::WorkerRate), "/s")
            .unless(RATE),
        row("worker: messages, weir's over Node's", AtLeast(2.0), over("node", Metric::WorkerRate), "×").unless(RATE),
        row("worker: messages, weir's over Python's", AtLeast(12.0), over("python", Metric::WorkerRate), "×")
            .unless(RATE),
        row("worker: peak memory", AtMost(15.0), weir(Metric::WorkerMemoryMb), "MB"),
        row("worker: writes for an event of a topic that counts each", AtMost(2.0), weir(Metric::WorkerWrites), ""),
        row(
            "first webhook after a cold start, AWS 50 ms away: TLS handshakes in it",
            AtMost(0.0),
            far.map(|far| far.handshakes_in_first as f64),
            "",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bound: Bound, measured: impl Into<Option<f64>>) -> Row {
        Row { what: "it", bound, measured: measured.into(), unit: "", why: "" }
    }

    #[test]
    fn a_row_says_whether_it_is_met_and_by_how_much() {
        assert_eq!(row(Bound::AtMost(4.0), 2.0).verdict(), "met, by 2.00×");
        assert_eq!(row(Bound::AtMost(4.0), 4.0).verdict(), "met");
        assert_eq!(row(Bound::AtMost(4.0), 5.0).verdict(), "**missed**, by 1.25×");
        assert_eq!(row(Bound::AtLeast(800.0), 1000.0).verdict(), "met, by 1.25×");
        assert_eq!(row(Bound::AtLeast(800.0), 400.0).verdict(), "**missed**, by 2.00×");
        assert_eq!(row(Bound::AtLeast(800.0), None).verdict(), "not measured");
        let told = |measured| row(Bound::AtMost(4.0), measured).unless("it is raining").verdict();
        assert_eq!(told(5.0), "**missed**, by 1.25×: it is raining");
        assert_eq!(told(4.0), "met", "what is met needs no excuse");
    }

    #[test]
    fn where_nothing_is_allowed_one_is_too_much() {
        assert_eq!(row(Bound::AtMost(0.0), 0.0).verdict(), "met");
        assert_eq!(row(Bound::AtMost(0.0), 1.0).verdict(), "**missed**");
    }

    #[test]
    fn a_run_without_peers_measures_no_ratio() {
        let report = crate::report::sample::weir_alone();
        let rows = rows(&report);
        let unmeasured: Vec<_> = rows.iter().filter(|row| row.measured.is_none()).map(|row| row.what).collect();
        assert!(unmeasured.contains(&"ingest, cold: Node's time over weir's"));
        assert!(!unmeasured.contains(&"ingest: peak memory"));
    }

    #[test]
    fn a_rate_is_compared_the_other_way_round() {
        let report = crate::report::sample::with_node();
        let row = rows(&report).into_iter().find(|row| row.what == "worker: messages, weir's over Node's").unwrap();
        // Node's rate is a quarter of weir's.
        assert_eq!(row.measured, Some(4.0));
    }
}
