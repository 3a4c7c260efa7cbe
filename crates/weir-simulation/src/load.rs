//! What Shopify sends.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use weir_core::{
    Topics, UnixMillis,
    envelope::{self, Meta},
    sha256,
};

use crate::{
    dice::Dice,
    history::{Accepted, History},
    services::SimQueue,
};

/// How much, from whom, within what time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Distinct events.
    pub events: usize,
    /// Shops, each of which sends as much as any other.
    pub shops: usize,
    /// The resources of a shop: the fewer, the more they meet.
    pub resources: u64,
    /// Deliveries that come twice, of a thousand.
    pub duplicates: u32,
    /// All events come within this time.
    pub within: Duration,
    /// Instead of what orders do, each event is one of `refunds/create`, of which every one counts.
    pub every: bool,
    /// Sent besides, by one shop alone within the same time.
    pub flood: usize,
}

/// A delivery that will be accepted.
struct Delivery {
    at: Instant,
    message: String,
    accepted: Accepted,
}

/// The topics of an order's life. Creation and payment often share their `updated_at`; of refunds each one counts.
const OF_AN_ORDER: [&str; 5] = ["orders/create", "orders/paid", "orders/updated", "orders/fulfilled", "refunds/create"];

/// The shop that floods the others.
pub(crate) const FLOODER: &str = "flood.myshopify.com";

impl Load {
    /// Sends everything, in the order of its times.
    pub(crate) async fn send(self, dice: &Dice, queue: &SimQueue, history: &History, start: UnixMillis) {
        let topics = Topics::built_in();
        let shops = (0..self.events).map(|index| format!("shop{}.myshopify.com", index % self.shops.max(1)));
        let flood = (0..self.flood).map(|_| FLOODER.to_owned());
        let mut deliveries = Vec::new();
        for (index, shop) in shops.chain(flood).enumerate() {
            let at = Instant::now() + dice.between(Duration::ZERO, self.within);
            let delivery = self.delivery(dice, &topics, index, shop, at, start);
            if dice.hits(self.duplicates) {
                // Again, soon after or much later.
                let later = dice.between(Duration::ZERO, self.within);
                let again =
                    Delivery { at: at + later, message: delivery.message.clone(), accepted: delivery.accepted.clone() };
                deliveries.push(again);
            }
            deliveries.push(delivery);
        }
        deliveries.sort_by_key(|delivery| delivery.at);
        for Delivery { at, message, accepted } in deliveries {
            sleep_until(at).await;
            queue.send(message, &accepted.shop, Duration::ZERO);
            history.book().accepted.push(Accepted { at, ..accepted });
        }
    }

    fn delivery(
        &self,
        dice: &Dice,
        topics: &Topics,
        index: usize,
        shop: String,
        at: Instant,
        start: UnixMillis,
    ) -> Delivery {
        let (topic, id, second) = dice.roll(|rng| {
            let topic = OF_AN_ORDER[rng.usize(..OF_AN_ORDER.len())];
            (topic, rng.u64(..self.resources.max(1)), rng.i64(0..20))
        });
        let topic = if self.every { "refunds/create" } else { topic };
        // Half-seconds, some in another zone: versions that are equal, and some that only an instant tells apart.
        let updated = UnixMillis(start.0 + second * 500);
        let body = format!("{{\"id\":{id},\"updated_at\":\"{updated}\"}}");
        let meta = Meta {
            webhook_id: format!("event-{index}"),
            shop: shop.clone(),
            topic: topic.to_owned(),
            app: "default".to_owned(),
            event_id: None,
            api_version: None,
            subscription: None,
            triggered_at: None,
            received_at: start,
            body_sha256: sha256::hex(body.as_bytes()),
            traceparent: None,
            synthetic: None,
            generation: 0,
        };
        let json = envelope::json(body.as_bytes()).ok();
        let snapshot = topics.latest(topic).zip(json).and_then(|(resource, json)| resource.snapshot(&meta, json));
        let message = envelope::seal(&meta, body.as_bytes()).unwrap_or_default();
        let snapshot = snapshot.map(|snapshot| (snapshot.key, snapshot.version));
        Delivery {
            at,
            message,
            accepted: Accepted { webhook_id: meta.webhook_id, shop, topic: meta.topic, snapshot, at },
        }
    }
}
