//! The lanes: SQS queues.

use std::time::Duration;

use crate::reason::reason;
use aws_sdk_sqs::{
    Client,
    types::{ChangeMessageVisibilityBatchRequestEntry, QueueAttributeName},
};
use aws_types::SdkConfig;
use weir_core::Lane;

/// The queue URL of each lane.
#[derive(Debug, Clone)]
pub struct LaneUrls {
    /// `urgent`
    pub urgent: String,
    /// `standard`
    pub standard: String,
    /// `bulk`
    pub bulk: String,
}

impl LaneUrls {
    /// Those of a stack whose queue URLs are `prefix` and the lane's name.
    pub fn prefixed(prefix: &str) -> Self {
        let url = |lane: Lane| format!("{prefix}{lane}");
        Self { urgent: url(Lane::Urgent), standard: url(Lane::Standard), bulk: url(Lane::Bulk) }
    }

    /// The queue URL of one lane.
    pub fn of(&self, lane: Lane) -> &str {
        match lane {
            Lane::Urgent => &self.urgent,
            Lane::Standard => &self.standard,
            Lane::Bulk => &self.bulk,
        }
    }
}

/// The lane did not take the message, or can't be known to have taken it.
#[derive(Debug, thiserror::Error)]
#[error("the {lane} lane did not take the message: {reason}")]
pub struct LaneError {
    /// Which lane.
    pub lane: Lane,
    /// What the SDK said.
    pub reason: String,
}

/// Puts messages on lanes.
#[derive(Debug, Clone)]
pub struct LaneSender {
    client: Client,
    urls: LaneUrls,
}

impl LaneSender {
    /// A sender to the lanes at `urls`.
    pub fn new(config: &SdkConfig, urls: LaneUrls) -> Self {
        Self { client: Client::new(config), urls }
    }

    /// Returns once SQS has the message. `group` makes the standard queue a fair queue: messages of one shop
    /// do not keep those of others waiting.
    pub async fn send(&self, lane: Lane, message: String, group: &str) -> Result<(), LaneError> {
        let request = self.client.send_message().queue_url(self.urls.of(lane)).message_group_id(group);
        match request.message_body(message).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(LaneError { lane, reason: reason(&error) }),
        }
    }

    /// Opens the connection (name, TCP, TLS) by a request that changes nothing, so that the first delivery
    /// after a cold start does not pay for it.
    pub async fn warm_up(&self) -> Result<(), LaneError> {
        let lane = Lane::Standard;
        let request = self.client.get_queue_attributes().queue_url(self.urls.of(lane));
        match request.attribute_names(QueueAttributeName::QueueArn).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(LaneError { lane, reason: reason(&error) }),
        }
    }
}

/// Sets when messages of one queue become visible again.
#[derive(Debug, Clone)]
pub struct Visibility {
    client: Client,
    queue_url: String,
}

/// SQS allows no more, counted from the receive.
const MAX_VISIBILITY: Duration = Duration::from_secs(11 * 3600);

impl Visibility {
    /// For the queue that a worker reads.
    pub fn new(config: &SdkConfig, queue_url: String) -> Self {
        Self { client: Client::new(config), queue_url }
    }

    /// Makes each message (its receipt handle) visible after its delay, rounded up to seconds. Best effort: a
    /// message whose change fails comes back when the queue's own time-out runs out. Returns how many failed,
    /// with the first reason.
    pub async fn change(&self, messages: &[(String, Duration)]) -> Option<(usize, String)> {
        let mut failed: Option<(usize, String)> = None;
        // Ten entries are SQS's limit, and a batch that Lambda hands over may hold more.
        for chunk in messages.chunks(10) {
            let entries = chunk.iter().enumerate().filter_map(|(index, (receipt, delay))| {
                let seconds = delay.min(&MAX_VISIBILITY).as_secs_f64().ceil();
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(receipt)
                    .visibility_timeout(seconds as i32)
                    .build()
                    .ok()
            });
            let request = self.client.change_message_visibility_batch().queue_url(&self.queue_url);
            let (count, reason) = match request.set_entries(Some(entries.collect())).send().await {
                Ok(reply) => match reply.failed() {
                    [] => continue,
                    [first, ..] => (reply.failed().len(), first.code().to_owned()),
                },
                Err(error) => (chunk.len(), reason(&error)),
            };
            failed = Some((failed.as_ref().map_or(0, |f| f.0) + count, failed.map_or(reason, |f| f.1)));
        }
        failed
    }
}
