//! Between Lambda's SQS event and the driver.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};

use weir_core::UnixMillis;

use super::Verdict;

/// One SQS message.
#[derive(Clone)]
pub struct Message {
    /// SQS's id: names the message in the response.
    pub id: String,
    /// Names this receive of it.
    pub receipt_handle: String,
    /// The body.
    pub body: String,
    /// How often it was received, this time included.
    pub receives: u32,
    /// The message group: the shop.
    pub group: Option<String>,
    /// When it was sent to the queue. A copy and a redrive count anew.
    pub sent_at: Option<UnixMillis>,
}

impl std::fmt::Debug for Message {
    /// Not the body: it holds customer data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Message({}, receive {})", self.id, self.receives)
    }
}

/// A message came without an id. It could not be reported as failed, and an empty id in the response would
/// make Lambda fail the whole batch: so the invocation fails instead, and the batch comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an SQS message came without an id or a receipt handle: is the event an SQS event?")]
pub struct NoMessageId;

/// The messages of an event.
pub fn messages(event: SqsEvent) -> Result<Vec<Message>, NoMessageId> {
    event.records.into_iter().map(|record| message(record).ok_or(NoMessageId)).collect()
}

fn message(record: SqsMessage) -> Option<Message> {
    let attribute = |name: &str| record.attributes.get(name);
    Some(Message {
        receives: attribute("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1),
        group: attribute("MessageGroupId").cloned(),
        sent_at: attribute("SentTimestamp").and_then(|millis| millis.parse().ok()).map(UnixMillis),
        id: record.message_id.filter(|id| !id.is_empty())?,
        receipt_handle: record.receipt_handle?,
        body: record.body.unwrap_or_default(),
    })
}

/// The response that acknowledges all but the failed.
pub fn response<'a>(verdicts: impl IntoIterator<Item = (&'a Message, Verdict)>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for (message, verdict) in verdicts {
        if verdict != Verdict::Acknowledge {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier.clone_from(&message.id);
            response.batch_item_failures.push(failure);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_sqs_is_read_and_the_failed_are_named() {
        let event = r#"{"Records":[{"messageId":"a","receiptHandle":"ra","body":"{}","attributes":
            {"ApproximateReceiveCount":"3","MessageGroupId":"north","SentTimestamp":"1700000000123"}},{"messageId":"b","receiptHandle":"rb","body":""}]}"#;
        let messages = messages(serde_json::from_str(event).unwrap()).unwrap();
        assert_eq!((messages[0].receives, messages[0].group.as_deref()), (3, Some("north")));
        assert_eq!(messages[0].sent_at, Some(UnixMillis(1_700_000_000_123)));
        assert_eq!((messages[1].receives, messages[1].group.as_deref(), messages[1].sent_at), (1, None, None));
        let response = response([(&messages[0], Verdict::Acknowledge), (&messages[1], Verdict::Retry)]);
        assert_eq!(serde_json::to_string(&response).unwrap(), r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#);
    }

    #[test]
    fn a_message_without_an_id_fails_the_invocation_and_not_silently_the_report() {
        for event in [r#"{"Records":[{"messageId":"","receiptHandle":"r"}]}"#, r#"{"Records":[{"body":"x"}]}"#] {
            assert_eq!(messages(serde_json::from_str(event).unwrap()).unwrap_err(), NoMessageId);
        }
    }
}
