//! The alarms of template.yaml: what they look at is declared, and what they say leads on.

mod definition;
mod expression;
mod series;
mod state;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use weir_telemetry::metrics::{self, ErrorKind};
use weir_tests::{Document, NOT_YET};

use crate::model::{Template, at, items, refers_to, text};

pub(crate) use definition::{Alarm, Used};

/// The metric is declared, with these dimensions and a statistic that says something of it.
#[track_caller]
pub(crate) fn assert_declared(place: &str, used: &Used) {
    let Used { namespace, name, .. } = used;
    let metric =
        metrics::find(namespace, name).unwrap_or_else(|| panic!("{place}: {namespace} {name} is not declared"));
    let dimensions: BTreeSet<&str> = used.dimensions.iter().map(|(name, _)| name.as_str()).collect();
    let sets = metric.dimensions.iter().map(|set| set.iter().map(|one| one.as_str()).collect::<BTreeSet<_>>());
    assert!(sets.into_iter().any(|set| set == dimensions), "{place}: {name} is not stored by {dimensions:?}");
    // How many are at work at once: a sum of that says nothing.
    let at_once = metric == &metrics::FUNCTION_CONCURRENCY && used.statistic == "Maximum";
    // How many durations there are says whether a percentile of them means anything.
    let counts = metric.unit == metrics::Unit::Milliseconds && used.statistic == "SampleCount";
    let fits = at_once || counts || metric.statistics().contains(&used.statistic.as_str());
    assert!(fits, "{place}: the {} of {name} says nothing; {:?} do", used.statistic, metric.statistics());
}

/// The dimension's value is what the template gives that thing.
#[track_caller]
fn assert_points_at_something(template: &Template, place: &str, used: &Used) {
    for (name, value) in &used.dimensions {
        let kind = |id: &str| template.resource(id)["Type"].as_str().unwrap_or_default().to_owned();
        match name.as_str() {
            "stack" => assert_eq!(value["Ref"], "AWS::StackName", "{place}"),
            "lane" => assert!(weir_core::Lane::ALL.iter().any(|lane| lane.as_str() == value), "{place}: {value}"),
            "kind" => {
                let mut kinds = ErrorKind::ALL.iter().map(|kind| kind.as_str());
                assert!(kinds.any(|kind| kind == value), "{place}: {value}");
            }
            "EventBusName" => {
                assert!(value["Ref"] == "Bus" || value["Fn::Sub"] == "${AWS::StackName}", "{place}: {value}")
            }
            // Of somebody's rule: one that a parameter names, or any.
            "RuleName" => assert!(value["Ref"] == "ComplianceRule" || value.is_null(), "{place}: {value}"),
            "QueueName" => {
                assert_eq!(value["Fn::GetAtt"][1], "QueueName", "{place}");
                assert_eq!(kind(refers_to(value)), "AWS::SQS::Queue", "{place}");
            }
            "FunctionName" => assert_eq!(kind(refers_to(value)), "AWS::Serverless::Function", "{place}"),
            "ApiId" => assert_eq!(kind(refers_to(value)), "AWS::ApiGatewayV2::Api", "{place}"),
            other => panic!("{place}: say here what {other} points at"),
        }
    }
}

#[test]
fn alarms_look_at_declared_metrics_of_things_that_are_there() {
    let template = Template::read();
    let alarms = Alarm::all(&template);
    assert!(alarms.len() >= 33, "only {} alarms were found", alarms.len());
    for alarm in &alarms {
        for used in alarm.metrics() {
            assert_declared(alarm.id, &used);
            assert_points_at_something(&template, alarm.id, &used);
            assert_eq!(used.period % 60, 0, "{}", alarm.id);
        }
    }
}

#[test]
fn every_alarm_tells_somebody_of_its_start_and_of_its_end() {
    let template = Template::read();
    for (id, alarm) in alarms_and_composites(&template) {
        for actions in ["AlarmActions", "OKActions"] {
            let actions = items(at(alarm, &[actions]));
            assert_eq!(actions[0]["Ref"], "Alarms", "{id}");
            let own = serde_json::json!({ "Fn::If": ["HasAlarmTopic", { "Ref": "AlarmTopicArn" }, { "Ref": "AWS::NoValue" }] });
            assert_eq!(actions.get(1), Some(&&own), "{id}");
        }
    }
}

/// Metrics are there only while something happens. What must happen and did not is a nought of an expression: with
/// `breaching`, a new stack would begin with an alarm.
#[test]
fn no_data_sets_off_no_alarm() {
    let template = Template::read();
    for alarm in Alarm::all(&template) {
        assert_eq!(alarm.properties["TreatMissingData"], "notBreaching", "{}", alarm.id);
        assert!(alarm.properties["EvaluateLowSampleCountPercentile"].is_null(), "{}: it would not come back", alarm.id);
    }
}

#[test]
fn names_begin_with_the_stacks_and_are_their_own() {
    let template = Template::read();
    let mut names = BTreeSet::new();
    for (id, alarm) in alarms_and_composites(&template) {
        let name = text(at(alarm, &["AlarmName", "Fn::Sub"]));
        // By this the notifier knows the stack's own.
        assert!(name.starts_with("${AWS::StackName}-"), "{id}");
        assert!(names.insert(name), "{name} is there twice");
    }
}

#[test]
fn every_description_names_a_section_of_the_runbook_and_a_command_that_can_be_given() {
    let template = Template::read();
    let runbook = Document::runbook();
    for (id, alarm) in alarms_and_composites(&template) {
        let (meaning, first, section) = description(id, alarm);
        assert!(meaning.len() > 40 && meaning.ends_with('.'), "{id}: {meaning}");
        assert!(runbook.sections().any(|known| known.anchor == section), "{id}: the runbook has no section {section}");
        let first = first.replace("${AWS::StackName}", "weir");
        match first.strip_prefix("weir ") {
            Some(_) if NOT_YET.iter().any(|command| first.starts_with(command)) => {}
            Some(_) => assert_can_be_given(id, &first),
            None => assert!(first.starts_with("aws "), "{id}: {first}"),
        }
    }
}

#[test]
fn every_section_of_the_runbook_has_an_alarm_or_says_that_it_has_none() {
    let template = Template::read();
    let named: BTreeMap<String, &str> =
        alarms_and_composites(&template).into_iter().map(|(id, alarm)| (description(id, alarm).2, id)).collect();
    for section in Document::runbook().sections() {
        let says_none = section.text.contains("No alarm");
        assert_ne!(named.contains_key(&section.anchor), says_none, "{}: named by an alarm, or without", section.anchor);
    }
}

#[test]
fn the_page_names_alarms_that_are_there_before_it() {
    let template = Template::read();
    let page = at(template.resource("PageMe"), &["Properties"]);
    let rule = text(at(page, &["AlarmRule", "Fn::Sub"]));
    let named: BTreeSet<&str> = rule.split('"').filter(|part| part.starts_with("${AWS::StackName}-")).collect();
    let parts: Vec<_> = rule.split(" OR ").collect();
    assert!(parts.iter().all(|part| part.starts_with("ALARM(\"") && part.ends_with("\")")), "{rule}");
    assert_eq!(parts.len(), named.len(), "{rule}");
    let before: BTreeSet<&str> = items(at(template.resource("PageMe"), &["DependsOn"]))
        .into_iter()
        .map(|id| text(at(template.resource(text(id)), &["Properties", "AlarmName", "Fn::Sub"])))
        .collect();
    assert_eq!(named, before, "DependsOn names the alarms of the rule");
}

/// The command can be read, whatever it means.
#[track_caller]
fn assert_can_be_given(id: &str, command: &str) {
    let words: Vec<_> = command.split_whitespace().map(Into::into).collect();
    if let Err(refused) = weir_cli::input::command_line(&words) {
        panic!("{id}: {command}: {}", refused.said);
    }
}

/// Every alarm's logical id and properties.
pub(crate) fn alarms_and_composites(template: &Template) -> Vec<(&str, &Value)> {
    let metric = template.of_type("AWS::CloudWatch::Alarm");
    metric.chain(template.of_type("AWS::CloudWatch::CompositeAlarm")).collect()
}

/// What it means, the first command, the section's anchor: as the notifier takes it apart.
#[track_caller]
fn description(id: &str, alarm: &Value) -> (String, String, String) {
    // With the longest name that a stack may have, CloudWatch must still take it.
    let text = text(at(alarm, &["AlarmDescription", "Fn::Sub"]));
    assert!(text.replace("${AWS::StackName}", &"x".repeat(128)).len() <= 1024, "{id}: the description is too long");
    let message = serde_json::json!({
        "AlarmName": "weir-x", "AlarmDescription": text, "NewStateValue": "OK",
        "StateChangeTime": "2026-11-25T12:00:00.000+0000",
    });
    let change = weir_notifier::alarm::Change::read(&message.to_string(), "weir").expect("an alarm");
    let told = change.told.expect("an own alarm");
    let first = told.first.unwrap_or_else(|| panic!("{id} names no first command"));
    let runbook = told.runbook.unwrap_or_else(|| panic!("{id} names no section of the runbook"));
    let anchor = runbook.strip_prefix("docs/operations/runbook.md#").unwrap_or_else(|| panic!("{id}: {runbook}"));
    (told.text, first, anchor.to_owned())
}
