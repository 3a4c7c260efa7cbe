//! What of a status needs a look, and what to do first.

use super::model::{Finding, Severity, Status};

/// A lane with more than this is behind: what its alarm says.
const DEEP: u64 = 500;
/// An event that waits longer is late: what the lanes' alarms say.
const LATE_SECONDS: u64 = 3_600;
/// Ingest's 99th percentile, in milliseconds: what its alarm says.
const SLOW_MS: f64 = 50.0;
/// Below this share of successes an alarm goes off, in percent.
const SUCCESS_PERCENT: f64 = 99.9;
/// A monitor that has not ended a round for so long is missing: three of its usual periods.
const SILENT_SECONDS: u64 = 15 * 60;

/// The worst first.
pub(super) fn findings(status: &Status) -> Vec<Finding> {
    let mut found = Vec::new();
    lanes(status, &mut found);
    refusals(status, &mut found);
    flow(status, &mut found);
    outside(status, &mut found);
    found.sort();
    found
}

fn lanes(status: &Status, found: &mut Vec<Finding>) {
    for lane in &status.lanes {
        let name = lane.lane;
        if lane.dead > 0 {
            let what = format!("{} in the dead-letter queue of lane {name}", events(lane.dead));
            found.push(bad(what, format!("weir dlq list --lane {name}")));
        }
        if lane.waiting > DEEP {
            found.push(bad(format!("{} wait in lane {name}", events(lane.waiting)), "weir events list --state failed"));
        }
        if let Some(seconds) = lane.oldest_seconds.filter(|seconds| *seconds > LATE_SECONDS) {
            let what = format!("the oldest event of lane {name} has waited for {} min", seconds / 60);
            found.push(bad(what, "weir events list --state parked"));
        }
    }
}

/// Nothing that a worker does can help: somebody has to change a permission, a name or a setting.
fn refusals(status: &Status, found: &mut Vec<Finding>) {
    let refused = status.refusals.iter().flatten();
    let mut said: Vec<String> =
        refused.map(|call| format!("AWS refuses the workers {call}; its events are held")).collect();
    let attempts = status.flow.as_ref().map_or(0.0, |flow| flow.misconfigured);
    if said.is_empty() && attempts > 0.0 {
        said.push(format!("AWS refused the workers {attempts:.0} calls; the lanes' logs say which"));
    }
    found.extend(said.into_iter().map(|what| bad(what, "weir events list --state parked --error misconfigured")));
}

fn flow(status: &Status, found: &mut Vec<Finding>) {
    let Some(flow) = &status.flow else { return };
    if let Some(percent) = flow.success_percent.filter(|percent| *percent < SUCCESS_PERCENT) {
        found.push(bad(format!("{percent:.2} % of the events succeed"), "weir dlq list"));
    }
    if let Some(slow) = flow.ingest.filter(|latency| latency.p99 > SLOW_MS) {
        found.push(odd(format!("ingest's p99 is {:.0} ms", slow.p99), "weir status --watch --last 5m"));
    }
    if flow.shopify_throttled > 0.0 {
        found.push(odd(format!("Shopify throttled {:.0} calls", flow.shopify_throttled), "weir audit"));
    }
}

fn outside(status: &Status, found: &mut Vec<Finding>) {
    for circuit in status.circuits.iter().flatten() {
        let then = match circuit.name.strip_prefix("shop/").and_then(|name| name.split_once('/')) {
            Some((app, shop)) => format!("weir shops check {shop} --app {app}"),
            None => "weir events list --state parked".to_owned(),
        };
        found.push(bad(format!("the circuit {} is open: {}", circuit.name, circuit.reason), then));
    }
    for off in status.controls.iter().flat_map(|controls| &controls.off) {
        found.push(odd(format!("switched off: {off}"), "weir controls show"));
    }
    let Some(drift) = &status.shopify else { return };
    for shop in &drift.drifted {
        let what = format!("subscriptions of {shop} are not as desired");
        found.push(bad(what, format!("weir subscriptions plan --shop {shop}")));
    }
    for shop in &drift.recovering {
        let what = format!("a lost subscription of {shop} is back; the events it missed are being fetched");
        found.push(odd(what, format!("weir subscriptions status --shop {shop}")));
    }
    if drift.monitored_seconds.is_some_and(|seconds| seconds > SILENT_SECONDS) {
        let at = drift.monitored.as_deref().unwrap_or("never");
        found.push(bad(format!("the monitor ended no round since {at}"), "weir subscriptions status"));
    }
    if drift.missing_today > 0 {
        let what = format!("{} had been missed, and were fetched within the last day", events(drift.missing_today));
        found.push(odd(what, "weir events list --since 24h"));
    }
}

fn events(count: u64) -> String {
    if count == 1 { "1 event".to_owned() } else { format!("{count} events") }
}

fn bad(what: String, then: impl Into<String>) -> Finding {
    Finding { severity: Severity::Bad, what, then: then.into() }
}

fn odd(what: String, then: impl Into<String>) -> Finding {
    Finding { severity: Severity::Odd, what, then: then.into() }
}

#[cfg(test)]
mod tests {
    use super::super::model::{Circuit, Controls, Drift, Flow, Lane, Latency};
    use super::*;

    fn lane() -> Lane {
        Lane { lane: "standard", waiting: 500, in_flight: 40, delayed: 9, dead: 0, oldest_seconds: Some(3_600) }
    }

    fn healthy() -> Status {
        let latency = Latency { p50: 9.0, p95: 20.0, p99: 50.0 };
        Status {
            lanes: vec![lane()],
            flow: Some(Flow { success_percent: Some(99.9), ingest: Some(latency), ..Flow::default() }),
            circuits: Some(Vec::new()),
            controls: Some(Controls { off: Vec::new(), limits: 3 }),
            shopify: Some(Drift { monitored_seconds: Some(900), ..Drift::default() }),
            ..Status::default()
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Status), severity: Severity, what: &str, then: &str) {
        let mut status = healthy();
        change(&mut status);
        let found = findings(&status);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].severity == severity && found[0].what.contains(what) && found[0].then == then, "{found:?}");
    }

    #[test]
    fn a_healthy_stack_needs_no_look() {
        assert_eq!(findings(&healthy()), []);
    }

    #[test]
    fn what_could_not_be_read_is_not_judged() {
        assert_eq!(findings(&Status::default()), []);
    }

    #[test]
    fn each_trouble_names_the_command_to_begin_with() {
        use Severity::{Bad, Odd};
        check(|s| s.lanes[0].dead = 1, Bad, "1 event in the dead-letter", "weir dlq list --lane standard");
        check(|s| s.lanes[0].waiting = 501, Bad, "501 events wait", "weir events list --state failed");
        check(|s| s.lanes[0].oldest_seconds = Some(3_661), Bad, "61 min", "weir events list --state parked");
        let flow = |s: &mut Status, change: fn(&mut Flow)| change(s.flow.as_mut().unwrap());
        let refused = "weir events list --state parked --error misconfigured";
        let call = "PutEvents on shop-bus: AccessDeniedException";
        check(|s| s.refusals = Some(vec![call.into()]), Bad, call, refused);
        check(|s| flow(s, |f| f.misconfigured = 3.0), Bad, "refused the workers 3 calls", refused);
        check(|s| flow(s, |f| f.success_percent = Some(99.89)), Bad, "99.89 %", "weir dlq list");
        check(|s| flow(s, |f| f.shopify_throttled = 2.0), Odd, "throttled 2", "weir audit");
        let slow = Latency { p50: 1.0, p95: 2.0, p99: 50.1 };
        check(move |s| s.flow.as_mut().unwrap().ingest = Some(slow), Odd, "p99", "weir status --watch --last 5m");
        let circuit = |name: &str| Circuit {
            name: name.into(),
            phase: "open",
            since: String::new(),
            until: String::new(),
            failed_probes: 0,
            reason: "503".into(),
        };
        let shop = circuit("shop/loyalty/north.myshopify.com");
        check(|s| s.circuits = Some(vec![shop]), Bad, "503", "weir shops check north.myshopify.com --app loyalty");
        let erp = circuit("destination/forward");
        check(|s| s.circuits = Some(vec![erp]), Bad, "forward", "weir events list --state parked");
        let off = Controls { off: vec!["lane bulk".into()], limits: 0 };
        check(|s| s.controls = Some(off), Odd, "lane bulk", "weir controls show");
        let drift = |s: &mut Status, change: fn(&mut Drift)| change(s.shopify.as_mut().unwrap());
        let plan = "weir subscriptions plan --shop north.myshopify.com";
        check(|s| drift(s, |d| d.drifted = vec!["north.myshopify.com".into()]), Bad, "not as desired", plan);
        let status = "weir subscriptions status --shop north.myshopify.com";
        check(|s| drift(s, |d| d.recovering = vec!["north.myshopify.com".into()]), Odd, "is back", status);
        check(|s| drift(s, |d| d.monitored_seconds = Some(901)), Bad, "no round", "weir subscriptions status");
        check(|s| drift(s, |d| d.missing_today = 3), Odd, "3 events had been missed", "weir events list --since 24h");
    }

    #[test]
    fn the_worst_comes_first() {
        let mut status = healthy();
        status.flow.as_mut().unwrap().shopify_throttled = 1.0;
        status.lanes[0].dead = 1;
        let severities: Vec<_> = findings(&status).into_iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::Bad, Severity::Odd]);
    }
}
