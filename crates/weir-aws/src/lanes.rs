//! The lanes: SQS queues.

use crate::reason::reason;
use aws_sdk_sqs::{
    Client,
    types::{QueueAttributeName, SendMessageBatchRequestEntry},
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

/// One call takes so many messages, and so many bytes of them together, less a little room.
const BATCH_MESSAGES: usize = 10;
const BATCH_BYTES: usize = 1024 * 1024 - 4096;

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

    /// Sends as many messages as one call takes: ten, of 1 MiB together (`Ok` for each that SQS has). Each has its group.
    pub async fn send_batch(&self, lane: Lane, messages: &[(String, String)]) -> Vec<Result<(), LaneError>> {
        let failed = |reason: String| LaneError { lane, reason };
        let mut results: Vec<Result<(), LaneError>> = Vec::with_capacity(messages.len());
        while results.len() < messages.len() {
            let batch = &messages[results.len()..];
            let batch = &batch[..fitting(batch.iter().map(|(message, _)| message.len()))];
            let entries = batch.iter().enumerate().filter_map(|(id, (message, group))| {
                let entry = SendMessageBatchRequestEntry::builder().id(id.to_string()).message_group_id(group);
                entry.message_body(message).build().ok()
            });
            let request = self.client.send_message_batch().queue_url(self.urls.of(lane));
            match request.set_entries(Some(entries.collect())).send().await {
                Ok(reply) => {
                    // What is neither taken nor refused can't be known to be there.
                    let mut told: Vec<Result<(), LaneError>> =
                        batch.iter().map(|_| Err(failed("SQS did not say".to_owned()))).collect();
                    let taken = reply.successful().iter().map(|entry| (entry.id(), Ok(())));
                    let refused = reply.failed().iter().map(|entry| (entry.id(), Err(failed(entry.code().to_owned()))));
                    for (id, result) in taken.chain(refused) {
                        if let Some(one) = id.parse::<usize>().ok().and_then(|id| told.get_mut(id)) {
                            *one = result;
                        }
                    }
                    results.extend(told);
                }
                Err(error) => {
                    let reason = reason(&error);
                    results.extend(batch.iter().map(|_| Err(failed(reason.clone()))));
                }
            }
        }
        results
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

/// How many of these messages, by their sizes in bytes, one call takes: at least one.
fn fitting(sizes: impl Iterator<Item = usize>) -> usize {
    let mut room = BATCH_BYTES;
    let fits = |size: &usize| {
        room = room.saturating_sub(*size);
        room > 0
    };
    sizes.take(BATCH_MESSAGES).take_while(fits).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_keeps_the_limits_of_sqs() {
        assert_eq!(fitting([1_000; 25].into_iter()), 10);
        assert_eq!(fitting([300_000; 5].into_iter()), 3);
        assert_eq!(fitting([1_040_000, 1].into_iter()), 1);
        assert_eq!(fitting([2_000_000].into_iter()), 1, "SQS says what is wrong with it");
    }
}
