//! How many messages the lanes hold, as SQS counts them: about.

use aws_sdk_sqs::{Client, types::QueueAttributeName};
use futures_util::future::try_join_all;

use super::{error::HealthError, model::LaneStatus};
use crate::stack::{LaneQueues, Stack};

const WAITING: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessages;
const IN_FLIGHT: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
const DELAYED: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessagesDelayed;

/// Every lane, the most urgent first. How old the oldest event is, SQS does not say.
pub(super) async fn read(stack: &Stack, sqs: &Client) -> Result<Vec<LaneStatus>, HealthError> {
    try_join_all(stack.lanes()?.into_iter().map(|queues| lane(sqs, queues))).await
}

async fn lane(sqs: &Client, queues: LaneQueues) -> Result<LaneStatus, HealthError> {
    let (lane, dead) = tokio::try_join!(counts(sqs, &queues.queue), counts(sqs, &queues.dlq))?;
    let [waiting, in_flight, delayed] = lane;
    // Those that an operator looks at are hidden, and still dead.
    let dead = dead.iter().sum();
    Ok(LaneStatus { lane: queues.lane, waiting, in_flight, delayed, dead, oldest_seconds: None })
}

/// How many messages of a queue can be received, are in flight, and are delayed.
///
/// # Errors
/// If SQS does not say.
pub async fn counts(sqs: &Client, url: &str) -> Result<[u64; 3], HealthError> {
    let request = sqs.get_queue_attributes().queue_url(url);
    let request = request.attribute_names(WAITING).attribute_names(IN_FLIGHT).attribute_names(DELAYED);
    let reply = request.send().await.map_err(|error| {
        let queue = url.rsplit('/').next().unwrap_or(url).to_owned();
        HealthError::Queue { queue, reason: weir_aws::reason(&error) }
    })?;
    let count =
        |name: &QueueAttributeName| reply.attributes().and_then(|all| all.get(name)?.parse().ok()).unwrap_or_default();
    Ok([count(&WAITING), count(&IN_FLIGHT), count(&DELAYED)])
}
