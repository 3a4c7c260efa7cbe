//! The worker's last step: the event goes to the bus.

mod publisher;

use std::sync::Arc;

use serde_json::value::RawValue;
use weir_aws::{Bus, Entry, SMALL_CALL_BYTES};
use weir_consumer::{
    EffectDeadline, LastStep,
    router::Event,
    services::{BodyStore, body_failure},
};
use weir_core::{
    Failure,
    envelope::{self, BusBody, MAX_ENTRY_BYTES, Meta, SUPERSEDED_PREFIX},
};
use weir_telemetry::{
    TraceContext,
    traces::{Call, Kind},
};

use publisher::Publisher;
pub use publisher::{PublishHandle, PublisherTask};

/// Publishes events.
pub trait Publish: Send + Sync + 'static {
    /// One result an entry, in order.
    fn publish(&self, entries: Vec<Entry>) -> impl Future<Output = Vec<Result<(), Failure>>> + Send;
}

impl Publish for Bus {
    fn publish(&self, entries: Vec<Entry>) -> impl Future<Output = Vec<Result<(), Failure>>> + Send {
        self.publish(entries)
    }
}

/// Publishes each event to the bus; a body that no entry can carry goes to the store, and its reference to the bus.
pub struct PublishStep<B, S> {
    /// Where events go.
    pub bus: Arc<B>,
    /// Where large bodies go.
    pub bodies: S,
}

impl<B: Publish, S: BodyStore> LastStep for PublishStep<B, S> {
    type Batch = PublisherTask;
    type Handle = PublishHandle;

    fn begin(&self, messages: usize, deadline: EffectDeadline) -> (PublisherTask, Vec<PublishHandle>) {
        let publisher = Publisher::start(self.bus.clone(), deadline);
        let handles = (0..messages).map(|_| publisher.handle()).collect();
        (publisher.close(), handles)
    }

    async fn run(&self, event: &Event, json: &RawValue, handle: PublishHandle) -> Result<(), Failure> {
        self.publish(event, json, "", handle).await
    }

    async fn run_superseded(&self, event: &Event, json: &RawValue, handle: PublishHandle) -> Result<(), Failure> {
        self.publish(event, json, SUPERSEDED_PREFIX, handle).await
    }
}

impl<B: Publish, S: BodyStore> PublishStep<B, S> {
    async fn publish(
        &self,
        event: &Event,
        json: &RawValue,
        prefix: &str,
        handle: PublishHandle,
    ) -> Result<(), Failure> {
        let entry = self.entry(event, json, prefix).await?;
        let is_large = entry.size() > SMALL_CALL_BYTES;
        let call = Call::begin(Kind::Producer, "publish");
        let mut published = handle.publish(entry).await;
        // Some regions take 256 KB only: what was refused by itself and is larger goes by a reference.
        if is_large && matches!(published, Err(Failure::Permanent(_) | Failure::Misconfigured(_))) {
            let entry = self.referred(event, prefix).await?;
            published = self.bus.publish(vec![entry]).await.pop().unwrap_or(published);
        }
        call.end(Vec::new(), published.as_ref().err().map(|failure| failure.reason().to_owned()));
        published
    }

    async fn entry(&self, event: &Event, json: &RawValue, prefix: &str) -> Result<Entry, Failure> {
        let entry = entry(event.meta(), BusBody::Inline(json), prefix);
        if entry.size() <= MAX_ENTRY_BYTES { Ok(entry) } else { self.referred(event, prefix).await }
    }

    /// The entry with its body in S3.
    async fn referred(&self, event: &Event, prefix: &str) -> Result<Entry, Failure> {
        let meta = event.meta();
        let reference = self.bodies.put(meta, event.body().to_vec()).await.map_err(body_failure)?;
        Ok(entry(meta, BusBody::Reference(&reference), prefix))
    }
}

fn entry(meta: &Meta, body: BusBody<'_>, prefix: &str) -> Entry {
    let place = meta.traceparent.as_deref().and_then(TraceContext::parse);
    let xray = place.filter(|place| place.is_sampled()).map(TraceContext::xray);
    Entry { topic: format!("{prefix}{}", meta.topic), detail: envelope::detail(meta, body), xray }
}
