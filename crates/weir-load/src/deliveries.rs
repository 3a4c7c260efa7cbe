//! Fresh deliveries, or the same one again and again.

use bytes::Bytes;
use jiff::Timestamp;
use shopify_samples::Samples;
use shopify_webhook::{ShopDomain, Topic, WebhookId};
use uuid::Uuid;

use crate::{Delivery, event_id, webhook_id};

/// When the events of named deliveries happened: 2026-10-01T12:00:00Z.
const REPEATABLE: Timestamp = Timestamp::constant(1_790_856_000, 0);

/// An endless supply of deliveries.
pub enum Deliveries {
    /// A duplicate repeats every byte, the headers among them, as Shopify's own retries do.
    Same(Box<Delivery>),
    /// Each is an event of its own.
    Fresh {
        /// The topic of all of them.
        topic: Topic,
        /// Their shop.
        shop: ShopDomain,
        /// Their bodies.
        bodies: Bodies,
    },
}

/// Where bodies come from.
pub enum Bodies {
    /// These very bytes.
    Given(Bytes),
    /// Drawn from a seed, for a topic that [`topic`](crate::topic) knows.
    Drawn(Box<Samples>),
}

impl Bodies {
    /// Bodies of a shop's events, drawn from this seed; without one, from the id that is given to all of them, or by chance.
    #[must_use]
    pub fn drawn(seed: Option<u64>, id: Option<&WebhookId>, shop: &ShopDomain, now: Timestamp) -> Self {
        // A delivery that is named is the same one in a later call too: its body hangs on nothing but its id.
        let (of_id, now) = match id {
            Some(id) => (seed_of(id), REPEATABLE),
            None => (fastrand::u64(..), now),
        };
        Self::Drawn(Box::new(Samples::new(seed.unwrap_or(of_id), shop.as_str(), now)))
    }

    fn next(&mut self, topic: &Topic) -> Bytes {
        match self {
            Self::Given(bytes) => bytes.clone(),
            #[expect(clippy::expect_used, reason = "the topic is one that bodies can be drawn for")]
            Self::Drawn(samples) => samples.body(topic.as_str()).expect("a listed topic has a body").into(),
        }
    }
}

impl Deliveries {
    /// Deliveries of a topic and a shop. With an `id` all of them are one and the same.
    #[must_use]
    pub fn new(topic: Topic, shop: ShopDomain, bodies: Bodies, id: Option<WebhookId>, now: Timestamp) -> Self {
        let mut deliveries = Self::Fresh { topic, shop, bodies };
        match id {
            Some(webhook_id) => Self::Same(Box::new(Delivery { webhook_id, ..deliveries.next(now) })),
            None => deliveries,
        }
    }

    /// The next one.
    pub fn next(&mut self, now: Timestamp) -> Delivery {
        match self {
            Self::Same(delivery) => Delivery::clone(delivery),
            Self::Fresh { topic, shop, bodies } => Delivery {
                topic: topic.clone(),
                shop: shop.clone(),
                webhook_id: webhook_id(Uuid::new_v4()),
                event_id: event_id(Uuid::new_v4()),
                triggered_at: now,
                body: bodies.next(topic),
            },
        }
    }
}

fn seed_of(id: &WebhookId) -> u64 {
    id.as_str().bytes().fold(0, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()))
}
