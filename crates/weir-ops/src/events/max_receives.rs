//! How often a lane hands out a message before it gives it up.

use aws_sdk_sqs::{Client, types::QueueAttributeName};
use weir_core::Lane;

use crate::Stack;

/// `maxReceiveCount` of a lane; `None` if SQS does not tell it.
pub async fn max_receives(stack: &Stack, lane: Lane) -> Option<u32> {
    let lanes = stack.lanes().ok()?;
    let queues = lanes.iter().find(|queues| queues.lane == lane)?;
    let request = Client::new(&stack.config).get_queue_attributes().queue_url(&queues.queue);
    let reply = request.attribute_names(QueueAttributeName::RedrivePolicy).send().await.ok()?;
    let policy: serde_json::Value =
        serde_json::from_str(reply.attributes()?.get(&QueueAttributeName::RedrivePolicy)?).ok()?;
    // SQS gives it as a number, or as text that is one.
    let count = &policy["maxReceiveCount"];
    count.as_u64().or_else(|| count.as_str()?.parse().ok()).and_then(|count| u32::try_from(count).ok())
}
