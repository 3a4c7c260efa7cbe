//! The effect of an event: its handlers, then the bus.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use serde_json::value::RawValue;
use tokio::time::timeout_at;
use weir_aws::{BodyError, Entry};
use weir_core::{
    Failure,
    envelope::{self, Envelope, MAX_ENTRY_BYTES, Meta},
    ledger::Ledger,
};
use weir_lambda::router::Event;

use super::{Processor, Seat};
use crate::outside::BodyStore;

impl<L: Ledger, S: BodyStore> Processor<L, S> {
    /// Runs the event's handlers and publishes it. Ends, with a failure, before the invocation does.
    pub(super) async fn act(&self, envelope: Envelope, seat: Seat) -> Result<(), Failure> {
        let acting = async {
            let event = self.open(envelope).await?;
            // What is not JSON can reach neither a handler nor the bus.
            let json = envelope::json(event.body()).map_err(Failure::permanent)?;
            self.run_handlers(&event).await?;
            seat.publish(self.entry(&event, json).await?).await
        };
        match timeout_at(self.handlers_end, acting).await {
            Ok(result) => result,
            Err(_elapsed) => Err(Failure::transient("the invocation ran out of time before the event was handled")),
        }
    }

    async fn open(&self, envelope: Envelope) -> Result<Event, Failure> {
        let fetched = match envelope.reference() {
            Some(reference) => Some(self.bodies.get(reference).await.map_err(body_failure)?),
            None => None,
        };
        let meta = envelope.meta.clone();
        let body = envelope.open(fetched).map_err(Failure::permanent)?;
        Ok(Event::new(meta, body))
    }

    async fn run_handlers(&self, event: &Event) -> Result<(), Failure> {
        for handler in self.router.handlers(&event.meta().topic) {
            // Called within the future, so that a panic before the first await is caught as well.
            let running = async { handler(event.clone()).await };
            match AssertUnwindSafe(running).catch_unwind().await {
                Ok(result) => result?,
                // Its message may quote customer data; the panic hook told the place.
                Err(_message) => return Err(Failure::transient("a handler panicked: the log says where")),
            }
        }
        Ok(())
    }

    async fn entry(&self, event: &Event, json: &RawValue) -> Result<Entry, Failure> {
        let meta = event.meta();
        let entry = entry(meta, Ok(json));
        if entry.size() <= MAX_ENTRY_BYTES {
            return Ok(entry);
        }
        let reference = self.bodies.put(meta, event.body().to_vec()).await.map_err(body_failure)?;
        Ok(self::entry(meta, Err(&reference)))
    }
}

fn entry(meta: &Meta, body: Result<&RawValue, &str>) -> Entry {
    Entry { topic: meta.topic.clone(), detail: envelope::detail(meta, body) }
}

fn body_failure(error: BodyError) -> Failure {
    match error {
        BodyError::Unavailable { .. } => Failure::transient(error),
        BodyError::Foreign | BodyError::Lost => Failure::permanent(error),
    }
}
