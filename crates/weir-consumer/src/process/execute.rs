//! The effect of an event: its handlers, then the last step.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use serde_json::value::RawValue;
use weir_core::{
    Failure, Topic,
    controls::Target,
    envelope::{self, Envelope, Meta},
    ledger::AttemptResult,
    topics::{Reading, Resource, Snapshot},
};

use super::{Processor, attempt::Attempt, resource::Visited};
use crate::{
    LastStep,
    destination::SWITCH_RETRY_DELAY,
    router::Event,
    services::{BodyStore, WorkerServices, body_failure},
};

/// Why an attempt did not come to an end.
pub(super) enum AttemptError {
    /// It failed.
    Failed(Failure),
    /// The lease of the resource had ended and another is in there: nothing more may be said of this attempt.
    Lost,
}

impl From<Failure> for AttemptError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl<S: WorkerServices, P: LastStep> Processor<S, P> {
    /// Runs the event's handlers and the last step, if no newer version of its resource came first. Ends, with a
    /// failure, before the invocation does. `attempt` learns what the body is a snapshot of, and which handlers succeeded.
    pub(super) async fn execute(
        &self,
        envelope: Envelope,
        handle: P::Handle,
        attempt: &mut Attempt<'_>,
    ) -> Result<AttemptResult, AttemptError> {
        let (owner, passed) = (attempt.owner, &mut attempt.progress.passed);
        self.check_switches(&envelope.meta)?;
        let event = self.deadline.run(self.open(envelope)).await.map_err(Failure::transient)??;
        // What is not JSON can reach neither a handler nor the bus.
        let json = envelope::json(event.body()).map_err(Failure::permanent)?;
        let resource = self.resource_of(&event.meta().topic);
        // Of a body that was compressed or in S3, nothing was known at the claim.
        if attempt.resource.is_none() {
            attempt.resource = resource.and_then(|resource| resource.of(json));
        }
        let Some(snapshot) = resource.and_then(|resource| self.snapshot(resource, event.meta(), json)) else {
            self.deadline.run(self.effect(&event, json, handle, passed)).await.map_err(Failure::transient)??;
            return Ok(AttemptResult::Done);
        };
        let visit = match self.enter(&event, snapshot, owner).await? {
            Visited::Inside(visit) => visit,
            Visited::Ran => return Ok(AttemptResult::Done),
            Visited::Stale(newer) => {
                let (key, older) = (event.meta().webhook_id.as_str(), event.meta().triggered_at.as_deref());
                tracing::info!(webhook_id = key, triggered_at = older, newer = %newer, "A newer version came first");
                // Synthetic, it says nothing new: whoever counts what came late would count it twice.
                if event.meta().synthetic.is_none() {
                    let superseded = self.consumer.step.run_superseded(&event, json, handle);
                    self.deadline.run(superseded).await.map_err(Failure::transient)??;
                }
                return Ok(AttemptResult::Stale);
            }
            Visited::Repeated => {
                let Meta { webhook_id, triggered_at, .. } = event.meta();
                tracing::info!(
                    webhook_id = webhook_id.as_str(),
                    triggered_at,
                    "The same state came before, by the same topic"
                );
                return Ok(AttemptResult::Repeated);
            }
        };
        // If the time is up, what was under way may still land: the resource stays closed until the lease ends.
        let result = self.deadline.run(self.effect(&event, json, handle, passed)).await.map_err(Failure::transient)?;
        self.leave(&visit, owner, &result).await?;
        result?;
        Ok(AttemptResult::Done)
    }

    /// What bodies of a topic are snapshots of, if this consumer keeps their order.
    pub(super) fn resource_of(&self, topic: &Topic) -> Option<&'static Resource> {
        self.consumer.topics?.latest(topic.as_str())
    }

    /// What the body is a snapshot of, if it is one. A version far ahead of the clock makes none: the event counts as one of
    /// `every`.
    fn snapshot(&self, resource: &Resource, meta: &Meta, json: &RawValue) -> Option<Snapshot> {
        match resource.snapshot(meta, json, self.consumer.clock.now()) {
            Reading::Snapshot(snapshot) => Some(snapshot),
            Reading::Unknown => None,
            Reading::FarAhead(version) => {
                let key = meta.webhook_id.as_str();
                tracing::warn!(webhook_id = key, far_ahead = %version, "The event's version is far ahead of the clock: not compared");
                None
            }
        }
    }

    /// Refuses an event that the operator switched off. Asks for every handler before any of them runs.
    fn check_switches(&self, meta: &Meta) -> Result<(), Failure> {
        let controls = self.controls.as_ref().map_err(Failure::clone)?;
        let handlers =
            self.consumer.router.handlers(meta.topic.as_str()).map(|handler| Target::Handler(handler.name()));
        let mut targets = self.consumer.source.switch().into_iter().chain(handlers);
        match targets.find_map(|target| controls.is_off(target, &meta.shop)) {
            Some(off) => Err(Failure::switched_off(off, SWITCH_RETRY_DELAY)),
            None => Ok(()),
        }
    }

    async fn open(&self, envelope: Envelope) -> Result<Event, Failure> {
        let fetched = match envelope.reference() {
            Some(reference) => Some(self.consumer.services.bodies().get(reference).await.map_err(body_failure)?),
            None => None,
        };
        let meta = envelope.meta.clone();
        let body = envelope.open(fetched).map_err(Failure::permanent)?;
        let controls = self.controls.clone()?;
        Ok(Event::new(meta, body).under(controls))
    }

    async fn effect(
        &self,
        event: &Event,
        json: &RawValue,
        handle: P::Handle,
        passed: &mut Vec<String>,
    ) -> Result<(), Failure> {
        self.run_handlers(event, passed).await?;
        self.consumer.step.run(event, json, handle).await
    }

    /// Runs the handlers that have not succeeded in an earlier attempt.
    async fn run_handlers(&self, event: &Event, passed: &mut Vec<String>) -> Result<(), Failure> {
        let mut names: Vec<&str> = Vec::new();
        for handler in self.consumer.router.handlers(event.meta().topic.as_str()) {
            names.push(handler.name());
            let label = label(&names);
            if passed.contains(&label) {
                continue;
            }
            // Called within the future, so that a panic before the first await is caught as well.
            let running = async { handler.run(event.clone()).await };
            match AssertUnwindSafe(running).catch_unwind().await {
                Ok(result) => result?,
                // Its message may quote customer data; the panic hook logged the place.
                Err(_message) => return Err(Failure::Panic),
            }
            passed.push(label);
        }
        Ok(())
    }
}

/// The last of these handlers, by its name and, where several have that, by which of them it is.
fn label(names: &[&str]) -> String {
    let name = names.last().copied().unwrap_or_default();
    match names.iter().filter(|other| **other == name).count() {
        ..=1 => name.to_owned(),
        place => format!("{name}#{place}"),
    }
}
