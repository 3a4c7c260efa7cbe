//! A status as lines: what `weir status` prints once.

use weir_ops::health::{Latency, Status};

use super::view::{HealthView, SeverityName};
use crate::layout::joined;

/// All of it, the findings last, where the eye ends.
pub(super) fn lines(health: &HealthView<'_>) -> String {
    let status = health.status;
    let mut all = vec![format!("{}  {}", status.stack, status.at), String::new()];
    all.extend(table(&lanes(status)));
    for section in [flow(status), shopify(status), controls(status)] {
        if !section.is_empty() {
            all.push(String::new());
            all.extend(section);
        }
    }
    all.push(String::new());
    all.extend(findings(health));
    joined(all)
}

/// Head and rows of the lanes.
pub(super) fn lanes(status: &Status) -> Vec<Vec<String>> {
    let head = ["LANE", "WAITING", "IN FLIGHT", "DELAYED", "OLDEST", "DEAD"].map(str::to_owned).to_vec();
    let rows = status.lanes.iter().map(|lane| {
        let oldest = lane.oldest_seconds.map_or_else(|| "-".to_owned(), time);
        let counts = [lane.waiting, lane.in_flight, lane.delayed].map(|count| count.to_string());
        let [waiting, in_flight, delayed] = counts;
        vec![lane.lane.to_string(), waiting, in_flight, delayed, oldest, lane.dead.to_string()]
    });
    std::iter::once(head).chain(rows).collect()
}

/// Rates and latencies.
pub(super) fn flow(status: &Status) -> Vec<String> {
    let Some(flow) = &status.flow else { return Vec::new() };
    let per = |count: f64| format!("{count:.0} ({}/s)", rate(count / status.last_seconds.max(1) as f64));
    let success = flow.success_percent.map_or_else(|| "nothing ended".to_owned(), |percent| format!("{percent:.2} %"));
    let rows = [
        ("accepted", format!("{}, rejected {:.0}", per(flow.accepted), flow.rejected)),
        ("done", format!("{}, stale {:.0}, duplicates {:.0}", per(flow.done), flow.stale, flow.duplicates)),
        (
            "failed",
            format!(
                "{:.0} attempts, retries {:.0}, parks {:.0}, dead-lettered {:.0}",
                flow.errors, flow.retries, flow.parks, flow.dead_lettered
            ),
        ),
        ("success", success),
        ("ingest", latency(flow.ingest)),
        ("end to end", latency(flow.end_to_end)),
        ("inventory", latency(flow.inventory_sync)),
        (
            "Shopify",
            format!(
                "{:.0} calls, {:.0} points, throttled {:.0}",
                flow.shopify_calls, flow.shopify_cost, flow.shopify_throttled
            ),
        ),
    ];
    let head = format!("the last {}", time(status.last_seconds));
    std::iter::once(head).chain(rows.into_iter().map(|(name, value)| row(name, &value))).collect()
}

/// Circuits, budgets and what the monitor saw.
pub(super) fn shopify(status: &Status) -> Vec<String> {
    let mut all = Vec::new();
    for circuit in status.circuits.iter().flatten() {
        let phase = if circuit.phase == "open" { "open" } else { "being probed" };
        all.push(row("circuit", &format!("{} {phase} since {}: {}", circuit.name, circuit.since, circuit.reason)));
    }
    for budget in status.budgets.iter().flatten() {
        let left = format!("{:.0} of {:.0} points, {:.0} a second", budget.level, budget.max, budget.restore);
        all.push(row("budget", &format!("{} {left}", budget.name)));
    }
    if let Some(drift) = &status.shopify {
        let said = match &drift.monitored {
            Some(at) => format!("{} shops, {} drifted; the last round ended {at}", drift.shops, drift.drifted.len()),
            None => "no round yet".to_owned(),
        };
        all.push(row("monitor", &said));
    }
    all
}

/// What an operator set.
pub(super) fn controls(status: &Status) -> Vec<String> {
    let Some(controls) = &status.controls else { return Vec::new() };
    let off = controls.off.iter().map(|off| row("off", off));
    let limits = (controls.limits > 0).then(|| row("limits", &controls.limits.to_string()));
    off.chain(limits).collect()
}

/// What needs a look, and what could not be read.
pub(super) fn findings(health: &HealthView<'_>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for finding in &health.findings {
        let mark = if finding.severity == SeverityName::Bad { "✗" } else { "!" };
        all.push(format!("{mark} {}", finding.message));
        all.push(format!("    {}", finding.next_command));
    }
    all.extend(health.unread.iter().map(|unread| format!("? not known: {unread}")));
    if all.is_empty() {
        all.push("✓ healthy".to_owned());
    }
    all
}

fn row(name: &str, value: &str) -> String {
    format!("  {name:<12}  {value}")
}

fn latency(latency: Option<Latency>) -> String {
    let Some(Latency { p50, p95, p99 }) = latency else { return "-".to_owned() };
    format!("p50 {}, p95 {}, p99 {}", millis(p50), millis(p95), millis(p99))
}

fn millis(ms: f64) -> String {
    if ms < 10_000.0 { format!("{ms:.0} ms") } else { time((ms / 1_000.0) as u64) }
}

fn rate(rate: f64) -> String {
    if rate >= 10.0 { format!("{rate:.0}") } else { format!("{rate:.2}") }
}

/// `90 s`, `12 min`, `3 h`.
fn time(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

/// Columns that line up, the first to the left and numbers to the right.
fn table(rows: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| rows.iter().filter_map(|row| Some(row.get(column)?.len())).max().unwrap_or(0);
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(at, cell)| match at {
            0 => format!("{cell:<width$}", width = width(at)),
            _ => format!("{cell:>width$}", width = width(at)),
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use weir_core::Lane;
    use weir_ops::health::{Finding, FindingKind, Health, LaneStatus, Part, Severity, Traffic, Unread};

    use super::*;

    fn health() -> Health {
        let latency = Latency { p50: 9.4, p95: 20.0, p99: 12_345.0 };
        let lane = LaneStatus {
            lane: Lane::Standard,
            waiting: 12_000,
            in_flight: 40,
            delayed: 0,
            dead: 2,
            oldest_seconds: Some(600),
        };
        let status = Status {
            stack: "weir".into(),
            at: "2026-11-27T05:00:00Z".into(),
            lanes: vec![lane.clone(), LaneStatus { lane: Lane::Bulk, waiting: 1, oldest_seconds: None, ..lane }],
            last_seconds: 900,
            flow: Some(Traffic {
                accepted: 1_800.0,
                success_percent: Some(99.954),
                end_to_end: Some(latency),
                ..Traffic::default()
            }),
            ..Status::default()
        };
        Health { status, ..Health::default() }
    }

    fn shown(health: &Health) -> String {
        lines(&HealthView::new(health))
    }

    #[test]
    fn a_healthy_stack_says_so_and_a_sick_one_what_to_do() {
        let mut health = health();
        assert!(shown(&health).ends_with("\n✓ healthy"));
        let kind = FindingKind::DeadLetters { lane: Lane::Bulk, count: 2 };
        health.findings = vec![Finding { severity: Severity::Critical, kind }];
        health.unread = vec![Unread { part: Part::Controls, reason: "AccessDenied".into() }];
        let lines = shown(&health);
        let found = "✗ 2 events in the dead-letter queue of lane bulk\n    weir dlq list --lane bulk";
        assert!(lines.ends_with(&format!("{found}\n? not known: controls: AccessDenied")), "{lines}");
        assert!(!lines.contains("healthy"), "{lines}");
    }

    #[test]
    fn rates_are_by_the_second_and_latencies_readable() {
        let lines = shown(&health());
        for said in ["1800 (2.00/s)", "99.95 %", "p50 9 ms, p95 20 ms, p99 12 s", "the last 15 min", "10 min"] {
            assert!(lines.contains(said), "{said}: {lines}");
        }
    }

    #[test]
    fn columns_line_up() {
        let lines = shown(&health());
        let ends: Vec<usize> = lines.lines().skip(2).take(3).map(str::len).collect();
        assert!(ends.len() == 3 && ends.iter().all(|end| *end == ends[0]), "{lines}");
    }
}
