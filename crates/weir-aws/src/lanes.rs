//! The lanes: SQS queues.

use crate::reason::reason;
use aws_sdk_sqs::{Client, types::QueueAttributeName};
use aws_types::SdkConfig;
use weir_core::Lane;

/// The queue URL of each lane.
#[derive(Debug, Clone)]
pub struct LaneUrls([String; Lane::ALL.len()]);

impl LaneUrls {
    /// The URLs of a stack: `prefix`, with the lane's name behind it.
    pub fn prefixed(prefix: &str) -> Self {
        Self::each(|lane| format!("{prefix}{lane}"))
    }

    /// The URLs that a function gives each lane.
    pub fn each(url: impl FnMut(Lane) -> String) -> Self {
        Self(Lane::ALL.map(url))
    }

    /// The queue URL of one lane.
    pub fn of(&self, lane: Lane) -> &str {
        // `Lane::ALL` has the order of the variants, which a test checks.
        &self.0[lane as usize]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_has_the_url_of_its_name() {
        let urls = LaneUrls::prefixed("https://queues/weir-");
        for lane in Lane::ALL {
            assert_eq!(urls.of(lane), format!("https://queues/weir-{lane}"));
        }
    }
}
