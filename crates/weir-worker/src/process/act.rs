//! The effect of an event: its handlers, then the bus.

use std::panic::AssertUnwindSafe;

use crate::outside::{BodyStore, Outside, Publish};
use futures_util::FutureExt;
use serde_json::value::RawValue;
use weir_aws::{BodyError, Entry, SMALL_CALL_BYTES};
use weir_consumer::{destination::SWITCHED_OFF_FOR, router::Event};
use weir_core::{
    Failure,
    controls::Target,
    envelope::{self, Envelope, MAX_ENTRY_BYTES, Meta},
    ledger::Ending,
    topics::{Reading, Resource, Snapshot},
};
use weir_telemetry::{
    TraceContext,
    traces::{Call, Kind},
};

use super::{Attempt, Processor, Seat, resource::Visited};

/// What came too late is published under its topic with this in front: no rule for the topic takes it, and who counts
/// each creation whatever its snapshot says can ask for it.
const SUPERSEDED: &str = "superseded/";

/// Why an attempt did not come to an end.
pub(super) enum Stopped {
    /// It failed.
    Failed(Failure),
    /// The lease of the resource had ended and another is in there: nothing more may be said of this attempt.
    Lost,
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl<O: Outside> Processor<O> {
    /// Runs the event's handlers and publishes it, if no newer version of its resource came first. Ends, with a
    /// failure, before the invocation does. `attempt` learns what the body is a snapshot of, and which handlers succeeded.
    pub(super) async fn act(
        &self,
        envelope: Envelope,
        seat: Seat,
        attempt: &mut Attempt<'_>,
    ) -> Result<Ending, Stopped> {
        let (owner, passed) = (attempt.owner, &mut attempt.progress.passed);
        self.is_on(&envelope.meta)?;
        let event = self.effects_end.run(self.open(envelope)).await.map_err(Failure::transient)??;
        // What is not JSON can reach neither a handler nor the bus.
        let json = envelope::json(event.body()).map_err(Failure::permanent)?;
        let resource = self.topics.latest(&event.meta().topic);
        // Of a body that was compressed or in S3, nothing was known at the claim.
        if attempt.resource.is_none() {
            attempt.resource = resource.and_then(|resource| resource.of(json));
        }
        let Some(snapshot) = resource.and_then(|resource| self.snapshot(resource, event.meta(), json)) else {
            self.effects_end.run(self.effect(&event, json, seat, passed)).await.map_err(Failure::transient)??;
            return Ok(Ending::Done);
        };
        let visit = match self.enter(&event, snapshot, owner).await? {
            Visited::Inside(visit) => visit,
            Visited::Ran => return Ok(Ending::Done),
            Visited::Stale(newer) => {
                let (key, older) = (&event.meta().webhook_id, event.meta().triggered_at.as_deref());
                tracing::info!(webhook_id = key, triggered_at = older, newer = %newer, "A newer version came first");
                // Synthetic, it tells nothing that was not told: whoever counts what came late would count it twice.
                if event.meta().synthetic.is_none() {
                    self.effects_end.run(self.notify(&event, json, seat)).await.map_err(Failure::transient)??;
                }
                return Ok(Ending::Stale);
            }
            Visited::Repeated => {
                let Meta { webhook_id, triggered_at, .. } = event.meta();
                tracing::info!(webhook_id, triggered_at, "The same state came before, by the same topic");
                return Ok(Ending::Repeated);
            }
        };
        // If the time is up, what was under way may still land: the resource stays closed until the lease ends.
        let result = self.effects_end.run(self.effect(&event, json, seat, passed)).await.map_err(Failure::transient)?;
        self.leave(&visit, owner, &result).await?;
        result?;
        Ok(Ending::Done)
    }

    /// What the body is a snapshot of, if it is one. A version far ahead of the clock makes none: the event counts as one of
    /// `every`.
    fn snapshot(&self, resource: &Resource, meta: &Meta, json: &RawValue) -> Option<Snapshot> {
        match resource.snapshot(meta, json, self.clock.now()) {
            Reading::Snapshot(snapshot) => Some(snapshot),
            Reading::Unknown => None,
            Reading::FarAhead(version) => {
                let key = &meta.webhook_id;
                tracing::warn!(webhook_id = key, far_ahead = %version, "Its version is far ahead of the clock: not compared");
                None
            }
        }
    }

    /// Whether the operator lets the event be handled. Asked of every handler before any of them runs.
    fn is_on(&self, meta: &Meta) -> Result<(), Failure> {
        let controls = self.controls.as_ref().map_err(Failure::clone)?;
        let handlers = self.router.handlers(&meta.topic).map(|handler| Target::Handler(handler.name()));
        let mut off = std::iter::once(Target::Lane(self.lane)).chain(handlers);
        match off.find_map(|target| controls.is_off(target, &meta.shop)) {
            Some(off) => Err(Failure::switched_off(off, SWITCHED_OFF_FOR)),
            None => Ok(()),
        }
    }

    async fn open(&self, envelope: Envelope) -> Result<Event, Failure> {
        let fetched = match envelope.reference() {
            Some(reference) => Some(self.outside.bodies().get(reference).await.map_err(body_failure)?),
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
        seat: Seat,
        passed: &mut Vec<String>,
    ) -> Result<(), Failure> {
        self.run_handlers(event, passed).await?;
        self.publish(event, json, "", seat).await
    }

    async fn notify(&self, event: &Event, json: &RawValue, seat: Seat) -> Result<(), Failure> {
        self.publish(event, json, SUPERSEDED, seat).await
    }

    async fn publish(&self, event: &Event, json: &RawValue, prefix: &str, seat: Seat) -> Result<(), Failure> {
        let entry = self.entry(event, json, prefix).await?;
        let is_large = entry.size() > SMALL_CALL_BYTES;
        let call = Call::begin(Kind::Producer, "publish");
        let mut published = seat.publish(entry).await;
        // Some regions take 256 KB only: what was refused by itself and is larger goes by a reference.
        if is_large && matches!(published, Err(Failure::Permanent(_) | Failure::Misconfigured(_))) {
            let entry = self.referred(event, prefix).await?;
            published = self.outside.bus().publish(vec![entry]).await.pop().unwrap_or(published);
        }
        call.end(Vec::new(), published.as_ref().err().map(|failure| failure.reason().to_owned()));
        published
    }

    /// Runs the handlers that have not succeeded in an earlier attempt.
    async fn run_handlers(&self, event: &Event, passed: &mut Vec<String>) -> Result<(), Failure> {
        let mut names: Vec<&str> = Vec::new();
        for handler in self.router.handlers(&event.meta().topic) {
            names.push(handler.name());
            let label = label(&names);
            if passed.contains(&label) {
                continue;
            }
            // Called within the future, so that a panic before the first await is caught as well.
            let running = async { handler.run(event.clone()).await };
            match AssertUnwindSafe(running).catch_unwind().await {
                Ok(result) => result?,
                // Its message may quote customer data; the panic hook told the place.
                Err(_message) => return Err(Failure::Panic),
            }
            passed.push(label);
        }
        Ok(())
    }

    async fn entry(&self, event: &Event, json: &RawValue, prefix: &str) -> Result<Entry, Failure> {
        let entry = entry(event.meta(), Ok(json), prefix);
        if entry.size() <= MAX_ENTRY_BYTES { Ok(entry) } else { self.referred(event, prefix).await }
    }

    /// The entry with its body in S3.
    async fn referred(&self, event: &Event, prefix: &str) -> Result<Entry, Failure> {
        let meta = event.meta();
        let reference = self.outside.bodies().put(meta, event.body().to_vec()).await.map_err(body_failure)?;
        Ok(entry(meta, Err(&reference), prefix))
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

fn entry(meta: &Meta, body: Result<&RawValue, &str>, prefix: &str) -> Entry {
    let place = meta.traceparent.as_deref().and_then(TraceContext::parse);
    let xray = place.filter(|place| place.is_sampled()).map(TraceContext::xray);
    Entry { topic: format!("{prefix}{}", meta.topic), detail: envelope::detail(meta, body), xray }
}

fn body_failure(error: BodyError) -> Failure {
    match error {
        BodyError::Failed(call) => call.failure(),
        BodyError::Foreign | BodyError::Lost => Failure::permanent(error),
    }
}
