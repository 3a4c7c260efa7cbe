//! Dead-letter queues, for the operator. SQS has no index of a queue: to look at a message is to receive it, which hides
//! it from others for a while.

use std::time::Duration;

use aws_sdk_sqs::{
    Client,
    types::{
        ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
    },
};
use aws_types::SdkConfig;
use weir_core::UnixMillis;

use crate::reason::reason;

/// SQS takes and gives so many messages a call.
pub const AT_ONCE: usize = 10;

/// An empty answer after so long a wait says that nothing is there: SQS then asks all of its servers, not some.
const WAIT: Duration = Duration::from_secs(1);

/// What SQS refused may pass at once.
const ROUNDS: usize = 3;

/// A message of a dead-letter queue.
#[derive(Clone)]
pub struct DeadLetter {
    /// SQS's id: the same as long as the message is in this queue.
    pub message_id: String,
    /// Names this receive of it.
    pub receipt: String,
    /// The message group: the shop.
    pub group: Option<String>,
    /// When it was sent to its lane: redrive keeps that time.
    pub sent_at: UnixMillis,
    /// An envelope, usually.
    pub body: String,
}

impl std::fmt::Debug for DeadLetter {
    /// Not the body: it holds customer data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeadLetter({})", self.message_id)
    }
}

/// SQS did not do as it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("SQS did not {action}: {reason}")]
pub struct QueueError {
    /// `give messages`, `take messages back`, `delete messages`.
    pub action: &'static str,
    /// What the SDK said.
    pub reason: String,
}

/// One dead-letter queue.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    client: Client,
    url: String,
}

impl DeadLetters {
    /// The queue at this URL.
    pub fn new(config: &SdkConfig, url: String) -> Self {
        Self { client: Client::new(config), url }
    }

    /// Some messages, `most` or ten of them, hidden from now on for `hidden`; none if none is visible.
    pub async fn receive(&self, most: usize, hidden: Duration) -> Result<Vec<DeadLetter>, QueueError> {
        let request = self.client.receive_message().queue_url(&self.url);
        let request = request
            .max_number_of_messages(whole(most.clamp(1, AT_ONCE)))
            .visibility_timeout(seconds(hidden))
            .wait_time_seconds(seconds(WAIT))
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId);
        let reply = request.send().await.map_err(|error| failed("give messages", &error))?;
        Ok(reply.messages.unwrap_or_default().into_iter().filter_map(dead_letter).collect())
    }

    /// Makes messages visible again, by their receipts: at once, or what remains hidden does so by itself.
    pub async fn give_back(&self, receipts: &[String]) -> Result<(), QueueError> {
        let action = "take messages back";
        self.each_chunk(receipts, action, async |left| {
            let entries = left.iter().filter_map(|(id, receipt)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id.to_string());
                entry.receipt_handle(*receipt).visibility_timeout(0).build().ok()
            });
            let request = self.client.change_message_visibility_batch().queue_url(&self.url);
            let reply = request.set_entries(Some(entries.collect())).send().await;
            let reply = reply.map_err(|error| failed(action, &error))?;
            Ok(reply.failed.into_iter().map(|entry| (entry.id, entry.code)).collect())
        })
        .await
    }

    /// Deletes messages, by their receipts. One that can't be deleted comes back when its time is up.
    pub async fn delete(&self, receipts: &[String]) -> Result<(), QueueError> {
        let action = "delete messages";
        self.each_chunk(receipts, action, async |left| {
            let entries = left.iter().filter_map(|(id, receipt)| {
                DeleteMessageBatchRequestEntry::builder().id(id.to_string()).receipt_handle(*receipt).build().ok()
            });
            let request = self.client.delete_message_batch().queue_url(&self.url);
            let reply = request.set_entries(Some(entries.collect())).send().await;
            let reply = reply.map_err(|error| failed(action, &error))?;
            Ok(reply.failed.into_iter().map(|entry| (entry.id, entry.code)).collect())
        })
        .await
    }

    /// Ten at a time; what SQS refused of them is tried again.
    async fn each_chunk(
        &self,
        receipts: &[String],
        action: &'static str,
        call: impl AsyncFn(&[(usize, &String)]) -> Result<Vec<(String, String)>, QueueError>,
    ) -> Result<(), QueueError> {
        for chunk in receipts.chunks(AT_ONCE) {
            let mut left: Vec<(usize, &String)> = chunk.iter().enumerate().collect();
            let mut why = String::new();
            for _round in 0..ROUNDS {
                let refused = call(&left).await?;
                left.retain(|(id, _)| refused.iter().any(|(refused, _)| *refused == id.to_string()));
                why = refused.into_iter().next().map_or(why, |(_, code)| code);
                if left.is_empty() {
                    break;
                }
            }
            if !left.is_empty() {
                return Err(QueueError { action, reason: format!("{why}, {} of {}", left.len(), chunk.len()) });
            }
        }
        Ok(())
    }
}

fn dead_letter(message: Message) -> Option<DeadLetter> {
    let attribute = |name| message.attributes.as_ref().and_then(|all| all.get(&name)).cloned();
    Some(DeadLetter {
        sent_at: attribute(MessageSystemAttributeName::SentTimestamp)
            .and_then(|at| at.parse().ok())
            .map_or(UnixMillis(0), UnixMillis),
        group: attribute(MessageSystemAttributeName::MessageGroupId),
        message_id: message.message_id?,
        receipt: message.receipt_handle?,
        body: message.body.unwrap_or_default(),
    })
}

fn failed(action: &'static str, error: &(dyn std::error::Error + 'static)) -> QueueError {
    QueueError { action, reason: reason(error) }
}

fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}

fn whole(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
