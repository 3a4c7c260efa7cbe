//! Findings in words, each with the command to begin with.

use weir_ops::health::FindingKind;

/// What was found.
pub(in crate::commands) fn message(kind: &FindingKind) -> String {
    match kind {
        FindingKind::DeadLetters { lane, count } => {
            format!("{} in the dead-letter queue of lane {lane}", events(*count))
        }
        FindingKind::DeepLane { lane, waiting } => format!("{} wait in lane {lane}", events(*waiting)),
        FindingKind::LateLane { lane, oldest_seconds } => {
            format!("the oldest event of lane {lane} has waited for {} min", oldest_seconds / 60)
        }
        FindingKind::RefusedCall { call } => format!("AWS refuses the workers {call}; its events are held"),
        FindingKind::RefusedCalls { count } => {
            format!("AWS refused the workers {count:.0} calls; the lanes' logs say which")
        }
        FindingKind::LowSuccess { percent } => format!("{percent:.2} % of the events succeed"),
        FindingKind::SlowIngest { p99_ms } => format!("ingest's p99 is {p99_ms:.0} ms"),
        FindingKind::Throttled { calls } => format!("Shopify throttled {calls:.0} calls"),
        FindingKind::OpenCircuit { circuit, reason } => format!("the circuit {circuit} is open: {reason}"),
        FindingKind::SwitchedOff { what } => format!("switched off: {what}"),
        FindingKind::Drifted { shop } => format!("subscriptions of {shop} are not as desired"),
        FindingKind::Recovering { shop } => {
            format!("a lost subscription of {shop} is back; the events it missed are being fetched")
        }
        FindingKind::SilentMonitor { since } => {
            format!("the monitor ended no round since {}", since.as_deref().unwrap_or("never"))
        }
        FindingKind::MissedEvents { count } => {
            format!("{} had been missed, and were fetched within the last day", events(*count))
        }
    }
}

/// The command to begin with.
pub(in crate::commands) fn next_command(kind: &FindingKind) -> String {
    match kind {
        FindingKind::DeadLetters { lane, .. } => format!("weir dlq list --lane {lane}"),
        FindingKind::DeepLane { .. } => "weir events list --state failed".to_owned(),
        FindingKind::LateLane { .. } => "weir events list --state parked".to_owned(),
        FindingKind::RefusedCall { .. } | FindingKind::RefusedCalls { .. } => {
            "weir events list --state parked --error misconfigured".to_owned()
        }
        FindingKind::LowSuccess { .. } => "weir dlq list".to_owned(),
        FindingKind::SlowIngest { .. } => "weir status --watch --since 5m".to_owned(),
        FindingKind::Throttled { .. } => "weir audit".to_owned(),
        FindingKind::OpenCircuit { circuit, .. } => {
            match circuit.strip_prefix("shop/").and_then(|name| name.split_once('/')) {
                Some((app, shop)) => format!("weir shops check {shop} --app {app}"),
                None => "weir events list --state parked".to_owned(),
            }
        }
        FindingKind::SwitchedOff { .. } => "weir controls show".to_owned(),
        FindingKind::Drifted { shop } => format!("weir subscriptions plan --shop {shop}"),
        FindingKind::Recovering { shop } => format!("weir subscriptions status --shop {shop}"),
        FindingKind::SilentMonitor { .. } => "weir subscriptions status".to_owned(),
        FindingKind::MissedEvents { .. } => "weir events list --since 24h".to_owned(),
    }
}

fn events(count: u64) -> String {
    if count == 1 { "1 event".to_owned() } else { format!("{count} events") }
}

#[cfg(test)]
mod tests {
    use weir_core::Lane;

    use super::*;

    #[track_caller]
    fn check(kind: FindingKind, said: &str, command: &str) {
        let message = message(&kind);
        assert!(message.contains(said), "{message}");
        assert_eq!(next_command(&kind), command);
    }

    #[test]
    fn each_trouble_names_the_command_to_begin_with() {
        let lane = Lane::Standard;
        let dead = FindingKind::DeadLetters { lane, count: 1 };
        check(dead, "1 event in the dead-letter", "weir dlq list --lane standard");
        let deep = FindingKind::DeepLane { lane, waiting: 501 };
        check(deep, "501 events wait", "weir events list --state failed");
        let late = FindingKind::LateLane { lane, oldest_seconds: 3_661 };
        check(late, "61 min", "weir events list --state parked");
        let refused = "weir events list --state parked --error misconfigured";
        let call = "PutEvents on shop-bus: AccessDeniedException";
        check(FindingKind::RefusedCall { call: call.into() }, call, refused);
        check(FindingKind::RefusedCalls { count: 3.0 }, "refused the workers 3 calls", refused);
        check(FindingKind::LowSuccess { percent: 99.89 }, "99.89 %", "weir dlq list");
        check(FindingKind::Throttled { calls: 2.0 }, "throttled 2", "weir audit");
        check(FindingKind::SlowIngest { p99_ms: 50.1 }, "p99", "weir status --watch --since 5m");
        let open = |circuit: &str| FindingKind::OpenCircuit { circuit: circuit.into(), reason: "503".into() };
        let shop = open("shop/loyalty/north.myshopify.com");
        check(shop, "503", "weir shops check north.myshopify.com --app loyalty");
        check(open("destination/forward"), "forward", "weir events list --state parked");
        check(FindingKind::SwitchedOff { what: "lane bulk".into() }, "lane bulk", "weir controls show");
        let shop = || "north.myshopify.com".to_owned();
        let drifted = FindingKind::Drifted { shop: shop() };
        check(drifted, "not as desired", "weir subscriptions plan --shop north.myshopify.com");
        let recovering = FindingKind::Recovering { shop: shop() };
        check(recovering, "is back", "weir subscriptions status --shop north.myshopify.com");
        let silent = FindingKind::SilentMonitor { since: None };
        check(silent, "no round since never", "weir subscriptions status");
        check(FindingKind::MissedEvents { count: 3 }, "3 events had been missed", "weir events list --since 24h");
    }
}
