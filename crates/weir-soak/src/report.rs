//! What a run came to.

use lambda_emulator::{FaultCounts, SourceCounts};
use serde::Serialize;

use crate::Findings;

/// The line of JSON. A promise is broken when one of the first five figures after the kills is not zero.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Events answered 200.
    pub accepted: usize,
    /// Worker processes killed within an invocation.
    pub kills: u64,
    /// Accepted events that are lost.
    pub lost: usize,
    /// Events that were completed twice.
    pub completed_twice: usize,
    /// Effects of a version after a later one.
    pub steps_back: usize,
    /// Resources whose last effect is not of their newest state.
    pub old_states: usize,
    /// Effects of one resource at the same time.
    pub overlaps: usize,
    /// Effects of events that nobody sent.
    pub strangers: usize,
    /// Events that were on the bus before, under the same id.
    pub bus_repeats: usize,
    /// The same at the destination.
    pub destination_repeats: usize,
    /// Events in dead-letter queues that did not take effect.
    pub dlq: usize,
    /// Events that took effect.
    pub done: usize,
    /// Events left out because a later version took effect.
    pub stale: usize,
    /// Copies that the ledger knew as done.
    pub duplicates: u64,
    /// Events that were seen parked.
    pub parked: usize,
    /// Where `steps_back` was seen: at the destination, or on the bus, whose order nobody promises.
    pub order_of: &'static str,
    /// Deliveries through the stack's API that were answered 200.
    pub posted: u64,
    /// Deliveries that were not answered 200, and sent again.
    pub refused: u64,
    /// Invocations of workers.
    pub invocations: u64,
    /// Processes that were started for them.
    pub processes: u64,
    /// Invocations that took too long.
    pub time_outs: u64,
    /// Invocations that answered with an error.
    pub failures: u64,
    /// Connections cut, of which `lost_replies` after the request had done its work.
    pub cuts: u64,
    /// Connections cut after the request had done its work.
    pub lost_replies: u64,
    /// Requests that were held up.
    pub delays: u64,
    /// How long it took.
    pub seconds: f64,
    /// Where chance started.
    pub seed: u64,
    /// Whether all came to rest in time.
    pub at_rest: bool,
}

/// What was counted on the way, beside the audit.
pub(crate) struct Counted {
    pub(crate) seed: u64,
    pub(crate) accepted: usize,
    pub(crate) posted: u64,
    pub(crate) refused: u64,
    pub(crate) sources: SourceCounts,
    pub(crate) faults: FaultCounts,
    pub(crate) has_destination: bool,
    pub(crate) seconds: f64,
    pub(crate) at_rest: bool,
}

impl Report {
    pub(crate) fn new(findings: &Findings, counted: &Counted) -> Self {
        let Counted { sources, faults, .. } = counted;
        Self {
            accepted: counted.accepted,
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
            order_of: if counted.has_destination { "destination" } else { "bus" },
            posted: counted.posted,
            refused: counted.refused,
            invocations: sources.invocations,
            processes: sources.processes,
            time_outs: sources.time_outs,
            failures: sources.failures,
            cuts: faults.cut_requests + faults.cut_replies,
            lost_replies: faults.cut_replies,
            delays: faults.delays,
            seconds: counted.seconds,
            seed: counted.seed,
            at_rest: counted.at_rest,
        }
    }
}

/// For people: the figures, then each broken promise with a few of the events concerned.
#[must_use]
pub fn table(report: &Report, findings: &Findings) -> String {
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
