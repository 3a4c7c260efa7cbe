//! The drift report for people.

use std::collections::BTreeMap;

use weir_ops::reconcile::{Kind, KindProgress, Report};

pub(super) fn lines(report: &Report) -> String {
    let Report { shop, app, sent, on_their_way, dead, gone, points, rest_calls, .. } = report;
    let mut lines = vec![format!("{shop}  app {app}: {}", verdict(report))];
    lines.extend(report.kinds.iter().map(|(kind, looked)| looked_at(*kind, looked)));
    if !report.missing.is_empty() {
        lines.push(String::new());
        lines.push(format!("{:<28}{:<22}missing", "topic", "hour (UTC)"));
        lines.extend(report.missing.iter().flat_map(|(topic, hours)| by_hour(topic, hours)));
    }
    lines.push(String::new());
    let more = [
        (*on_their_way, "on their way: in a lane, with a worker, or coming back"),
        (*dead, "failed for good: `weir dlq list` shows why"),
        (*gone, "gone before they could be read"),
    ];
    lines.extend(more.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    let did = if report.dry_run { "nothing was sent: a dry run".to_owned() } else { format!("{sent} sent") };
    lines.push(format!("{did}; {points} points, {rest_calls} REST calls"));
    lines.extend(report.left_out.iter().map(|one| format!("left out: {}, {}", one.topic, one.why)));
    crate::layout::joined(lines)
}

fn verdict(report: &Report) -> String {
    match report.missing() {
        0 => "nothing is missing".to_owned(),
        1 => "1 event is missing".to_owned(),
        missing => format!("{missing} events are missing"),
    }
}

fn looked_at(kind: Kind, looked: &KindProgress) -> String {
    let KindProgress { from, until, resources, whole, refused } = looked;
    let end = match (refused, whole) {
        (Some(why), _) => format!(", refused: {why}"),
        (None, false) => ", not to its end".to_owned(),
        (None, true) => String::new(),
    };
    format!("  {:<10} {resources} changed from {from} to {until}{end}", kind.as_str())
}

fn by_hour<'a>(topic: &'a str, hours: &'a BTreeMap<String, u32>) -> impl Iterator<Item = String> + 'a {
    hours.iter().map(move |(hour, count)| format!("{topic:<28}{hour:<22}{count}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(change: impl FnOnce(&mut serde_json::Value)) -> Report {
        let mut report = json!({
            "shop": "north.myshopify.com", "app": "default", "dry_run": false,
            "began_at": 1_795_755_600_000_i64, "ended_at": 1_795_755_610_000_i64,
            "kinds": { "orders": { "from": 1_795_750_000_000_i64, "until": 1_795_755_400_000_i64, "resources": 7, "whole": true, "refused": null } },
            "missing": { "orders/create": { "2026-11-27T03:00:00Z": 2, "2026-11-27T04:00:00Z": 1 } },
            "sent": 3, "on_their_way": 0, "dead": 0, "gone": 0, "points": 21, "rest_calls": 1, "left_out": [], "unfinished": null,
        });
        change(&mut report);
        serde_json::from_value(report).unwrap()
    }

    #[test]
    fn drift_is_told_by_topic_and_hour() {
        let told = lines(&report(|_| {}));
        for line in [
            "north.myshopify.com  app default: 3 events are missing",
            "  orders     7 changed from 2026-11-27T03:26:40.000Z to 2026-11-27T04:56:40.000Z",
            "orders/create               2026-11-27T03:00:00Z  2",
            "orders/create               2026-11-27T04:00:00Z  1",
            "3 sent; 21 points, 1 REST calls",
        ] {
            assert!(told.lines().any(|told| told == line), "{line}: {told}");
        }
    }

    #[test]
    fn skipped_events_are_listed() {
        let told = lines(&report(|report| {
            report["missing"] = json!({});
            report["dry_run"] = true.into();
            report["dead"] = 2.into();
            report["left_out"] = json!([{ "topic": "refunds/create", "why": "it does not show" }]);
            report["kinds"]["orders"]["refused"] = "access denied".into();
        }));
        for part in
            ["nothing is missing", "a dry run", "2 failed for good", "left out: refunds/create", "refused: access"]
        {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}
