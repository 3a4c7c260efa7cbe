//! The way of an alarm into Slack.

use std::time::Duration;

use serde_json::json;

use crate::model::{Template, at, items, refers_to, seconds};

#[test]
fn alarms_go_to_the_notifiers_queue_as_cloudwatch_writes_them() {
    let template = Template::read();
    let subscription = at(template.resource("AlarmSubscription"), &["Properties"]);
    assert_eq!(refers_to(&subscription["TopicArn"]), "Alarms");
    assert_eq!((&subscription["Protocol"], refers_to(&subscription["Endpoint"])), (&json!("sqs"), "AlarmQueue"));
    // The notifier reads the alarm itself, without SNS's envelope.
    assert_eq!(subscription["RawMessageDelivery"], true);
    let statement = items(at(template.resource("AlarmQueuePolicy"), &["Properties", "PolicyDocument", "Statement"]));
    let allowed: Vec<_> = statement.into_iter().filter(|statement| statement["Effect"] == "Allow").collect();
    let [statement] = &allowed[..] else { panic!("{allowed:?}") };
    assert_eq!(refers_to(at(statement, &["Condition", "ArnEquals", "aws:SourceArn"])), "Alarms");
}

#[test]
fn notification_that_slack_refuses_is_retried_for_an_hour_and_then_dead_lettered() {
    let template = Template::read();
    let queue = at(template.resource("AlarmQueue"), &["Properties"]);
    let notifier = at(template.resource("Notifier"), &["Properties"]);
    let source = at(notifier, &["Events", "Alarms", "Properties"]);
    assert_eq!(refers_to(&source["Queue"]), "AlarmQueue");
    // Six times the time-out and the window, as Lambda asks: see the lanes.
    let window = seconds(&source["MaximumBatchingWindowInSeconds"]);
    let hidden = seconds(&queue["VisibilityTimeout"]);
    assert!(hidden >= seconds(&notifier["Timeout"]) * 6 + window, "{hidden:?}");
    let tries = u32::try_from(at(queue, &["RedrivePolicy", "maxReceiveCount"]).as_u64().unwrap()).unwrap();
    assert!(hidden * tries >= Duration::from_secs(3600), "{tries} tries");
    assert!(hidden * tries < seconds(&queue["MessageRetentionPeriod"]));
    assert_eq!(refers_to(at(queue, &["RedrivePolicy", "deadLetterTargetArn"])), "AlarmDlq");
    // Several at once are one message: that is what the window is for.
    assert!(window >= Duration::from_secs(10) && source["BatchSize"].as_u64().unwrap() >= 50);
}

#[test]
fn without_slack_there_is_no_notifier() {
    let template = Template::read();
    assert_eq!(template.parameter("SlackWebhookSecretArn")["Default"], "");
    let is_its = |id: &&str| id.starts_with("Notifier") || (id.starts_with("Alarm") && !id.starts_with("Alarms"));
    for id in template.ids().filter(is_its) {
        assert_eq!(template.resource(id)["Condition"], "HasSlack", "{id}");
    }
}
