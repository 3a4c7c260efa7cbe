//! One invocation: a batch in, the failed items out.

use std::{sync::Arc, time::Duration};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use weir_core::{Backoff, Lane, UnixMillis, lease_until, ledger::Ledger};
use weir_lambda::{
    batch::{self, Deadline, Message, NoMessageId, Verdict},
    router::Router,
};

use crate::{
    outside::{BodyStore, Postpone, Publish},
    process::{Processor, Publisher},
};

/// As many as the event source hands over at once (`BatchSize` in template.yaml): all wait on the network.
const AT_ONCE: usize = 10;

/// A lane's worker: made once in `main`, borrowed by every invocation.
pub struct Worker<L, B, S, V> {
    /// Which lane it reads.
    pub lane: Lane,
    /// What happened to each event.
    pub ledger: Arc<L>,
    /// Where events go.
    pub bus: Arc<B>,
    /// Where large bodies lie.
    pub bodies: Arc<S>,
    /// When failed messages come back.
    pub visibility: Arc<V>,
    /// Who handles what.
    pub router: Router,
}

impl<L: Ledger + 'static, B: Publish, S: BodyStore, V: Postpone> Worker<L, B, S, V> {
    /// Handles a batch. `end` is the invocation's deadline by the wall clock, `remaining` the time until then.
    ///
    /// # Errors
    /// Only for an event that is not of SQS: the invocation fails, and the whole batch comes back.
    pub async fn handle(
        &self,
        event: SqsEvent,
        request_id: &str,
        end: UnixMillis,
        remaining: Duration,
    ) -> Result<SqsBatchResponse, NoMessageId> {
        let deadline = Deadline::after(remaining);
        let publisher = Publisher::start(self.bus.clone());
        let processor = Arc::new(Processor {
            lane: self.lane,
            ledger: self.ledger.clone(),
            bodies: self.bodies.clone(),
            router: self.router.clone(),
            backoff: Backoff::default(),
            request_id: request_id.to_owned(),
            lease_until: lease_until(end),
            handlers_end: deadline.of_handlers(),
        });
        let work = batch::messages(event)?.into_iter().map(|message| {
            let (processor, seat, message) = (processor.clone(), publisher.seat(), Arc::new(message));
            (message.clone(), async move { processor.process(&message, seat).await })
        });
        let work = work.collect();
        // From here on only the messages hold seats: once all have published or given up, nothing is waited for.
        drop(publisher);
        let verdicts = batch::drive(work, AT_ONCE, deadline).await;
        self.postpone(&verdicts).await;
        Ok(batch::response(verdicts.iter().map(|(message, verdict)| (&**message, *verdict))))
    }

    async fn postpone(&self, verdicts: &[(Arc<Message>, Verdict)]) {
        let later: Vec<(String, Duration)> = verdicts
            .iter()
            .filter_map(|(message, verdict)| match verdict {
                Verdict::RetryAfter(delay) => Some((message.receipt_handle.clone(), *delay)),
                Verdict::Acknowledge | Verdict::Retry => None,
            })
            .collect();
        if later.is_empty() {
            return;
        }
        if let Some((count, reason)) = self.visibility.postpone(&later).await {
            tracing::warn!(count, reason, "Failed messages keep the queue's visibility time-out");
        }
    }
}
