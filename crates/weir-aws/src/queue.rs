//! The queue that a worker reads: when its messages come back, copies of those whose way is barred, and how many there are.

use std::time::Duration;

use aws_sdk_sqs::{
    Client,
    types::{ChangeMessageVisibilityBatchRequestEntry, QueueAttributeName},
};
use aws_types::SdkConfig;
use futures_util::{StreamExt, stream};

use crate::{call_error::CallError, reason::reason};

/// A lane's queue, as its worker has it.
#[derive(Debug, Clone)]
pub struct LaneQueue {
    client: Client,
    url: String,
}

/// The queue did not take a copy, or can't be known to have taken it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the lane did not take the delayed copy: {0}")]
pub struct NotParked(pub CallError);

/// SQS allows no more, counted from the receive.
const MAX_VISIBILITY: Duration = Duration::from_secs(11 * 3600);

/// SQS takes so many entries a call; a batch that Lambda hands over may hold more.
const MAX_ENTRIES: usize = 10;

/// So many of these calls run at once: a batch of a thousand messages that fails together must end before its function does.
const MAX_CONCURRENT_CHANGES: usize = 8;

/// What SQS refused may pass at once: throttling concerns single entries.
const ROUNDS: usize = 2;

impl LaneQueue {
    /// The queue at this URL.
    pub fn new(config: &SdkConfig, url: String) -> Self {
        Self { client: Client::new(config), url }
    }

    /// Sends a copy that becomes visible after `delay`, rounded up to seconds. `group` is the shop, as it was of the
    /// original: also what was parked keeps others' messages from waiting.
    pub async fn park(&self, copy: String, group: &str, delay: Duration) -> Result<(), NotParked> {
        let request = self.client.send_message().queue_url(&self.url).message_group_id(group);
        let request = request.message_body(copy).delay_seconds(whole_seconds(delay));
        let name = self.url.rsplit('/').next().unwrap_or(&self.url);
        let failed = |error| NotParked(CallError::of("SendMessage", name, &error));
        request.send().await.map(|_| ()).map_err(failed)
    }

    /// Makes each message (its receipt handle) visible after its delay, rounded up to seconds. What is refused is tried
    /// once more; a message whose change still fails comes back when the queue's own time-out runs out. Returns how
    /// many did, with the first reason.
    pub async fn postpone(&self, messages: &[(String, Duration)]) -> Option<(usize, String)> {
        // A vector: a stream over a lazy map of borrowed chunks is not known to be `Send`.
        let changes: Vec<_> = messages.chunks(MAX_ENTRIES).map(|chunk| self.postpone_chunk(chunk)).collect();
        let failed: Vec<Option<(usize, String)>> =
            stream::iter(changes).buffered(MAX_CONCURRENT_CHANGES).collect().await;
        failed.into_iter().flatten().reduce(|(count, first), (more, _)| (count + more, first))
    }

    /// As [`postpone`](Self::postpone), for what one call takes.
    async fn postpone_chunk(&self, chunk: &[(String, Duration)]) -> Option<(usize, String)> {
        let mut left: Vec<&(String, Duration)> = chunk.iter().collect();
        let mut why = String::new();
        for _round in 0..ROUNDS {
            match self.change(&left).await {
                Ok(refused) => {
                    left = refused.iter().filter_map(|(index, _)| left.get(*index).copied()).collect();
                    why = refused.into_iter().next().map_or(why, |(_, code)| code);
                }
                // The SDK has tried again already.
                Err(reason) => return Some((left.len(), reason)),
            }
            if left.is_empty() {
                return None;
            }
        }
        Some((left.len(), why))
    }

    /// The entries that were refused, by their place, each with its code.
    async fn change(&self, messages: &[&(String, Duration)]) -> Result<Vec<(usize, String)>, String> {
        let entries = messages.iter().enumerate().filter_map(|(index, (receipt, delay))| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(receipt)
                .visibility_timeout(whole_seconds(*delay.min(&MAX_VISIBILITY)))
                .build()
                .ok()
        });
        let request = self.client.change_message_visibility_batch().queue_url(&self.url);
        let reply = request.set_entries(Some(entries.collect())).send().await.map_err(|error| reason(&error))?;
        let refused =
            reply.failed().iter().filter_map(|entry| Some((entry.id().parse().ok()?, entry.code().to_owned())));
        Ok(refused.collect())
    }
}

fn whole_seconds(delay: Duration) -> i32 {
    delay.as_secs_f64().ceil() as i32
}

/// How many messages a queue holds, about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Those that can be received.
    pub waiting: u64,
    /// Those that somebody received, and neither deleted nor gave back.
    pub in_flight: u64,
    /// Those that become visible later.
    pub delayed: u64,
}

/// SQS does not say how many messages a queue holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("queue {queue}: {reason}")]
pub struct QueueDepthError {
    /// The queue's name.
    pub queue: String,
    /// What SQS said.
    pub reason: String,
}

/// Asks SQS how many messages queues hold.
#[derive(Debug, Clone)]
pub struct QueueDepths {
    client: Client,
}

const WAITING: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessages;
const IN_FLIGHT: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
const DELAYED: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessagesDelayed;

impl QueueDepths {
    /// Of the queues of this account and region.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// How many messages the queue at this URL holds.
    ///
    /// # Errors
    /// If SQS does not say.
    pub async fn of(&self, url: &str) -> Result<QueueDepth, QueueDepthError> {
        let request = self.client.get_queue_attributes().queue_url(url);
        let request = request.attribute_names(WAITING).attribute_names(IN_FLIGHT).attribute_names(DELAYED);
        let reply = request.send().await.map_err(|error| {
            let queue = url.rsplit('/').next().unwrap_or(url).to_owned();
            QueueDepthError { queue, reason: reason(&error) }
        })?;
        let count = |name: &QueueAttributeName| {
            reply.attributes().and_then(|all| all.get(name)?.parse().ok()).unwrap_or_default()
        };
        Ok(QueueDepth { waiting: count(&WAITING), in_flight: count(&IN_FLIGHT), delayed: count(&DELAYED) })
    }
}
