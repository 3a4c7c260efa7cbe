//! One invocation: a batch in, the failed items out.

use std::{sync::Arc, time::Duration};

use crate::{
    outside::{Outside, Queue},
    process::{EffectsEnd, Processor, Publisher},
};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use resilience::Clock;
use weir_consumer::{
    batch::{self, Deadline, Message, NoMessageId, Verdict},
    router::Router,
};
use weir_core::{Backoff, Lane, Topics, UnixMillis, effects_until, lease_until};
use weir_telemetry::Telemetry;

/// As many as the event source hands over at once (`BatchSize` in template.yaml): all wait on the network.
const AT_ONCE: usize = 10;

/// A lane's worker: made once in `main`, borrowed by every invocation.
pub struct Worker<O> {
    /// Which lane it reads.
    pub lane: Lane,
    /// Everything outside.
    pub outside: Arc<O>,
    /// Who handles what.
    pub router: Router,
    /// Of which topics only the latest event counts.
    pub topics: Arc<Topics>,
    /// How long failed messages wait.
    pub backoff: Backoff,
    /// What tells the time.
    pub clock: Clock,
    /// What the operator switched off and slowed down.
    pub controls: weir_aws::Controls,
    /// What the work is told to.
    pub telemetry: Telemetry,
    /// How often SQS hands out one message (`MaxReceiveCount` in template.yaml).
    pub max_receives: u32,
    /// How often an event may fail before it goes to the DLQ (`MaxAttempts` in template.yaml).
    pub max_attempts: u32,
}

/// How long an invocation waits for its spans to be exported, if they are exported at all. Its messages are settled by
/// then; what it costs is the worker's time.
const EXPORTED_WITHIN: Duration = Duration::from_millis(500);

impl<O: Outside> Worker<O> {
    /// Handles a batch. `end` is the invocation's deadline by the worker's clock.
    ///
    /// # Errors
    /// Only for an event that is not of SQS: the invocation fails, and the whole batch comes back.
    pub async fn handle(
        &self,
        event: SqsEvent,
        request_id: &str,
        end: UnixMillis,
    ) -> Result<SqsBatchResponse, NoMessageId> {
        let now = self.clock.now();
        let deadline = Deadline::after(end.since(now));
        let effects_end = EffectsEnd::new(self.clock, effects_until(end), effects_until(end).since(now));
        let publisher = Publisher::start(self.outside.bus(), effects_end);
        let processor = Arc::new(Processor {
            lane: self.lane,
            outside: self.outside.clone(),
            router: self.router.clone(),
            topics: self.topics.clone(),
            backoff: self.backoff,
            clock: self.clock,
            controls: self.controls.current().await.map_err(|unread| unread.failure()),
            request_id: request_id.to_owned(),
            lease_until: lease_until(end),
            effects_end,
            telemetry: self.telemetry.clone(),
            max_receives: self.max_receives,
            max_attempts: self.max_attempts,
        });
        let work = batch::messages(event)?.into_iter().map(|message| {
            let (processor, seat, message) = (processor.clone(), publisher.seat(), Arc::new(message));
            (message.clone(), async move { processor.process(&message, seat).await })
        });
        let work = work.collect();
        let _gathering = publisher.seated();
        let verdicts = batch::drive(work, AT_ONCE, deadline).await;
        self.postpone(&verdicts).await;
        self.telemetry.traces.flush(EXPORTED_WITHIN).await;
        self.telemetry.metrics.flush(self.clock.now());
        Ok(batch::response(verdicts.iter().map(|(message, verdict)| (&**message, *verdict))))
    }

    async fn postpone(&self, verdicts: &[(Arc<Message>, Verdict)]) {
        let later: Vec<(String, Duration)> = verdicts
            .iter()
            .filter_map(|(message, verdict)| Some((message.receipt_handle.clone(), verdict.visible_after()?)))
            .collect();
        if later.is_empty() {
            return;
        }
        if let Some((count, reason)) = self.outside.queue().postpone(&later).await {
            tracing::warn!(count, reason, "Failed messages keep the queue's visibility time-out");
        }
    }
}
