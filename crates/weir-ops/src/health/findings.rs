//! What of a status needs attention. Pure.

use super::{
    model::{Finding, FindingKind, Severity, Status},
    thresholds::{MIN_SUCCESS_PERCENT, Thresholds},
};

/// The worst first.
#[must_use]
pub fn findings(status: &Status, thresholds: &Thresholds) -> Vec<Finding> {
    let mut found = Vec::new();
    lanes(status, thresholds, &mut found);
    refusals(status, &mut found);
    traffic(status, thresholds, &mut found);
    circuits_and_controls(status, &mut found);
    shopify(status, thresholds, &mut found);
    found.sort_by_key(|finding| finding.severity);
    found
}

fn lanes(status: &Status, thresholds: &Thresholds, found: &mut Vec<Finding>) {
    for status in &status.lanes {
        let lane = status.lane;
        if status.dead > 0 {
            found.push(critical(FindingKind::DeadLetters { lane, count: status.dead }));
        }
        if status.waiting > thresholds.lane_depth {
            found.push(critical(FindingKind::DeepLane { lane, waiting: status.waiting }));
        }
        if let Some(oldest_seconds) = status.oldest_seconds.filter(|seconds| *seconds > lane.max_age().as_secs()) {
            found.push(critical(FindingKind::LateLane { lane, oldest_seconds }));
        }
    }
}

/// Nothing that a worker does can help: somebody has to change a permission, a name or a setting.
fn refusals(status: &Status, found: &mut Vec<Finding>) {
    let refused = status.refusals.iter().flatten();
    let mut kinds: Vec<FindingKind> = refused.map(|call| FindingKind::RefusedCall { call: call.clone() }).collect();
    let count = status.flow.as_ref().map_or(0.0, |traffic| traffic.misconfigured);
    if kinds.is_empty() && count > 0.0 {
        kinds.push(FindingKind::RefusedCalls { count });
    }
    found.extend(kinds.into_iter().map(critical));
}

fn traffic(status: &Status, thresholds: &Thresholds, found: &mut Vec<Finding>) {
    let Some(traffic) = &status.flow else { return };
    if let Some(percent) = traffic.success_percent.filter(|percent| *percent < MIN_SUCCESS_PERCENT) {
        found.push(critical(FindingKind::LowSuccess { percent }));
    }
    if let Some(slow) = traffic.ingest.filter(|latency| latency.p99 > thresholds.ingest_p99_ms) {
        found.push(warning(FindingKind::SlowIngest { p99_ms: slow.p99 }));
    }
    if traffic.shopify_throttled > 0.0 {
        found.push(warning(FindingKind::Throttled { calls: traffic.shopify_throttled }));
    }
}

fn circuits_and_controls(status: &Status, found: &mut Vec<Finding>) {
    for circuit in status.circuits.iter().flatten() {
        let (circuit, reason) = (circuit.name.clone(), circuit.reason.clone());
        found.push(critical(FindingKind::OpenCircuit { circuit, reason }));
    }
    for off in status.controls.iter().flat_map(|controls| &controls.off) {
        found.push(warning(FindingKind::SwitchedOff { what: off.clone() }));
    }
}

fn shopify(status: &Status, thresholds: &Thresholds, found: &mut Vec<Finding>) {
    let Some(drift) = &status.shopify else { return };
    found.extend(drift.drifted.iter().map(|shop| critical(FindingKind::Drifted { shop: shop.clone() })));
    found.extend(drift.recovering.iter().map(|shop| warning(FindingKind::Recovering { shop: shop.clone() })));
    if drift.monitored_seconds.is_some_and(|seconds| seconds > thresholds.monitor_silence.as_secs()) {
        found.push(critical(FindingKind::SilentMonitor { since: drift.monitored.clone() }));
    }
    if drift.missing_today > 0 {
        found.push(warning(FindingKind::MissedEvents { count: drift.missing_today }));
    }
}

fn critical(kind: FindingKind) -> Finding {
    Finding { severity: Severity::Critical, kind }
}

fn warning(kind: FindingKind) -> Finding {
    Finding { severity: Severity::Warning, kind }
}

#[cfg(test)]
mod tests {
    use weir_core::Lane;

    use super::super::model::{CircuitStatus, ControlsStatus, DriftStatus, LaneStatus, Latency, Traffic};
    use super::*;

    /// A stack whose figures are at their thresholds.
    fn healthy() -> Status {
        let latency = Latency { p50: 9.0, p95: 20.0, p99: 50.0 };
        let lane = |lane| LaneStatus {
            lane,
            waiting: 500,
            in_flight: 40,
            delayed: 9,
            dead: 0,
            oldest_seconds: Some(lane.max_age().as_secs()),
        };
        Status {
            lanes: Lane::ALL.map(lane).to_vec(),
            flow: Some(Traffic { success_percent: Some(99.9), ingest: Some(latency), ..Traffic::default() }),
            circuits: Some(Vec::new()),
            controls: Some(ControlsStatus { off: Vec::new(), limits: 3 }),
            shopify: Some(DriftStatus { monitored_seconds: Some(900), ..DriftStatus::default() }),
            ..Status::default()
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Status), severity: Severity, kind: FindingKind) {
        let mut status = healthy();
        change(&mut status);
        assert_eq!(findings(&status, &Thresholds::default()), [Finding { severity, kind }]);
    }

    #[test]
    fn a_healthy_stack_needs_no_look() {
        assert_eq!(findings(&healthy(), &Thresholds::default()), []);
    }

    #[test]
    fn unread_source_yields_no_finding() {
        assert_eq!(findings(&Status::default(), &Thresholds::default()), []);
    }

    #[test]
    fn each_lane_is_late_by_its_own_alarm() {
        for (at, lane, seconds) in [(0, Lane::Urgent, 301), (1, Lane::Standard, 601), (2, Lane::Bulk, 721)] {
            let late = FindingKind::LateLane { lane, oldest_seconds: seconds };
            check(|s| s.lanes[at].oldest_seconds = Some(seconds), Severity::Critical, late);
        }
    }

    #[test]
    fn thresholds_of_the_stack_decide_how_deep_a_lane_and_how_slow_ingest_may_be() {
        let mut status = healthy();
        status.lanes[1].waiting = 501;
        status.flow.as_mut().unwrap().ingest = Some(Latency { p50: 1.0, p95: 2.0, p99: 50.1 });
        status.shopify.as_mut().unwrap().monitored_seconds = Some(901);
        assert_eq!(findings(&status, &Thresholds::default()).len(), 3);
        let monitor_silence = std::time::Duration::from_secs(901);
        let patient = Thresholds { lane_depth: 501, ingest_p99_ms: 50.1, monitor_silence };
        assert_eq!(findings(&status, &patient), []);
    }

    #[test]
    fn each_trouble_is_found() {
        use Severity::{Critical, Warning};
        let lane = Lane::Standard;
        check(|s| s.lanes[1].dead = 1, Critical, FindingKind::DeadLetters { lane, count: 1 });
        check(|s| s.lanes[1].waiting = 501, Critical, FindingKind::DeepLane { lane, waiting: 501 });
        let traffic = |s: &mut Status, change: fn(&mut Traffic)| change(s.flow.as_mut().unwrap());
        let call = "PutEvents on shop-bus: AccessDeniedException";
        let refused = FindingKind::RefusedCall { call: call.into() };
        check(|s| s.refusals = Some(vec![call.into()]), Critical, refused);
        let refused = FindingKind::RefusedCalls { count: 3.0 };
        check(|s| traffic(s, |t| t.misconfigured = 3.0), Critical, refused);
        let low = FindingKind::LowSuccess { percent: 99.89 };
        check(|s| traffic(s, |t| t.success_percent = Some(99.89)), Critical, low);
        check(|s| traffic(s, |t| t.shopify_throttled = 2.0), Warning, FindingKind::Throttled { calls: 2.0 });
        let slow = |s: &mut Status| traffic(s, |t| t.ingest = Some(Latency { p50: 1.0, p95: 2.0, p99: 50.1 }));
        check(slow, Warning, FindingKind::SlowIngest { p99_ms: 50.1 });
        let circuit = CircuitStatus {
            name: "destination/forward".into(),
            phase: "open",
            since: String::new(),
            until: String::new(),
            failed_probes: 0,
            reason: "503".into(),
        };
        let open = FindingKind::OpenCircuit { circuit: circuit.name.clone(), reason: "503".into() };
        check(|s| s.circuits = Some(vec![circuit]), Critical, open);
        let off = ControlsStatus { off: vec!["lane bulk".into()], limits: 0 };
        check(|s| s.controls = Some(off), Warning, FindingKind::SwitchedOff { what: "lane bulk".into() });
        let drift = |s: &mut Status, change: fn(&mut DriftStatus)| change(s.shopify.as_mut().unwrap());
        let shop = || "north.myshopify.com".to_owned();
        let drifted = FindingKind::Drifted { shop: shop() };
        check(|s| drift(s, |d| d.drifted = vec!["north.myshopify.com".into()]), Critical, drifted);
        let recovering = FindingKind::Recovering { shop: shop() };
        check(|s| drift(s, |d| d.recovering = vec!["north.myshopify.com".into()]), Warning, recovering);
        let silent = FindingKind::SilentMonitor { since: None };
        check(|s| drift(s, |d| d.monitored_seconds = Some(901)), Critical, silent);
        check(|s| drift(s, |d| d.missing_today = 3), Warning, FindingKind::MissedEvents { count: 3 });
    }

    #[test]
    fn the_worst_comes_first() {
        let mut status = healthy();
        status.controls = Some(ControlsStatus { off: vec!["lane bulk".into()], limits: 0 });
        status.shopify.as_mut().unwrap().drifted = vec!["north.myshopify.com".into()];
        let severities: Vec<_> =
            findings(&status, &Thresholds::default()).into_iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::Critical, Severity::Warning]);
    }
}
