//! The way of one message: claim, enter its resource, execute, leave, settle.

mod attempt;
mod claim;
mod deadline;
mod execute;
mod fate;
mod instrumentation;
mod park;
mod resource;
mod settle;

use std::{sync::Arc, time::Duration};

use weir_core::{
    Failure, UnixMillis,
    controls::Controls,
    envelope::{Envelope, EnvelopeError},
    ledger::{ClaimRequest, Key, Owner},
    sha256,
};

use attempt::Attempt;
pub use deadline::{DeadlineExceeded, EffectDeadline};
use execute::AttemptError;
use fate::Fate;

use crate::{
    Consumer, LastStep,
    batch::{Message, Verdict},
    services::WorkerServices,
};

/// What all messages of one invocation share.
pub(crate) struct Processor<S, P> {
    /// The consumer that handles them.
    pub(crate) consumer: Arc<Consumer<S, P>>,
    /// What the operator switched off and slowed down, as of the invocation's start; or why that was never read.
    pub(crate) controls: Result<Arc<Controls>, Failure>,
    /// Lambda's id of the invocation: part of each lease's owner.
    pub(crate) request_id: String,
    /// When this invocation's leases end.
    pub(crate) lease_until: UnixMillis,
    /// Until when effects may begin.
    pub(crate) deadline: EffectDeadline,
}

/// When to try again what AWS did not answer.
const RETRY_DELAY: Duration = Duration::from_secs(10);

impl<S: WorkerServices, P: LastStep> Processor<S, P> {
    /// Takes a message to its verdict. Everything that goes wrong is logged once, here.
    pub(crate) async fn process(&self, message: &Message, handle: P::Handle) -> Verdict {
        let (verdict, parked) = match self.consumer.source.read(&message.body) {
            Ok(envelope) => {
                let parked = envelope.parked;
                (self.traced(message, envelope, handle).await, parked)
            }
            Err(problem) => (self.unreadable(message, &problem).await, None),
        };
        match verdict {
            // A parked copy is recorded where it is sent: only there its delay is known.
            Verdict::Acknowledge | Verdict::DeadLetter => {}
            Verdict::Retry => self.record_pending(message, parked, Duration::ZERO),
            Verdict::RetryAfter(delay) => self.record_pending(message, parked, delay),
        }
        verdict
    }

    async fn event(&self, message: &Message, mut envelope: Envelope, handle: P::Handle) -> Verdict {
        let meta = envelope.meta.clone();
        let key = Key::of(&meta);
        let owner = self.owner(message);
        let resource = self.resource_of(&meta.topic).and_then(|resource| resource.of(envelope.peek()?));
        let ask = ClaimRequest {
            key: &key,
            owner: &owner,
            body_sha256: &meta.body_sha256,
            meta: Some(&meta),
            resource: resource.as_deref(),
            lane: self.consumer.source.recorded_lane(),
            receives: message.receives,
            parks: envelope.parked.map_or(0, |parked| parked.count),
            now: self.consumer.clock.now(),
            lease_until: self.lease_until,
        };
        let granted = match self.claim(message, &ask).await {
            Ok(granted) => granted,
            Err(verdict) => return verdict,
        };
        // Another attempt may have had an effect under that id: an event has one, wherever it goes from here.
        if let Some(first) = &granted.first {
            tracing::info!(%key, first_webhook_id = first.as_str(), "The event came under another webhook id first");
            envelope.meta.webhook_id.clone_from(first);
        }
        let mut attempt = Attempt::begun(&ask, granted);
        let fate = match self.execute(envelope, handle, &mut attempt).await {
            Ok(ending) => {
                let fate = self.complete(message, &attempt, &ending).await;
                self.record_ended(message, &meta, &ending, fate);
                fate
            }
            Err(AttemptError::Failed(failure)) => {
                let fate = self.fail(message, &attempt, &failure).await;
                self.record_failed(message, Some(&meta), &failure, fate);
                fate
            }
            Err(AttemptError::Lost) => Fate::Lost,
        };
        fate.verdict()
    }

    /// A message that is no event: recorded with its reason under SQS's own id for it, then to the DLQ.
    async fn unreadable(&self, message: &Message, problem: &EnvelopeError) -> Verdict {
        let key = Key::of_unreadable(message.group.as_deref(), &message.id);
        let owner = self.owner(message);
        let ask = ClaimRequest {
            key: &key,
            owner: &owner,
            body_sha256: &sha256::hex(message.body.as_bytes()),
            meta: None,
            resource: None,
            lane: self.consumer.source.recorded_lane(),
            receives: message.receives,
            parks: 0,
            now: self.consumer.clock.now(),
            lease_until: self.lease_until,
        };
        match self.claim(message, &ask).await {
            Ok(granted) => {
                let failure = Failure::permanent(problem);
                let fate = self.fail(message, &Attempt::begun(&ask, granted), &failure).await;
                self.record_failed(message, None, &failure, fate);
                fate.verdict()
            }
            Err(verdict) => verdict,
        }
    }

    /// Never used twice: an invocation sees a message once.
    fn owner(&self, message: &Message) -> Owner {
        Owner::of(&self.request_id, &message.id)
    }
}
