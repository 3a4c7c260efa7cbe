//! The way of an alarm from SNS into a Slack, through the deployed notifier.

use serde_json::json;
use weir_testkit::slack::FakeSlack;
use weir_tests::{World, eventually, http};

const STACK: &str = "notifies";

/// CloudWatch's part, which the emulator's alarms do not play.
async fn publish(world: &World, name: &str, state: &str, second: u32) {
    let message = json!({
        "AlarmName": format!("{STACK}-{name}"), "NewStateValue": state, "OldStateValue": "OK",
        "NewStateReason": "Threshold Crossed: 1 datapoint [1.0 (x)] was greater than the threshold (0.0).",
        "AlarmDescription": format!("What it means. First: weir dlq list --stack {STACK} Runbook: docs/operations/runbook.md#dead-letters"),
        "StateChangeTime": format!("2026-11-25T12:00:{second:02}.000+0000"),
        "AlarmArn": format!("arn:aws:cloudwatch:us-east-1:000000000000:alarm:{STACK}-{name}"),
        "Trigger": {"MetricName": "M", "ComparisonOperator": "GreaterThanThreshold", "Threshold": 0.0},
    });
    let topic = format!("arn:aws:sns:us-east-1:000000000000:{STACK}-alarms");
    let form = [("Action", "Publish"), ("TopicArn", &topic), ("Message", &message.to_string())];
    let form: Vec<String> = form.iter().map(|(key, value)| format!("{key}={}", encoded(value))).collect();
    let request = http().post(&world.deployed.endpoint).body(form.join("&"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let scope = "AWS4-HMAC-SHA256 Credential=test/20261125/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=x";
    let reply = request.header("authorization", scope).send().await.expect("the emulator answers");
    assert!(reply.status().is_success(), "{}", reply.text().await.expect("text"));
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[tokio::test]
async fn an_alarm_that_cloudwatch_publishes_is_told_in_slack_once() {
    let slack = FakeSlack::start(&[]).await;
    // Secrets Manager takes an ARN without the six letters at its end, too; here the secret comes after the stack, and its
    // name looks as if it had them.
    let secret = "arn:aws:secretsmanager:us-east-1:000000000000:secret:notifies-slack-abcdef";
    let world = World::with(STACK, &[("SlackWebhookSecretArn", secret)]).await;
    let secrets = aws_sdk_secretsmanager::Client::new(&world.aws);
    secrets.create_secret().name("notifies-slack-abcdef").secret_string(slack.url()).send().await.unwrap();

    publish(&world, "urgent-dlq", "ALARM", 1).await;
    eventually("the alarm to be told", async || (!slack.texts().is_empty()).then_some(())).await;
    publish(&world, "urgent-dlq", "ALARM", 1).await;
    publish(&world, "bulk-dlq", "ALARM", 2).await;
    eventually("the other one", async || slack.texts().iter().any(|text| text.contains("bulk-dlq")).then_some(()))
        .await;

    let texts = slack.texts();
    let first = &texts[0];
    for part in [
        "*notifies-urgent-dlq*  ALARM since 2026-11-25 12:00:01 UTC",
        "1 &gt; 0, M",
        "First: `weir dlq list --stack notifies`",
    ] {
        assert!(first.contains(part), "{part} is not in {first}");
    }
    let told_of_urgent = texts.iter().filter(|text| text.contains("*notifies-urgent-dlq*")).count();
    assert_eq!(told_of_urgent, 1, "{texts:?}");
    world.end().await;
}
