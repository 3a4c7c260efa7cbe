//! Queues that rules send to.

use aws_sdk_sqs::{
    Client,
    operation::{get_queue_attributes::GetQueueAttributesError, get_queue_url::GetQueueUrlError},
    types::QueueAttributeName,
};
use weir_aws::reason;

use super::{super::target::CheckTarget, BusFinding};

/// Who sends, as a queue's policy names it.
const EVENTBRIDGE: &str = "events.amazonaws.com";

/// The queues of the stack's account and region.
pub(super) struct Queues {
    client: Client,
    prefix: String,
}

impl Queues {
    pub(super) fn new(target: &CheckTarget) -> Self {
        Self { client: Client::new(&target.stack.config), prefix: target.account.arn("sqs", "") }
    }

    /// What is wrong with a target, if it is a queue that can be looked at.
    pub(super) async fn look(&self, arn: &str) -> Result<Option<BusFinding>, String> {
        let Some(name) = arn.strip_prefix(&self.prefix) else { return Ok(None) };
        let target = || arn.to_owned();
        let url = match self.client.get_queue_url().queue_name(name).send().await {
            Ok(found) => found.queue_url.unwrap_or_default(),
            Err(error) if error.as_service_error().is_some_and(GetQueueUrlError::is_queue_does_not_exist) => {
                return Ok(Some(BusFinding::TargetGone { target: target() }));
            }
            Err(error) => return Err(reason(&error)),
        };
        let request = self.client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::Policy);
        let read = match request.send().await {
            Ok(read) => read,
            Err(error) if error.as_service_error().is_some_and(GetQueueAttributesError::is_queue_does_not_exist) => {
                return Ok(Some(BusFinding::TargetGone { target: target() }));
            }
            Err(error) => return Err(reason(&error)),
        };
        let policy = read.attributes().and_then(|all| all.get(&QueueAttributeName::Policy));
        // Whom else it may name is IAM's to judge.
        let is_open =
            policy.is_some_and(|policy| policy.contains(EVENTBRIDGE) || policy.contains("\"Principal\":\"*\""));
        Ok((!is_open).then(|| BusFinding::TargetClosed { target: target() }))
    }
}
