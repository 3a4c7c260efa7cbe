//! One invocation: a batch in, the failed items out.

use std::{sync::Arc, time::Duration};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use resilience::Clock;
use weir_core::{Backoff, Topics, UnixMillis, effects_until, lease_until};
use weir_telemetry::Telemetry;

use crate::{
    ConsumerMetrics, LastStep, QueueSource,
    batch::{self, BatchDeadline, NoMessageId},
    process::{EffectDeadline, Processor},
    router::Router,
    services::WorkerServices,
};

/// As many as the event source hands over at once (`BatchSize` in template.yaml): all wait on the network.
const MAX_CONCURRENT_MESSAGES: usize = 10;

/// How long an invocation waits for its spans to be exported, if they are exported at all. Its messages are settled by
/// then; what it costs is the function's time.
const SPAN_EXPORT_TIMEOUT: Duration = Duration::from_millis(500);

/// A service behind a queue: made once in `main`, shared by every invocation.
pub struct Consumer<S, P> {
    /// The queue that it reads.
    pub source: QueueSource,
    /// The services that it calls: ledger, fence, bodies, queue.
    pub services: S,
    /// What follows an event's handlers.
    pub step: P,
    /// The handlers of each topic.
    pub router: Router,
    /// The topics of which only the latest event counts; `None` for a service that keeps no order.
    pub topics: Option<Topics>,
    /// How long failed messages wait.
    pub backoff: Backoff,
    /// The clock of leases and deadlines.
    pub clock: Clock,
    /// What the operator switched off and slowed down.
    pub controls: weir_aws::Controls,
    /// Where metrics and spans go.
    pub telemetry: Telemetry,
    /// The metrics that it counts.
    pub metrics: ConsumerMetrics,
    /// How often SQS hands out one message (`MaxReceiveCount` in template.yaml).
    pub max_receives: u32,
    /// How often an event may fail before it goes to the DLQ (`MaxAttempts` in template.yaml).
    pub max_attempts: u32,
}

impl<S: WorkerServices, P: LastStep> Consumer<S, P> {
    /// Handles a batch. `end` is the invocation's deadline by the consumer's clock.
    ///
    /// # Errors
    /// Only for an event that is not of SQS: the invocation fails, and the whole batch comes back.
    pub async fn handle(
        self: &Arc<Self>,
        event: SqsEvent,
        request_id: &str,
        end: UnixMillis,
    ) -> Result<SqsBatchResponse, NoMessageId> {
        let now = self.clock.now();
        let batch_deadline = BatchDeadline::after(end.since(now));
        let deadline = EffectDeadline::new(self.clock, effects_until(end), effects_until(end).since(now));
        let messages = batch::messages(event)?;
        let processor = Arc::new(Processor {
            consumer: self.clone(),
            controls: self.controls.current().await.map_err(|unread| unread.failure()),
            request_id: request_id.to_owned(),
            lease_until: lease_until(end),
            deadline,
        });
        // The step's batch is dropped when the batch is answered: Lambda freezes what runs on, and would let it act in
        // the next invocation, under leases that ended.
        let (_step_batch, handles) = self.step.begin(messages.len(), deadline);
        let work = messages.into_iter().zip(handles).map(|(message, handle)| {
            let (processor, message) = (processor.clone(), Arc::new(message));
            (message.clone(), async move { processor.process(&message, handle).await })
        });
        let verdicts = batch::drive(work.collect(), MAX_CONCURRENT_MESSAGES, batch_deadline).await;
        batch::postpone(self.services.queue(), &verdicts).await;
        self.telemetry.traces.flush(SPAN_EXPORT_TIMEOUT).await;
        self.telemetry.metrics.flush(self.clock.now());
        Ok(batch::response(verdicts.iter().map(|(message, verdict)| (&**message, *verdict))))
    }
}
