//! The event that Lambda makes of a batch, and what it reads from the answer.

use std::collections::HashSet;

use aws_sdk_sqs::types::Message;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The event of these messages.
pub(super) fn write(messages: &[Message], arn: &str) -> Bytes {
    let records: Vec<_> = messages.iter().map(|message| record(message, arn)).collect();
    json!({ "Records": records }).to_string().into()
}

fn record(message: &Message, arn: &str) -> Value {
    let attributes = message.attributes().into_iter().flatten();
    let attributes: Map<_, _> =
        attributes.map(|(name, value)| (name.as_str().to_owned(), Value::from(value.as_str()))).collect();
    json!({
        "messageId": message.message_id(),
        "receiptHandle": message.receipt_handle(),
        "body": message.body(),
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": message.md5_of_body(),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": "us-east-1",
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    batch_item_failures: Option<Vec<Failure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

/// The messages that the function is done with, by Lambda's rules for `ReportBatchItemFailures`: all but those it names;
/// none if it names one that was not in the batch, or if the answer can't be read.
pub(super) fn acknowledged<'a>(messages: &'a [Message], response: &[u8]) -> Vec<&'a Message> {
    if response.trim_ascii().is_empty() {
        return messages.iter().collect();
    }
    let Ok(response) = serde_json::from_slice::<Option<Response>>(response) else { return Vec::new() };
    let failures = response.and_then(|response| response.batch_item_failures).unwrap_or_default();
    let known: HashSet<_> = messages.iter().filter_map(Message::message_id).collect();
    let failed: HashSet<_> = failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
    if !failed.is_subset(&known) {
        return Vec::new();
    }
    messages.iter().filter(|message| message.message_id().is_some_and(|id| !failed.contains(id))).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageSystemAttributeName;

    use super::*;

    fn batch() -> Vec<Message> {
        ["a", "b"].map(|id| Message::builder().message_id(id).receipt_handle(id).body("{}").build()).into()
    }

    #[track_caller]
    fn check(response: &str, acknowledged: &[&str]) {
        let batch = batch();
        let done: Vec<_> = super::acknowledged(&batch, response.as_bytes())
            .iter()
            .filter_map(|message| message.message_id())
            .collect();
        assert_eq!(done, acknowledged, "{response}");
    }

    #[test]
    fn all_but_the_failed_are_acknowledged() {
        check(r#"{"batchItemFailures":[]}"#, &["a", "b"]);
        check(r#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#, &["b"]);
        check(r#"{"batchItemFailures":null}"#, &["a", "b"]);
        check("{}", &["a", "b"]);
        check("null", &["a", "b"]);
        check("", &["a", "b"]);
    }

    #[test]
    fn an_answer_that_names_a_stranger_or_can_not_be_read_acknowledges_nothing() {
        check(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, &[]);
        check(r#"{"batchItemFailures":[{"itemIdentifier":"c"}]}"#, &[]);
        check(r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#, &[]);
        check("all fine", &[]);
    }

    #[test]
    fn the_event_names_the_message_its_receive_and_its_group() {
        let message = Message::builder()
            .message_id("a")
            .receipt_handle("ra")
            .body("{\"id\":1}")
            .attributes(MessageSystemAttributeName::ApproximateReceiveCount, "2")
            .attributes(MessageSystemAttributeName::MessageGroupId, "north")
            .build();
        let event: Value = serde_json::from_slice(&write(&[message], "arn:q")).unwrap();
        let record = &event["Records"][0];
        assert_eq!((&record["messageId"], &record["receiptHandle"]), (&json!("a"), &json!("ra")));
        assert_eq!(record["attributes"], json!({"ApproximateReceiveCount": "2", "MessageGroupId": "north"}));
        assert_eq!((&record["body"], &record["eventSourceARN"]), (&json!("{\"id\":1}"), &json!("arn:q")));
    }
}
