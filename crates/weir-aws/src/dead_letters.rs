//! A lane's dead-letter queue, and the lane that its messages came from.
//!
//! SQS has no index: a message is read by receiving it, which hides it from others for a time. Whoever reads without
//! deleting gives it back ([`DeadLetterQueue::hold`] for no time); whoever is killed gives it back when the time is over.

use std::time::Duration;

use aws_sdk_sqs::{
    Client,
    types::{
        BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
        MessageSystemAttributeName as Attribute, QueueAttributeName, SendMessageBatchRequestEntry,
    },
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SdkConfig;
use weir_core::UnixMillis;

use crate::reason::reason;

/// SQS takes so many entries a call.
pub const MAX_ENTRIES: usize = 10;

/// SQS takes so many bytes of messages a call.
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;

/// How long a receive waits for a message: with any wait at all SQS asks each of its servers, so that an empty answer
/// says that there is none.
const WAIT_SECONDS: i32 = 1;

/// A queue's call failed as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{action} failed on {queue}: {reason}")]
pub struct QueueError {
    /// As IAM names it: `sqs:ReceiveMessage`.
    pub action: &'static str,
    /// The queue's name.
    pub queue: String,
    /// AWS's code for it, if AWS answered.
    pub code: Option<String>,
    /// What the SDK said.
    pub reason: String,
}

impl QueueError {
    /// Whether so many messages are hidden already that SQS hands out no more.
    pub fn is_too_many_hidden(&self) -> bool {
        self.code.as_deref().is_some_and(|code| code.ends_with("OverLimit"))
    }
}

/// One entry of a batch was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// AWS's code for it.
    pub code: String,
    /// Whether the same entry would be refused again: a receipt that is no longer good, a message that is too large.
    pub for_good: bool,
}

/// What became of each entry of a batch, in its order: `None` if it was done.
pub type Refusals = Vec<Option<Refusal>>;

/// A message of a dead-letter queue.
#[derive(Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// SQS's id: stays the same over receives, and when the lane gives a message up.
    pub id: String,
    /// Names this receive of it.
    pub receipt: String,
    /// The message.
    pub body: String,
    /// The message group: the shop.
    pub group: Option<String>,
    /// When it was first sent to its lane. SQS counts its retention from then.
    pub sent_at: UnixMillis,
}

impl std::fmt::Debug for DeadLetter {
    /// Not the body: it holds customer data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeadLetter({})", self.id)
    }
}

/// A message on its way to a lane.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The message.
    pub body: String,
    /// The message group: the shop.
    pub group: String,
}

impl std::fmt::Debug for Outgoing {
    /// Not the body: it holds customer data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outgoing({} bytes)", self.body.len())
    }
}

/// How much lies in a queue. SQS counts approximately, and late by up to a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// What can be received.
    pub visible: u64,
    /// What somebody received, and neither deleted nor gave back.
    pub hidden: u64,
    /// How long a message is kept.
    pub retention: Duration,
}

/// One queue: a dead-letter queue for reading, its lane for sending.
#[derive(Debug, Clone)]
pub struct DeadLetterQueue {
    client: Client,
    dlq: String,
    lane: String,
}

impl DeadLetterQueue {
    /// The dead-letter queue at URL `dlq`, of the lane at URL `lane`.
    pub fn new(config: &SdkConfig, dlq: String, lane: String) -> Self {
        Self { client: Client::new(config), dlq, lane }
    }

    /// How much lies in the dead-letter queue.
    ///
    /// # Errors
    /// If SQS does not answer, or refuses.
    pub async fn depth(&self) -> Result<Depth, QueueError> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::MessageRetentionPeriod,
        ];
        let request = self.client.get_queue_attributes().queue_url(&self.dlq);
        let reply = request.set_attribute_names(Some(names.to_vec())).send().await;
        let reply = reply.map_err(|error| failed("sqs:GetQueueAttributes", &self.dlq, &error))?;
        let [visible, hidden, retention] = names.map(|name| {
            let value = reply.attributes().and_then(|all| all.get(&name));
            value.and_then(|text| text.parse().ok()).unwrap_or(0)
        });
        Ok(Depth { visible, hidden, retention: Duration::from_secs(retention) })
    }

    /// Up to ten messages of the dead-letter queue, hidden from others for `hold`. `waits`: for up to a second, and asks each
    /// server of SQS; else it asks some of them, and answers at once.
    ///
    /// # Errors
    /// If SQS does not answer, or refuses.
    pub async fn receive(&self, hold: Duration, waits: bool) -> Result<Vec<DeadLetter>, QueueError> {
        let request = self.client.receive_message().queue_url(&self.dlq).max_number_of_messages(MAX_ENTRIES as i32);
        let request = request
            .visibility_timeout(whole_seconds(hold))
            .wait_time_seconds(if waits { WAIT_SECONDS } else { 0 })
            .message_system_attribute_names(Attribute::MessageGroupId)
            .message_system_attribute_names(Attribute::SentTimestamp);
        let reply = request.send().await.map_err(|error| failed("sqs:ReceiveMessage", &self.dlq, &error))?;
        Ok(reply.messages.unwrap_or_default().into_iter().filter_map(letter).collect())
    }

    /// Hides received messages for so long from now, whole seconds; for none it gives them back. Ten receipts at most.
    ///
    /// # Errors
    /// If SQS does not answer, or refuses the whole call.
    pub async fn hold(&self, receipts: &[String], time: Duration) -> Result<Refusals, QueueError> {
        let entries = receipts.iter().enumerate().filter_map(|(index, receipt)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(index.to_string());
            entry.receipt_handle(receipt).visibility_timeout(whole_seconds(time)).build().ok()
        });
        let request = self.client.change_message_visibility_batch().queue_url(&self.dlq);
        let reply = request.set_entries(Some(entries.collect())).send().await;
        let reply = reply.map_err(|error| failed("sqs:ChangeMessageVisibility", &self.dlq, &error))?;
        Ok(refusals(receipts.len(), reply.failed()))
    }

    /// Deletes received messages. Ten receipts at most. One that was deleted before is deleted again.
    ///
    /// # Errors
    /// If SQS does not answer, or refuses the whole call.
    pub async fn delete(&self, receipts: &[String]) -> Result<Refusals, QueueError> {
        let entries = receipts.iter().enumerate().filter_map(|(index, receipt)| {
            DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(receipt).build().ok()
        });
        let request = self.client.delete_message_batch().queue_url(&self.dlq);
        let reply = request.set_entries(Some(entries.collect())).send().await;
        let reply = reply.map_err(|error| failed("sqs:DeleteMessage", &self.dlq, &error))?;
        Ok(refusals(receipts.len(), reply.failed()))
    }

    /// Sends messages to the lane. Ten, and [`MAX_BATCH_BYTES`], at most.
    ///
    /// # Errors
    /// If SQS does not answer, or refuses the whole call. It may have taken them all the same.
    pub async fn send(&self, messages: &[Outgoing]) -> Result<Refusals, QueueError> {
        let entries = messages.iter().enumerate().filter_map(|(index, message)| {
            let entry = SendMessageBatchRequestEntry::builder().id(index.to_string());
            entry.message_body(&message.body).message_group_id(&message.group).build().ok()
        });
        let request = self.client.send_message_batch().queue_url(&self.lane);
        let reply = request.set_entries(Some(entries.collect())).send().await;
        let reply = reply.map_err(|error| failed("sqs:SendMessage", &self.lane, &error))?;
        Ok(refusals(messages.len(), reply.failed()))
    }
}

fn letter(message: Message) -> Option<DeadLetter> {
    let attribute = |name| message.attributes.as_ref().and_then(|all| all.get(&name)).cloned();
    let sent_at = attribute(Attribute::SentTimestamp).and_then(|text| text.parse().ok()).unwrap_or(0);
    Some(DeadLetter {
        group: attribute(Attribute::MessageGroupId),
        sent_at: UnixMillis(sent_at),
        id: message.message_id?,
        receipt: message.receipt_handle?,
        body: message.body.unwrap_or_default(),
    })
}

/// The ids of our entries are their places.
fn refusals(entries: usize, failed: &[BatchResultErrorEntry]) -> Refusals {
    let mut all = vec![None; entries];
    for entry in failed {
        if let Some(place) = entry.id().parse().ok().and_then(|index: usize| all.get_mut(index)) {
            *place = Some(Refusal { code: entry.code().to_owned(), for_good: entry.sender_fault() });
        }
    }
    all
}

fn failed<E>(action: &'static str, url: &str, error: &E) -> QueueError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let queue = url.rsplit('/').next().unwrap_or(url).to_owned();
    QueueError { action, queue, code: error.code().map(str::to_owned), reason: reason(error) }
}

fn whole_seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs_f64().ceil() as i64).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_batch_entry_is_reported_at_its_index() {
        let entry = |id: &str, fault| {
            BatchResultErrorEntry::builder().id(id).code("InternalError").sender_fault(fault).build().unwrap()
        };
        let told = refusals(3, &[entry("1", false), entry("9", true), entry("x", true)]);
        assert_eq!(told, [None, Some(Refusal { code: "InternalError".into(), for_good: false }), None]);
    }

    #[test]
    fn a_message_without_a_receipt_is_passed_over_and_a_body_is_never_shown() {
        let whole = Message::builder().message_id("m").receipt_handle("r").body("secret");
        assert_eq!(letter(Message::builder().message_id("m").build()), None);
        let read = letter(whole.build()).unwrap();
        assert!(!format!("{read:?}").contains("secret"));
        assert!(!format!("{:?}", Outgoing { body: "secret".into(), group: "north".into() }).contains("secret"));
    }

    #[test]
    fn a_time_is_rounded_up_to_what_sqs_counts_in() {
        assert_eq!((whole_seconds(Duration::ZERO), whole_seconds(Duration::from_millis(1))), (0, 1));
    }
}
