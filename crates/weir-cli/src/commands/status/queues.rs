//! What lies in the lanes, as SQS counts it: about.

use aws_sdk_sqs::{Client, types::QueueAttributeName};
use futures_util::future::try_join_all;

use super::model::Lane;
use crate::target::{LaneUrls, Place};

const WAITING: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessages;
const IN_FLIGHT: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
const DELAYED: QueueAttributeName = QueueAttributeName::ApproximateNumberOfMessagesDelayed;

/// Every lane, the most urgent first. How old the oldest event is, SQS does not say.
pub(super) async fn read(place: &Place, sqs: &Client) -> anyhow::Result<Vec<Lane>> {
    try_join_all(place.lanes()?.into_iter().map(|urls| lane(place, sqs, urls))).await
}

async fn lane(place: &Place, sqs: &Client, urls: LaneUrls) -> anyhow::Result<Lane> {
    let (lane, dead) = tokio::try_join!(counts(sqs, &urls.queue, place.hint), counts(sqs, &urls.dlq, place.hint))?;
    let [waiting, in_flight, delayed] = lane;
    // Those that an operator looks at are hidden, and still dead.
    let dead = dead.iter().sum();
    Ok(Lane { lane: urls.lane.as_str(), waiting, in_flight, delayed, dead, oldest_seconds: None })
}

/// How many messages of a queue can be received, are with somebody, and are delayed.
pub(crate) async fn counts(sqs: &Client, url: &str, hint: &str) -> anyhow::Result<[u64; 3]> {
    let request = sqs.get_queue_attributes().queue_url(url);
    let request = request.attribute_names(WAITING).attribute_names(IN_FLIGHT).attribute_names(DELAYED);
    let reply = request.send().await.map_err(|error| {
        let name = url.rsplit('/').next().unwrap_or(url);
        anyhow::anyhow!("queue {name}: {}\nhint: {}", weir_aws::reason(&error), hint)
    })?;
    let count =
        |name: &QueueAttributeName| reply.attributes().and_then(|all| all.get(name)?.parse().ok()).unwrap_or_default();
    Ok([count(&WAITING), count(&IN_FLIGHT), count(&DELAYED)])
}
