//! What it came to, for people and for programs.

use std::collections::BTreeMap;

use serde::Serialize;
use weir_load::{AuditReport, EventOutcome, Latencies, Percentiles, SendReport};

use crate::printable::line;

/// A sender whose deliveries go out later than this, one in a hundred, did not keep the rate.
const MAX_P99_LAG_MS: f64 = 50.0;

/// How wide the longest bar of the histogram is.
const BAR_WIDTH: u64 = 40;

/// What was asked for.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Plan {
    pub(super) url: String,
    pub(super) pattern: &'static str,
    /// A second.
    pub(super) rate: f64,
    pub(super) peak_rate: f64,
    pub(super) duration_s: f64,
    pub(super) shops: u32,
    pub(super) concurrency: u16,
    pub(super) seed: u64,
    /// Deliveries in all.
    pub(super) deliveries: u64,
}

/// The whole result.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) plan: Plan,
    pub(super) sent: u64,
    pub(super) accepted: u64,
    /// Of the sent, those that repeat an earlier one.
    pub(super) repeats: u64,
    /// By kind, with how often.
    pub(super) errors: BTreeMap<String, u64>,
    /// Accepted, but later than Shopify waits.
    pub(super) too_late: u64,
    pub(super) seconds: f64,
    /// From when a delivery was due to its answer.
    pub(super) latency_ms: Option<Percentiles>,
    /// From when it went out.
    pub(super) service_ms: Option<Percentiles>,
    /// From when it was due to when it went out.
    pub(super) lag_ms: Option<Percentiles>,
    /// Upper ends in milliseconds, and how many took up to that and longer than the one before.
    pub(super) histogram: Vec<(f64, u64)>,
    /// Whether the sender kept the rate.
    pub(super) kept_up: bool,
    /// How often as many as --concurrency allows were on their way when another was due.
    pub(super) crowded: u64,
    /// On their way when a second signal came: whether they were accepted is not known.
    pub(super) abandoned: u64,
    pub(super) interrupted: bool,
    pub(super) audit: Option<AuditReport>,
}

impl Report {
    pub(super) fn new(plan: Plan, sent: &SendReport) -> Self {
        let measured = &sent.measured;
        let lag_ms = measured.lag.percentiles();
        Self {
            plan,
            sent: measured.sent,
            accepted: measured.accepted,
            repeats: measured.repeats,
            errors: measured.errors.clone(),
            too_late: measured.too_late,
            seconds: (sent.took.as_secs_f64() * 100.0).round() / 100.0,
            latency_ms: measured.latency.percentiles(),
            service_ms: measured.service.percentiles(),
            kept_up: lag_ms.is_none_or(|lag| lag.p99 <= MAX_P99_LAG_MS),
            lag_ms,
            histogram: Latencies::bars(&measured.latency),
            crowded: sent.crowded,
            abandoned: sent.abandoned,
            interrupted: sent.interrupted,
            audit: None,
        }
    }

    /// Whether something was accepted, and all of it came to its end, as far as anybody asked.
    pub(super) fn is_good(&self) -> bool {
        self.accepted > 0 && self.audit.as_ref().is_none_or(AuditReport::is_complete)
    }

    /// What the answers say.
    pub(super) fn answers(&self) -> String {
        let Self { sent, accepted, seconds, .. } = self;
        let mut lines = vec![format!(
            "{sent} sent in {seconds:.1} s, {:.1} a second: {accepted} accepted",
            *sent as f64 / seconds.max(0.01)
        )];
        lines.extend(self.errors.iter().map(|(kind, count)| format!("  {count:>8}  {}", line(kind))));
        let mut note = |is_there: bool, text: String| {
            if is_there {
                lines.push(text);
            }
        };
        note(
            self.too_late > 0,
            format!("  {:>8}  accepted after more than 5 s, which Shopify does not wait", self.too_late),
        );
        note(self.abandoned > 0, format!("  {:>8}  on their way when it was interrupted", self.abandoned));
        if let (Some(latency), Some(service), Some(lag)) = (self.latency_ms, self.service_ms, self.lag_ms) {
            lines.push(String::new());
            lines.extend(self.bars());
            lines.push(String::new());
            lines.push(format!(
                "{:<28}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
                "ms", "mean", "p50", "p90", "p99", "p99.9", "max"
            ));
            lines.push(row("latency, since it was due", &latency));
            lines.push(row("  since it went out", &service));
            lines.push(row("  how late it went out", &lag));
        }
        if !self.kept_up {
            let why = if self.crowded > 0 {
                format!(
                    "{} times {} were on their way already: the stack answers too slowly for this rate, or --concurrency is too low",
                    self.crowded, self.plan.concurrency
                )
            } else {
                let quicker =
                    if cfg!(debug_assertions) { "; a release build draws and signs more quickly" } else { "" };
                format!("this machine is too slow for this rate{quicker}")
            };
            lines.push(format!("\nThe sender did not keep the rate: {why}."));
        }
        lines.join("\n")
    }

    fn bars(&self) -> Vec<String> {
        let most = self.histogram.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
        let bar = |(end, count): &(f64, u64)| {
            let width = (count * BAR_WIDTH).div_ceil(most) as usize;
            format!("  up to {:>8}  {:<width$}  {count}", time(*end), "█".repeat(width), width = BAR_WIDTH as usize)
        };
        self.histogram.iter().map(bar).collect()
    }

    /// What became of it.
    pub(super) fn what_came_out(&self) -> String {
        let Some(audit) = &self.audit else { return String::new() };
        let mut lines = vec![format!("\n{} events accepted, by the ledger:", audit.events)];
        let states = [
            (audit.done, "done"),
            (audit.stale, "stale: a newer version of the resource, or the same state, came first"),
            (audit.dead_lettered, "dead-lettered"),
            (audit.retrying, "failed, and to be tried again"),
            (audit.parked, "parked"),
            (audit.working, "with a worker"),
            (audit.waiting, "waiting in a lane"),
            (audit.lost, "lost: in no ledger, in no lane"),
        ];
        // That nothing was lost is said even so.
        let told = |(count, what): &(u64, &str)| *count > 0 || what.starts_with("lost") || *what == "done";
        lines.extend(states.iter().filter(|state| told(state)).map(|(count, what)| format!("  {count:>8}  {what}")));
        if audit.repeats > 0 {
            // The others come back when the lease has run out that the first had when they came.
            lines.push(format!("{} of {} repeats met by now, and known as such", audit.duplicates, audit.repeats));
        }
        if let Some(took) = &audit.until_done_ms {
            lines.push(format!(
                "{:<28}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
                "ms", "mean", "p50", "p90", "p99", "p99.9", "max"
            ));
            lines.push(row("from receipt to effect", took));
        }
        lines.extend(audit.look_at.iter().map(|named| format!("  {:<14} {}", word(named.outcome), line(&named.event))));
        lines.join("\n")
    }
}

fn row(what: &str, of: &Percentiles) -> String {
    let Percentiles { mean, p50, p90, p99, p999, max } = of;
    let cells: String = [mean, p50, p90, p99, p999, max].iter().map(|ms| format!("{:>9}", digits(**ms))).collect();
    format!("{what:<28}{cells}")
}

/// Three digits say more than a network repeats.
fn digits(ms: f64) -> String {
    if ms < 10.0 {
        format!("{ms:.2}")
    } else if ms < 100.0 {
        format!("{ms:.1}")
    } else {
        format!("{ms:.0}")
    }
}

fn time(ms: f64) -> String {
    if ms < 1_000.0 { format!("{ms} ms") } else { format!("{} s", ms / 1_000.0) }
}

fn word(outcome: EventOutcome) -> &'static str {
    match outcome {
        EventOutcome::Done => "done",
        EventOutcome::Stale => "stale",
        EventOutcome::DeadLettered => "dead-lettered",
        EventOutcome::Retrying => "retrying",
        EventOutcome::Parked => "parked",
        EventOutcome::Working => "working",
        EventOutcome::Unseen => "not seen",
    }
}

#[cfg(test)]
mod tests;
