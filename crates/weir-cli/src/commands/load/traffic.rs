//! What is sent: an endless mixture of shops and topics, with repeats, drawn from a seed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use secrecy::SecretString;
use shopify_samples::Samples;
use shopify_webhook::{ShopDomain, Topic};

use super::key;
use crate::{
    cli::{LoadArgs, PatternName, Share},
    commands::topics,
    delivery::{self, Delivery},
    http::Signed,
    problem::Usage,
};

/// A repeat is one of the last so many.
const REMEMBERED: usize = 64;

/// The topic of bodies of a given size, and of those that can't be read.
const ORDER: &str = "orders/create";

/// What is sent, as the command line says it.
#[derive(Debug, Clone)]
pub(super) struct Mix {
    shops: u32,
    topics: Vec<(Topic, u32)>,
    payload_bytes: Option<usize>,
    duplicates: u8,
    poison: u8,
    /// Whose deliveries they are.
    app: String,
}

/// A delivery that is ready to go.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    /// When it is due, after the beginning.
    pub(super) due: Duration,
    /// Its key in the ledger.
    pub(super) event: Arc<str>,
    /// Whether its event went out before.
    pub(super) is_repeat: bool,
    pub(super) signed: Signed,
}

impl Mix {
    pub(super) fn new(args: &LoadArgs) -> Result<Self, Usage> {
        let sized = [Share { topic: ORDER.to_owned(), weight: 1 }];
        let shares = if args.payload_kb.is_some() { &sized[..] } else { &args.topics[..] };
        let of_a_sale = if args.pattern == PatternName::FlashSale { 5 } else { 0 };
        Ok(Self {
            shops: args.shops,
            topics: shares
                .iter()
                .map(|share| Ok((topic(&share.topic)?, share.weight)))
                .collect::<Result<_, Usage>>()?,
            payload_bytes: args.payload_kb.map(|kb| kb as usize * 1024),
            duplicates: args.duplicates.unwrap_or(of_a_sale),
            poison: args.poison,
            app: "default".to_owned(),
        })
    }

    /// Deliveries of another app than the default one.
    pub(super) fn of_app(self, app: &str) -> Self {
        Self { app: app.to_owned(), ..self }
    }
}

/// Draws deliveries.
pub(super) struct Traffic {
    mix: Mix,
    rng: Rng,
    secret: SecretString,
    /// The moment that deliveries are due after.
    begin: Timestamp,
    last: VecDeque<Ready>,
}

impl Traffic {
    pub(super) fn new(mix: Mix, seed: u64, secret: SecretString, begin: Timestamp) -> Self {
        Self { mix, rng: Rng::with_seed(seed), secret, begin, last: VecDeque::with_capacity(REMEMBERED) }
    }

    /// The delivery that is due then.
    pub(super) fn next(&mut self, due: Duration) -> Ready {
        if self.rng.u8(..100) < self.mix.duplicates
            && let Some(earlier) = self.rng.choice(&self.last)
        {
            // To the last byte, as Shopify's own repeats are.
            return Ready { due, is_repeat: true, ..earlier.clone() };
        }
        let delivery = self.draw(due);
        let event = key::of(&delivery, &self.mix.app).into();
        let ready = Ready { due, event, is_repeat: false, signed: Signed::new(&delivery, &self.secret) };
        if self.last.len() == REMEMBERED {
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
        let mut id = || delivery::id(uuid::Builder::from_random_bytes(rng.u128(..).to_ne_bytes()).into_uuid());
        Delivery { topic, shop, webhook_id: id(), event_id: id(), triggered_at, body: body.into() }
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

fn topic(text: &str) -> Result<Topic, Usage> {
    let known = shopify_samples::topics().binary_search(&text).is_ok();
    Topic::parse(text).filter(|_| known).ok_or_else(|| {
        let hint = match &topics::closest(text)[..] {
            [] => "`weir topics` lists the known ones".to_owned(),
            meant => format!("did you mean {}? `weir topics` lists the known ones", meant.join(" or ")),
        };
        Usage::new(format!("{text:?} is not a topic that bodies can be generated for"), hint)
    })
}

#[cfg(test)]
mod tests;
