//! What Shopify sends.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};
use weir_core::{
    EventId, EventShop, Topic, Topics, UnixMillis, WebhookId, dedupe,
    envelope::{self, Envelope, Meta},
    ledger::Key,
    sha256,
};

use crate::{
    dice::Dice,
    history::{Accepted, History, Snapshot},
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
    /// Events of which each counts that come again under another webhook id, of a thousand.
    pub other_ids: u32,
    /// Wrong on purpose: what Shopify's event id says of duplicates is not heeded, and each webhook id is an event.
    pub by_webhook_id: bool,
    /// All events come within this time.
    pub within: Duration,
    /// Instead of what orders do, each event is one of `refunds/create`, of which every one counts.
    pub every: bool,
    /// Sent besides, by one shop alone within the same time.
    pub flood: usize,
}

/// A delivery that will be accepted.
#[derive(Clone)]
struct Delivery {
    at: Instant,
    message: String,
    accepted: Accepted,
}

/// The topics of an order, in the order in which one action of the merchant triggers them. Of refunds each one counts.
const OF_AN_ORDER: [&str; 5] = ["orders/create", "orders/paid", "orders/updated", "orders/fulfilled", "refunds/create"];

/// The topic whose subscription has `include_fields = ["id"]`: its bodies tell no `updated_at`.
const WITHOUT_UPDATED_AT: &str = "orders/fulfilled";

/// The actions of a merchant on one resource, one after another.
const ACTIONS: u32 = 16;

/// Between two of them: some share the second of their `updated_at`.
const BETWEEN_ACTIONS: Duration = Duration::from_millis(330);

/// What a body can show: a state may look like the one before the last.
const LOOKS: u32 = 2;

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
            // Again, soon after or much later.
            let again = |mut again: Delivery| {
                again.at = at + dice.between(Duration::ZERO, self.within);
                again
            };
            if dice.hits(self.duplicates) {
                deliveries.push(again(delivery.clone()));
            }
            if delivery.accepted.snapshot.is_none() && dice.hits(self.other_ids) {
                deliveries.push(again(delivery.under_another_id(dice)));
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
        let (topic, id, action) = dice.roll(|rng| {
            let topic = rng.usize(..OF_AN_ORDER.len());
            (topic, rng.u64(..self.resources.max(1)), rng.u32(..ACTIONS))
        });
        let topic_at = if self.every { OF_AN_ORDER.len() - 1 } else { topic };
        let topic = OF_AN_ORDER[topic_at];
        let made = start + BETWEEN_ACTIONS * action;
        let shows = action % LOOKS;
        let body = match topic {
            WITHOUT_UPDATED_AT => format!("{{\"id\":{id}}}"),
            // Each refund is a thing of its own. Some name no resource: the whole body tells which one it is.
            "refunds/create" if index.is_multiple_of(3) => format!("{{\"level\":{index}}}"),
            "refunds/create" => format!("{{\"id\":{index},\"order_id\":{id}}}"),
            // Of whole seconds, as Shopify's are.
            _ => {
                let updated_at = UnixMillis(made.as_seconds() * 1_000);
                format!("{{\"id\":{id},\"shows\":{shows},\"updated_at\":\"{updated_at}\"}}")
            }
        };
        let mut meta = Meta {
            event_id: Some(EventId::from_stored(format!("{shop}-{id}-{action}"))),
            triggered_at: Some(triggered_at(made, topic_at)),
            ..Meta::new(
                WebhookId::from_stored(format!("event-{index}")),
                EventShop::from_stored(shop.as_str()),
                Topic::from_stored(topic),
                start,
                body.as_bytes(),
            )
        };
        let snapshot = topics.latest(topic).zip(envelope::json(body.as_bytes()).ok());
        let snapshot = snapshot.and_then(|(resource, json)| resource.of(json)).map(|resource| Snapshot {
            resource: format!("{shop}#default#{resource}"),
            action: action.into(),
            shows: u64::try_from(made.as_seconds()).unwrap_or_default() * u64::from(LOOKS) + u64::from(shows),
        });
        if !self.by_webhook_id {
            meta.dedupe_key = dedupe::key(topics, &meta, body.as_bytes());
        }
        let message = envelope::seal(&meta, body.as_bytes()).unwrap_or_default();
        Delivery {
            at,
            message,
            accepted: Accepted {
                key: Key::of(&meta),
                event: meta.webhook_id.to_string(),
                webhook_id: meta.webhook_id.into(),
                shop,
                topic: meta.topic.into(),
                snapshot,
                at,
            },
        }
    }
}

/// Some nanoseconds after the change, topic after topic.
fn triggered_at(made: UnixMillis, topic: usize) -> String {
    let after = 7_000_001 * (i128::try_from(topic).unwrap_or_default() + 1);
    let at = Timestamp::from_nanosecond(i128::from(made.0) * 1_000_000 + after);
    at.map(|at| at.to_string()).unwrap_or_default()
}

impl Delivery {
    /// The same event under another webhook id, half of the time with its body written otherwise, if its id still tells
    /// which it is.
    fn under_another_id(&self, dice: &Dice) -> Self {
        let mut again = self.clone();
        let Some((meta, body)) = opened(&self.message) else { return again };
        let body = match dice.hits(500) && body.starts_with(b"{\"id\"") {
            true => [&b"{ "[..], &body[1..]].concat(),
            false => body,
        };
        let webhook_id = WebhookId::from_stored(format!("{}-again", meta.webhook_id));
        let meta = Meta { webhook_id, body_sha256: sha256::hex(&body), ..meta };
        again.message = envelope::seal(&meta, &body).unwrap_or_default();
        again.accepted.key = Key::of(&meta);
        again.accepted.webhook_id = meta.webhook_id.into();
        again
    }
}

fn opened(message: &str) -> Option<(Meta, Vec<u8>)> {
    let envelope = Envelope::parse(message).ok()?;
    Some((envelope.meta.clone(), envelope.open(None).ok()?))
}
