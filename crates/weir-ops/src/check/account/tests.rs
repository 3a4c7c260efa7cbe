use serde_json::json;

use super::super::replay::{Answer, Replay};
use super::*;

/// Lambda as its API reference has it: an account of `total` executions.
fn settings(total: u32) -> Answer {
    Answer::json(json!({
        "AccountLimit": { "CodeSizeUnzipped": 262_144_000, "CodeSizeZipped": 52_428_800, "ConcurrentExecutions": total,
                          "TotalCodeSize": 80_530_636_800_u64, "UnreservedConcurrentExecutions": total },
        "AccountUsage": { "FunctionCount": 4, "TotalCodeSize": 9_426 },
    }))
}

fn quota(value: f64) -> Answer {
    Answer::json(json!({ "Quota": { "ServiceCode": "x", "QuotaCode": "L-1", "Value": value, "Adjustable": true } }))
}

/// An account of so many executions, whose every quota is `limit`.
fn account(total: u32, limit: f64) -> Replay {
    Replay::new(move |request| match request.target() {
        "ServiceQuotasV20190624.GetServiceQuota" => quota(limit),
        _ if request.path().contains("/account-settings") => settings(total),
        other => panic!("{other}"),
    })
}

async fn found(
    replay: &Replay,
    parameters: &'static [(&str, &str)],
    is_deployed: bool,
) -> Vec<(Severity, AccountFinding)> {
    let value = |name: &str| parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let findings = check(&replay.config(), value, is_deployed).await;
    findings
        .into_iter()
        .map(|finding| match finding.kind {
            FindingKind::Account(kind) => (finding.severity, kind),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn account_with_room_yields_remarks_only() {
    let all = found(&account(1_000, 10_000.0), &[], true).await;
    assert_eq!(all[0].1, AccountFinding::RoomForIngest { total: 1_000, left: 991 });
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().all(|(severity, _)| *severity == Severity::Note), "{all:?}");
}

#[tokio::test]
async fn new_account_whose_lanes_take_everything_starves_ingest() {
    let all = found(&account(10, 10_000.0), &[("StandardConcurrency", "20")], true).await;
    let starved = AccountFinding::NoRoomForIngest { total: 10, unreserved: 10, lanes: 24, others: 3 };
    assert_eq!(all[0], (Severity::Must, starved));
}

#[tokio::test]
async fn parameter_above_the_quota_of_a_small_region_is_found() {
    for (is_deployed, severity) in [(false, Severity::Must), (true, Severity::Should)] {
        let all = found(&account(1_000, 2_500.0), &[("ThrottleRate", "5000")], is_deployed).await;
        let above = AccountFinding::AboveQuota { quota: QUOTAS[0], limit: 2_500.0, value: 5_000.0 };
        assert!(all.contains(&(severity, above)), "{all:?}");
    }
}

#[tokio::test]
async fn quota_that_the_account_lacks_is_that_of_aws() {
    let replay = Replay::new(|request| match request.target() {
        "ServiceQuotasV20190624.GetServiceQuota" => Answer::error(400, "NoSuchResourceException"),
        "ServiceQuotasV20190624.GetAWSDefaultServiceQuota" => quota(400.0),
        _ => settings(1_000),
    });
    let all = found(&replay, &[], true).await;
    assert!(all.contains(&(Severity::Note, AccountFinding::Limit { quota: QUOTAS[3], limit: 400.0 })), "{all:?}");
}

#[tokio::test]
async fn caller_who_may_not_ask_is_told_so_once_a_service() {
    let replay = Replay::new(|_| Answer::error(400, "AccessDeniedException"));
    let all = check(&replay.config(), |_| None, true).await;
    let subjects: Vec<&str> = all.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(subjects, ["Lambda", "Service Quotas"]);
    for finding in &all {
        let FindingKind::NotChecked { reason } = &finding.kind else { panic!("{finding:?}") };
        assert!(reason.contains("AccessDeniedException") && finding.severity == Severity::Note, "{finding:?}");
    }
}
