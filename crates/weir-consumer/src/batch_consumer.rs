//! A service that handles a batch as a whole.

use std::{collections::BTreeMap, time::Duration};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use resilience::{Backoff, Clock};
use weir_core::{Failure, UnixMillis, effects_until, envelope::Envelope};

use crate::{
    EffectDeadline, QueueSource,
    batch::{self, Message, NoMessageId, Verdict},
    services::Queue,
};

/// What such a service does with the events of a batch.
pub trait BatchStep: Send + Sync + 'static {
    /// Handles the events, and returns what became of each, in order. It is dropped when the invocation's time is up.
    ///
    /// An event may come again, in another batch, after it was handled: the step must be safe to repeat.
    fn run(&self, events: Vec<Envelope>) -> impl Future<Output = Vec<Result<(), Failure>>> + Send;
}

/// A service behind a queue that writes many events at once, and for which a repeated event does no harm. It has no
/// ledger, so an event costs it no write of its own. A service whose events must take effect once is a
/// [`Consumer`](crate::Consumer).
pub struct BatchConsumer<Q, S> {
    /// The queue that it reads.
    pub source: QueueSource,
    /// The same queue, to say when failed messages come back.
    pub queue: Q,
    /// What it does.
    pub step: S,
    /// How long failed messages wait.
    pub backoff: Backoff,
    /// The clock of the deadline.
    pub clock: Clock,
}

impl<Q: Queue, S: BatchStep> BatchConsumer<Q, S> {
    /// Handles a batch. `end` is the invocation's deadline by the consumer's clock.
    ///
    /// # Errors
    /// Only for an event that is not of SQS: the invocation fails, and the whole batch comes back.
    pub async fn handle(&self, event: SqsEvent, end: UnixMillis) -> Result<SqsBatchResponse, NoMessageId> {
        let messages = batch::messages(event)?;
        let mut results: Vec<Result<(), Failure>> = Vec::with_capacity(messages.len());
        let (mut places, mut events) = (Vec::new(), Vec::new());
        for (place, message) in messages.iter().enumerate() {
            let read = self.source.read(&message.body).map_err(Failure::permanent);
            results.push(read.map(|envelope| {
                places.push(place);
                events.push(envelope);
            }));
        }
        for (place, result) in places.into_iter().zip(self.run(events, end).await) {
            if let Some(of_message) = results.get_mut(place) {
                *of_message = result;
            }
        }
        log_failures(&results);
        let mut rng = fastrand::Rng::new();
        let verdicts = messages.iter().zip(results).map(|(message, result)| {
            let delay = self.backoff.delay(message.receives, &mut rng);
            (message, verdict(result, delay))
        });
        let verdicts: Vec<(&Message, Verdict)> = verdicts.collect();
        batch::postpone(&self.queue, &verdicts).await;
        Ok(batch::response(verdicts))
    }

    /// What became of each event. All that is not known to be done comes back.
    async fn run(&self, events: Vec<Envelope>, end: UnixMillis) -> Vec<Result<(), Failure>> {
        let count = events.len();
        if count == 0 {
            return Vec::new();
        }
        let until = effects_until(end);
        let deadline = EffectDeadline::new(self.clock, until, until.since(self.clock.now()));
        match deadline.run(self.step.run(events)).await {
            Ok(results) if results.len() == count => results,
            Ok(results) => {
                vec![Err(Failure::transient(format!("{} answers for {count} events", results.len()))); count]
            }
            Err(exceeded) => vec![Err(Failure::transient(exceeded)); count],
        }
    }
}

fn verdict(result: Result<(), Failure>, delay: Duration) -> Verdict {
    match result {
        Ok(()) => Verdict::Acknowledge,
        Err(Failure::Permanent(_)) => Verdict::DeadLetter,
        Err(Failure::Outage { retry_after, .. }) => Verdict::RetryAfter(delay.max(retry_after)),
        Err(Failure::Transient(_) | Failure::Misconfigured(_) | Failure::Panic) => Verdict::RetryAfter(delay),
    }
}

/// One line for each reason: a batch of a thousand events fails together.
fn log_failures(results: &[Result<(), Failure>]) {
    let mut reasons: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    for failure in results.iter().filter_map(|result| result.as_ref().err()) {
        *reasons.entry((failure.is_permanent(), failure.reason())).or_default() += 1;
    }
    for ((permanent, reason), events) in reasons {
        tracing::error!(permanent, events, reason, "Events of a batch failed");
    }
}
