//! What is sent: an endless mixture of shops and topics, with repeats, drawn from a seed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use secrecy::SecretString;
use shopify_samples::Samples;
use shopify_webhook::{ShopDomain, Topic};

use crate::{Delivery, endpoint::SignedDelivery, event_id, event_key, webhook_id};

/// A repeat is one of the last so many.
const MAX_REPEATABLE: usize = 64;

/// The topic of bodies of a given size, and of those that can't be read.
pub const ORDER: &str = "orders/create";

/// What is sent.
#[derive(Debug, Clone)]
pub struct Mix {
    /// From how many shops. The first ones send more than the last ones, as in life.
    pub shops: u32,
    /// The topics, each with its share: of those that [`topic`] knows, and at least one.
    pub topics: Vec<(Topic, u32)>,
    /// Orders of at least so many bytes, in place of a body of each topic.
    pub payload_bytes: Option<usize>,
    /// Of a hundred deliveries so many repeat an earlier one.
    pub duplicates: u8,
    /// Of a hundred events so many have a body that no worker can read.
    pub poison: u8,
    /// Whose deliveries they are.
    pub app: String,
}

/// A delivery that is ready to go.
#[derive(Debug, Clone)]
pub struct DueDelivery {
    /// When it is due, after the beginning.
    pub due: Duration,
    /// Its key in the ledger.
    pub event: Arc<str>,
    /// Whether its event went out before.
    pub is_repeat: bool,
    pub(crate) signed: SignedDelivery,
}

/// Draws deliveries.
pub struct Traffic {
    mix: Mix,
    rng: Rng,
    secret: SecretString,
    /// The moment that deliveries are due after.
    begin: Timestamp,
    last: VecDeque<DueDelivery>,
}

impl Traffic {
    /// Deliveries of this mix, signed with `secret`. The same seed draws the same ones.
    #[must_use]
    pub fn new(mix: Mix, seed: u64, secret: SecretString, begin: Timestamp) -> Self {
        Self { mix, rng: Rng::with_seed(seed), secret, begin, last: VecDeque::with_capacity(MAX_REPEATABLE) }
    }

    /// The delivery that is due then.
    pub fn next(&mut self, due: Duration) -> DueDelivery {
        if self.rng.u8(..100) < self.mix.duplicates
            && let Some(earlier) = self.rng.choice(&self.last)
        {
            // To the last byte, as Shopify's own repeats are.
            return DueDelivery { due, is_repeat: true, ..earlier.clone() };
        }
        let delivery = self.draw(due);
        let event = event_key::of(&delivery, &self.mix.app).into();
        let ready = DueDelivery { due, event, is_repeat: false, signed: SignedDelivery::new(&delivery, &self.secret) };
        if self.last.len() == MAX_REPEATABLE {
            self.last.pop_front();
        }
        self.last.push_back(ready.clone());
        ready
    }

    fn draw(&mut self, due: Duration) -> Delivery {
        let rng = &mut self.rng;
        // The square has the first shop of a hundred send a tenth of all.
        let place = (rng.f64().powi(2) * f64::from(self.mix.shops)) as u32 + 1;
        #[expect(clippy::expect_used, reason = "letters, digits and hyphens")]
        let shop = ShopDomain::parse(&format!("weir-load-{place}.myshopify.com")).expect("a domain");
        let triggered_at = self.begin.checked_add(due).unwrap_or(self.begin);
        // Each body is of its own moment: two of one resource are two versions of it.
        let mut samples = Samples::new(rng.u64(..), shop.as_str(), triggered_at);
        let is_poison = rng.u8(..100) < self.mix.poison;
        #[expect(clippy::expect_used, reason = "the topics were looked up, and that of orders is one of them")]
        let (topic, body) = match self.mix.payload_bytes {
            _ if is_poison => Topic::parse(ORDER).zip(samples.body(ORDER).map(cut)),
            Some(bytes) => Topic::parse(ORDER).zip(Some(samples.sized_order(bytes))),
            None => {
                let topic = chosen(&self.mix.topics, rng);
                samples.body(topic.as_str()).map(|body| (topic, body))
            }
        }
        .expect("a listed topic");
        let mut uuid = || uuid::Builder::from_random_bytes(rng.u128(..).to_ne_bytes()).into_uuid();
        Delivery {
            topic,
            shop,
            webhook_id: webhook_id(uuid()),
            event_id: event_id(uuid()),
            triggered_at,
            body: body.into(),
        }
    }
}

/// What is left of a body that broke off: no JSON.
fn cut(mut body: String) -> String {
    body.truncate(body.floor_char_boundary(body.len() * 2 / 3));
    body
}

fn chosen(topics: &[(Topic, u32)], rng: &mut Rng) -> Topic {
    let mut drawn = rng.u32(..topics.iter().map(|(_, weight)| weight).sum::<u32>().max(1));
    let found = topics.iter().find(|(_, weight)| {
        let is_it = drawn < *weight;
        drawn = drawn.saturating_sub(*weight);
        is_it
    });
    #[expect(clippy::expect_used, reason = "the weights add up to more than what is drawn, and there is a topic")]
    found.or(topics.first()).expect("a topic").0.clone()
}

/// The topic of this name, if bodies can be generated for it.
#[must_use]
pub fn topic(name: &str) -> Option<Topic> {
    let is_known = shopify_samples::topics().binary_search(&name).is_ok();
    Topic::parse(name).filter(|_| is_known)
}

#[cfg(test)]
mod tests;
