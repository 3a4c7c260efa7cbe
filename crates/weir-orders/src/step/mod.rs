//! What the service does with a batch: read, store, publish, clear.
//!
//! The merge is idempotent, so the service has no ledger: a repeated delivery changes nothing and writes nothing. An event
//! goes into the outbox in the same write as the change that called for it. The delivery that called for it is done only
//! when the event is published and out of the outbox: after a crash in between it comes back, and publishes the event then.

mod group;
mod publish;

use futures_util::{StreamExt, stream};
use resilience::Clock;
use weir_consumer::{
    BatchStep,
    services::{BodyStore, body_failure},
};
use weir_core::{Failure, envelope::Envelope};
use weir_telemetry::{Labels, Metrics, metrics};

pub use self::publish::Publish;
use self::{
    group::{Delivery, Group, group},
    publish::{Publication, entries},
};
use crate::{
    ConfirmedWhen, OrderEvent, Reading, Record, read,
    state::Milestone,
    store::{OrderStore, Put},
};

/// So many orders are read and written at once.
const MAX_CONCURRENT_ORDERS: usize = 16;

/// How often an order is written anew because somebody else wrote it in between.
const MAX_WRITES: usize = 10;

/// Stores the orders of a batch, and publishes what follows.
pub struct OrdersStep<S, P, B> {
    /// Where orders are stored.
    pub store: S,
    /// Where events go.
    pub publisher: P,
    /// Where large bodies are.
    pub bodies: B,
    /// When an order counts as confirmed.
    pub confirmed: ConfirmedWhen,
    /// Tells how long an event has waited in an outbox.
    pub clock: Clock,
    /// How many events were published, and how long orders took.
    pub metrics: Metrics,
}

impl<S: OrderStore, P: Publish, B: BodyStore> BatchStep for OrdersStep<S, P, B> {
    async fn run(&self, events: Vec<Envelope>) -> Vec<Result<(), Failure>> {
        let mut results = vec![Ok(()); events.len()];
        let (mut deliveries, mut unnamed) = (Vec::new(), 0_u64);
        for (place, event) in events.into_iter().enumerate() {
            let meta = event.meta.clone();
            match Box::pin(self.open(event)).await {
                Ok(Reading::Order(order, said)) => deliveries.push((order, Delivery { place, meta, said: *said })),
                Ok(Reading::Unnamed(..)) => unnamed += 1,
                Ok(Reading::Nothing) => {}
                Err(failure) => results[place] = Err(failure),
            }
        }
        let groups =
            stream::iter(group(deliveries)).map(async |group| (Box::pin(self.store_group(&group)).await, group));
        let groups: Vec<_> = groups.buffer_unordered(MAX_CONCURRENT_ORDERS).collect().await;
        let orders = groups.len();
        let mut stored = Vec::new();
        for (outcome, group) in groups {
            match outcome {
                Ok(record) => stored.push((group, record)),
                Err(failure) => group.fail(&failure, &mut results),
            }
        }
        let published = Box::pin(self.publish(stored, &mut results)).await;
        self.metrics.add(&metrics::ORDER_DELIVERIES_UNNAMED, unnamed, &Labels::default());
        tracing::info!(deliveries = results.len(), orders, published, unnamed, "Handled deliveries of orders");
        results
    }
}

impl<S: OrderStore, P: Publish, B: BodyStore> OrdersStep<S, P, B> {
    /// What a delivery says.
    async fn open(&self, event: Envelope) -> Result<Reading, Failure> {
        let fetched = match event.reference() {
            Some(reference) => Some(self.bodies.get(reference).await.map_err(body_failure)?),
            None => None,
        };
        let meta = event.meta.clone();
        let body = event.open(fetched).map_err(Failure::permanent)?;
        read(&meta, &body).map_err(Failure::permanent)
    }

    /// Takes the deliveries into their order. Returns the order with its outbox, as it is stored now.
    async fn store_group(&self, group: &Group) -> Result<Record, Failure> {
        let mut record = self.store.get(&group.key).await?.unwrap_or_default();
        for _ in 0..MAX_WRITES {
            let (mut next, now) = (record, self.clock.now());
            let mut is_changed = false;
            for delivery in &group.deliveries {
                is_changed |= next.take(&delivery.meta, delivery.said.clone(), self.confirmed, now);
            }
            if !is_changed {
                return Ok(next);
            }
            match self.store.put(&group.key, &next).await? {
                Put::Written => return Ok(next),
                Put::Lost(current) => record = current.map(|current| *current).unwrap_or_default(),
            }
        }
        Err(Failure::transient("others write the order again and again"))
    }

    /// Publishes what these deliveries have to, in as few calls as fit, and takes it out of the outboxes. Returns how many
    /// events were published.
    async fn publish(&self, stored: Vec<(Group, Record)>, results: &mut [Result<(), Failure>]) -> usize {
        let now = self.clock.now();
        let mut publications = Vec::new();
        let mut calls = Vec::new();
        for (group, record) in stored {
            match entries(&group.key, &record, |delivery| group.has(delivery), now) {
                Ok((events, entries)) if !events.is_empty() => {
                    publications.push(Publication { group, record, events, done: Vec::new() });
                    calls.extend(entries);
                }
                Ok(_) => {}
                Err(failure) => group.fail(&failure, results),
            }
        }
        if calls.is_empty() {
            return 0;
        }
        let mut answers = Box::pin(self.publisher.publish(calls)).await.into_iter();
        for publication in &mut publications {
            for event in &publication.events {
                match answers.next().unwrap_or_else(|| Err(Failure::transient("the bus did not answer for an event"))) {
                    Ok(()) => publication.done.push(*event),
                    Err(failure) => publication.fail(*event, &failure, results),
                }
            }
            self.count(&publication.record, &publication.done);
        }
        let clears = publications.into_iter().map(async |publication| {
            (Box::pin(self.store.clear(&publication.group.key, &publication.done)).await, publication)
        });
        let clears: Vec<_> = stream::iter(clears).buffer_unordered(MAX_CONCURRENT_ORDERS).collect().await;
        let mut published = 0;
        for (cleared, publication) in clears {
            published += publication.done.len();
            // What could not be cleared would be published again by whoever comes next, maybe in a year: better now.
            if let Err(failure) = cleared {
                publication.done.iter().for_each(|event| publication.fail(*event, &failure, results));
            }
        }
        published
    }

    fn count(&self, record: &Record, events: &[OrderEvent]) {
        let labels = Labels::default();
        self.metrics.add(&metrics::ORDER_EVENTS, u64::try_from(events.len()).unwrap_or(u64::MAX), &labels);
        let state = &record.state;
        for event in events {
            let OrderEvent::Fulfilled(by) = event else { continue };
            // The first time that all of it was fulfilled.
            let is_later = |other: &Milestone| matches!(other, Milestone::Fulfilled(id) if id < by);
            if state.milestones.keys().any(is_later) {
                continue;
            }
            let times = (state.reached(Milestone::Created), state.reached(Milestone::Fulfilled(*by)));
            if let (Some(created), Some(fulfilled)) = times {
                let took = u64::try_from(fulfilled.saturating_sub(created)).unwrap_or(0);
                self.metrics.add(&metrics::ORDER_PROCESSING_TIME, took, &labels);
            }
        }
    }
}
