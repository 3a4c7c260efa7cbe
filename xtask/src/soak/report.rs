//! What a run came to.

use lambda_host::{FaultCounts, SourceCounts};
use serde::Serialize;

use super::audit::Findings;

/// The line of JSON. A promise is broken when one of the first five figures after the kills is not zero.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Events answered 200.
    pub(super) accepted: usize,
    /// Worker processes killed within an invocation.
    pub(super) kills: u64,
    pub(super) lost: usize,
    pub(super) completed_twice: usize,
    pub(super) steps_back: usize,
    pub(super) old_states: usize,
    pub(super) overlaps: usize,
    pub(super) strangers: usize,
    /// Events that were on the bus before, under the same id.
    pub(super) bus_repeats: usize,
    /// The same at the destination.
    pub(super) destination_repeats: usize,
    /// Events in dead-letter queues that did not take effect.
    pub(super) dlq: usize,
    pub(super) done: usize,
    /// Events left out because a later version took effect.
    pub(super) stale: usize,
    /// Copies that the ledger knew as done.
    pub(super) duplicates: u64,
    /// Events that were seen parked.
    pub(super) parked: usize,
    /// Where `steps_back` was seen: at the destination, or on the bus, whose order nobody promises.
    pub(super) order_of: &'static str,
    /// Deliveries through the stack's API that were answered 200.
    pub(super) posted: u64,
    /// Deliveries that were not answered 200, and sent again.
    pub(super) refused: u64,
    pub(super) invocations: u64,
    pub(super) processes: u64,
    pub(super) time_outs: u64,
    pub(super) failures: u64,
    /// Connections cut, of which `lost_replies` after the request had done its work.
    pub(super) cuts: u64,
    pub(super) lost_replies: u64,
    pub(super) delays: u64,
    pub(super) seconds: f64,
    pub(super) seed: u64,
    /// Whether all came to rest in time.
    pub(super) at_rest: bool,
}

/// What was counted on the way, beside the audit.
pub(super) struct Outcome {
    pub(super) seed: u64,
    pub(super) accepted: usize,
    pub(super) posted: u64,
    pub(super) refused: u64,
    pub(super) sources: SourceCounts,
    pub(super) faults: FaultCounts,
    pub(super) has_destination: bool,
    pub(super) seconds: f64,
    pub(super) at_rest: bool,
}

impl Report {
    pub(super) fn new(findings: &Findings, outcome: &Outcome) -> Self {
        let Outcome { sources, faults, .. } = outcome;
        Self {
            accepted: outcome.accepted,
            kills: sources.kills,
            lost: findings.lost.len(),
            completed_twice: findings.completed_twice.len(),
            steps_back: findings.steps_back.len(),
            old_states: findings.old_states.len(),
            overlaps: findings.overlaps.len(),
            strangers: findings.strangers.len(),
            bus_repeats: findings.bus_repeats,
            destination_repeats: findings.destination_repeats,
            dlq: findings.dlq.len(),
            done: findings.done,
            stale: findings.stale,
            duplicates: findings.duplicates,
            parked: findings.parked,
            order_of: if outcome.has_destination { "destination" } else { "bus" },
            posted: outcome.posted,
            refused: outcome.refused,
            invocations: sources.invocations,
            processes: sources.processes,
            time_outs: sources.time_outs,
            failures: sources.failures,
            cuts: faults.cut_requests + faults.cut_replies,
            lost_replies: faults.cut_replies,
            delays: faults.delays,
            seconds: outcome.seconds,
            seed: outcome.seed,
            at_rest: outcome.at_rest,
        }
    }
}

/// For people: the figures, then each broken promise with a few of the events concerned.
pub(super) fn table(report: &Report, findings: &Findings) -> String {
    let rows = [
        ("events accepted", report.accepted.to_string()),
        ("  done / stale / dead-lettered", format!("{} / {} / {}", report.done, report.stale, report.dlq)),
        ("  copies known as done", report.duplicates.to_string()),
        ("processes killed", format!("{} in {} invocations", report.kills, report.invocations)),
        ("connections cut", format!("{}, {} replies lost", report.cuts, report.lost_replies)),
        ("repeats on the bus", report.bus_repeats.to_string()),
        ("repeats at the destination", report.destination_repeats.to_string()),
        ("lost", report.lost.to_string()),
        ("completed twice", report.completed_twice.to_string()),
        ("steps back", format!("{} ({})", report.steps_back, report.order_of)),
        ("old states left standing", report.old_states.to_string()),
        ("overlaps of one resource", report.overlaps.to_string()),
        ("under an id nobody sent", report.strangers.to_string()),
        ("seconds", report.seconds.to_string()),
    ];
    let mut text: String = rows.iter().map(|(name, value)| format!("  {name:<32}{value}\n")).collect();
    let broken = [
        ("lost", &findings.lost),
        ("completed twice", &findings.completed_twice),
        ("a step back", &findings.steps_back),
        ("not the last in the end", &findings.old_states),
        ("overlapping", &findings.overlaps),
        ("under an id nobody sent", &findings.strangers),
    ];
    for (what, keys) in broken {
        for key in keys.iter().take(5) {
            text.push_str(&format!("  {what}: {key}\n"));
        }
    }
    text
}
