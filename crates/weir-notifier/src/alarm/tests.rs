use serde_json::{Value, json};

use super::*;

fn metric_alarm() -> Value {
    json!({
        "AlarmName": "weir-urgent-dlq",
        "AlarmDescription": "Events of lane urgent are dead-lettered. First: weir dlq list --lane urgent --stack weir Runbook: docs/operations/runbook.md#dead-letters",
        "AWSAccountId": "123456789012",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed: 1 out of the last 1 datapoints [3.0 (25/11/26 12:00:00)] was greater than the threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition).",
        "StateChangeTime": "2026-11-25T12:01:03.120+0000",
        "Region": "EU (Ireland)",
        "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:weir-urgent-dlq",
        "OldStateValue": "OK",
        "Trigger": {
            "MetricName": "ApproximateNumberOfMessagesVisible", "Namespace": "AWS/SQS", "StatisticType": "Statistic",
            "Statistic": "MAXIMUM", "Unit": null, "Dimensions": [{"value": "weir-urgent-dlq", "name": "QueueName"}],
            "Period": 60, "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 0.0,
            "TreatMissingData": "notBreaching", "EvaluateLowSampleCountPercentile": ""
        }
    })
}

fn read(message: &Value) -> Change {
    Change::read(&message.to_string(), "weir").unwrap()
}

#[test]
fn an_alarm_says_what_since_when_how_much_and_where_to_go_on() {
    let change = read(&metric_alarm());
    assert_eq!((change.name.as_str(), change.state), ("weir-urgent-dlq", State::Alarm));
    assert_eq!(change.at.to_string(), "2026-11-25T12:01:03.120Z");
    assert_eq!(change.measured.as_deref(), Some("3 > 0, ApproximateNumberOfMessagesVisible"));
    let told = change.told.unwrap();
    assert_eq!(told.text, "Events of lane urgent are dead-lettered.");
    assert_eq!(told.first.as_deref(), Some("weir dlq list --lane urgent --stack weir"));
    assert_eq!(told.runbook.as_deref(), Some("docs/operations/runbook.md#dead-letters"));
    let console = change.console.unwrap();
    assert!(console.starts_with("https://eu-west-1.console.aws.amazon.com/") && console.ends_with("weir-urgent-dlq"));
}

#[test]
fn a_composite_names_what_set_it_off() {
    let change = read(&json!({
        "AlarmName": "weir-page-me", "AlarmDescription": "d", "NewStateValue": "ALARM",
        "NewStateReason": "arn:aws:cloudwatch:eu-west-1:1:alarm:weir-urgent-dlq transitioned to ALARM at Wednesday 25 November, 2026 12:01:03 UTC",
        "StateChangeTime": "2026-11-25T12:01:04.000+0000", "AlarmRule": "ALARM(\"weir-urgent-dlq\")",
        "AlarmArn": "arn:aws:cloudwatch:eu-west-1:1:alarm:weir-page-me",
        "TriggeringChildren": [
            {"Arn": "arn:aws:cloudwatch:eu-west-1:1:alarm:weir-urgent-dlq", "State": {"Value": "ALARM", "Timestamp": "2026-11-25T12:01:03.120+0000"}},
            {"Arn": "arn:aws:cloudwatch:eu-west-1:1:alarm:somebody-else", "State": {"Value": "ALARM", "Timestamp": "x"}},
        ],
    }));
    assert!(change.is_composite);
    assert_eq!(change.children, ["weir-urgent-dlq"]);
    assert_eq!(change.measured, None);
}

#[test]
fn an_alarm_by_arithmetic_is_named_by_its_label_and_one_without_data_says_so() {
    let mut message = metric_alarm();
    message["Trigger"] = json!({
        "Period": 300, "ComparisonOperator": "LessThanThreshold", "Threshold": 99.9,
        "Metrics": [
            {"Expression": "100 * done / (done + dead)", "Id": "rate", "Label": "% done", "ReturnData": true},
            {"Id": "done", "MetricStat": {"Metric": {"MetricName": "Done"}, "Stat": "Sum"}, "ReturnData": false},
        ],
    });
    message["NewStateReason"] = json!(
        "Threshold Crossed: 2 datapoints [99.8 (25/11/26 12:00:00), 99.7 (25/11/26 11:55:00)] were less than the threshold (99.9)."
    );
    assert_eq!(read(&message).measured.as_deref(), Some("99.8 < 99.9, % done"));
    message["NewStateReason"] = json!(
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching]."
    );
    assert_eq!(read(&message).measured.as_deref(), Some("no data; it alarms at < 99.9, % done"));
}

#[test]
fn foreign_alarm_is_read_for_name_and_state_only() {
    let mut message = metric_alarm();
    message["AlarmName"] = json!("weird <!channel> jane@example.com");
    message["AlarmDescription"] = json!("a customer's name");
    let change = read(&message);
    assert_eq!(change.name, "weird channel janeexample.com");
    assert_eq!((change.told, change.measured, change.console), (None, None, None));
}

#[test]
fn unreadable_notification_is_described_by_its_size() {
    for message in
        ["", "hello jane", "{}", "[1]", r#"{"AlarmName":"weir-x","NewStateValue":"NEW","StateChangeTime":"x"}"#]
    {
        assert_eq!(Change::read(message, "weir"), Err(NoAlarm(message.len())), "{message}");
    }
    let mut message = metric_alarm();
    message["StateChangeTime"] = json!("yesterday");
    assert!(Change::read(&message.to_string(), "weir").is_err());
}
