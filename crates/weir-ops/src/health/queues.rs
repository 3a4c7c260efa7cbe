//! How many messages the lanes hold, as SQS counts them: about.

use futures_util::future::try_join_all;
use weir_aws::QueueDepths;

use super::{error::HealthError, model::LaneStatus};
use crate::stack::{LaneQueues, Stack};

/// Every lane, the most urgent first. How old the oldest event is, SQS does not say.
pub(super) async fn read(stack: &Stack, depths: &QueueDepths) -> Result<Vec<LaneStatus>, HealthError> {
    try_join_all(stack.lanes()?.into_iter().map(|queues| lane(depths, queues))).await
}

async fn lane(depths: &QueueDepths, queues: LaneQueues) -> Result<LaneStatus, HealthError> {
    let (lane, dead) = tokio::try_join!(depths.of(&queues.queue), depths.of(&queues.dlq))?;
    // Those that an operator looks at are hidden, and still dead.
    let dead = dead.waiting + dead.in_flight + dead.delayed;
    Ok(LaneStatus {
        lane: queues.lane,
        waiting: lane.waiting,
        in_flight: lane.in_flight,
        delayed: lane.delayed,
        dead,
        oldest_seconds: None,
    })
}

/// How many messages the dead-letter queues of all lanes show. Those that somebody looks at are not among them.
///
/// # Errors
/// If the stack lacks an output, or SQS does not count.
pub async fn visible_dead_letters(stack: &Stack) -> Result<u64, HealthError> {
    let depths = QueueDepths::new(&stack.config);
    let queues = stack.lanes()?;
    let counted = try_join_all(queues.iter().map(|queues| depths.of(&queues.dlq))).await?;
    Ok(counted.iter().map(|depth| depth.waiting).sum())
}
