use std::collections::BTreeMap;

use serde_json::json;

use super::super::{
    replay::{Answer, Replay},
    target::{Account, Resource},
};
use super::*;
use crate::{Stack, StackLocation};

/// A stack whose template has one rule on its bus, and the monitor's schedule on the account's.
fn target(replay: &Replay, parameters: &[(&str, &str)]) -> CheckTarget {
    let location = StackLocation { name: "weir".into(), config: replay.config(), is_emulated: false, shopify: None };
    let account = Account {
        partition: "aws".into(),
        id: "123456789012".into(),
        region: "eu-central-1".into(),
        caller: "me".into(),
    };
    let rule = |id: &str| Resource { kind: "AWS::Events::Rule".into(), id: id.into() };
    let resources = BTreeMap::from([
        ("ArchiveRule".to_owned(), rule("weir|weir-ArchiveRule-1")),
        ("MonitorSchedule".to_owned(), rule("weir-MonitorSchedule-1")),
    ]);
    let outputs = BTreeMap::from([("BusName".to_owned(), "weir".to_owned())]);
    CheckTarget::known(Stack::known(location, outputs).with_parameters(parameters), account, resources)
}

/// EventBridge as its API reference has it, with these rules on the bus, and the schedule in this state.
fn events(rules: &'static [(&str, &str)], schedule: &'static str) -> Replay {
    Replay::new(move |request| match request.target() {
        "AWSEvents.ListRules" => {
            let rule = |(name, state): &(&str, &str)| json!({ "Name": name, "State": state, "EventBusName": "weir" });
            Answer::json(json!({ "Rules": rules.iter().map(rule).collect::<Vec<_>>() }))
        }
        // Of another service than SQS, which is not followed.
        "AWSEvents.ListTargetsByRule" => Answer::json(
            json!({ "Targets": [{ "Id": "1", "Arn": "arn:aws:lambda:eu-central-1:123456789012:function:x" }] }),
        ),
        "AWSEvents.DescribeRule" if schedule.is_empty() => Answer::error(400, "ResourceNotFoundException"),
        "AWSEvents.DescribeRule" => Answer::json(json!({ "Name": "weir-MonitorSchedule-1", "State": schedule })),
        other => panic!("{other}"),
    })
}

async fn seen(replay: &Replay, parameters: &[(&str, &str)]) -> Vec<(Severity, String, &'static str)> {
    let found = check(&target(replay, parameters)).await;
    found.into_iter().map(|one| (one.severity, one.subject, one.kind.id())).collect()
}

fn expected(severity: Severity, subject: &str, id: &'static str) -> (Severity, String, &'static str) {
    (severity, subject.to_owned(), id)
}

#[tokio::test]
async fn rules_that_are_there_and_on_yield_nothing() {
    let replay = events(&[("weir-ArchiveRule-1", "ENABLED"), ("orders", "ENABLED")], "ENABLED");
    assert_eq!(seen(&replay, &[]).await, []);
}

#[tokio::test]
async fn rule_of_the_template_that_is_gone_or_off_must_be_repaired() {
    let gone = seen(&events(&[("orders", "ENABLED")], "ENABLED"), &[]).await;
    assert_eq!(gone, [expected(Severity::Must, "rule weir-ArchiveRule-1", "rule-gone")]);
    let off = seen(&events(&[("weir-ArchiveRule-1", "DISABLED"), ("orders", "DISABLED")], "ENABLED"), &[]).await;
    let both = [
        expected(Severity::Must, "rule weir-ArchiveRule-1", "rule-off"),
        expected(Severity::Should, "rule orders", "rule-off"),
    ];
    assert_eq!(off, both);
}

#[tokio::test]
async fn bus_without_a_rule_of_yours_is_a_remark_and_a_named_rule_must_be_there() {
    let replay = events(&[("weir-ArchiveRule-1", "ENABLED")], "ENABLED");
    assert_eq!(seen(&replay, &[]).await, [expected(Severity::Note, "rule weir", "no-rule-of-yours")]);
    let named = seen(&replay, &[("ComplianceRule", "compliance")]).await;
    assert_eq!(named[0], expected(Severity::Must, "rule compliance", "rule-gone"));
}

#[tokio::test]
async fn schedule_of_the_monitor_is_missed_unless_a_parameter_keeps_it_off() {
    let rules = &[("weir-ArchiveRule-1", "ENABLED"), ("orders", "ENABLED")];
    for (state, id) in [("DISABLED", "rule-off"), ("", "rule-gone")] {
        let replay = events(rules, state);
        assert_eq!(seen(&replay, &[]).await, [expected(Severity::Must, "rule MonitorSchedule", id)]);
        assert_eq!(seen(&replay, &[("MonitorState", "DISABLED")]).await, []);
    }
}
