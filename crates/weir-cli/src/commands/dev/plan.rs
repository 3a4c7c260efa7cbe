//! The demo's script: a small flash sale with everything that goes wrong in a real one. Pure: the same seed, the
//! same script.

use bytes::Bytes;
use fastrand::Rng;
use jiff::Timestamp;
use shopify_samples::Samples;
use shopify_webhook::{ShopDomain, Topic};

use crate::delivery::{self, Delivery};

/// Distinct orders, which all take effect.
pub(super) const ORDERS: usize = 200;

/// Deliveries that come again, with the same id and body.
const DUPLICATES: usize = 20;

/// A sale is never even: the shops and their shares, in percent.
const SHOPS: [(&str, u8); 3] =
    [("weir-north.myshopify.com", 60), ("weir-harbour.myshopify.com", 30), ("weir-mill.myshopify.com", 10)];

/// Of a hundred orders so many are paid at once, which is news of its own on the urgent lane.
const PAID_PERCENT: u8 = 15;

/// A repeat comes so many deliveries after the first: Shopify repeats after minutes, not at once.
const REPEAT_AFTER: usize = 60;

/// What a delivery is in the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It takes effect.
    Order,
    /// It was sent before.
    Duplicate,
    /// Its signature was made with another secret.
    Forged,
    /// It is signed, but no JSON: the body is cut off in the middle.
    Poison,
}

/// One delivery of the script.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) role: Role,
    pub(super) delivery: Delivery,
}

/// The script, in the order of sending.
pub(super) fn flash_sale(seed: u64, now: Timestamp) -> Vec<Planned> {
    let mut rng = Rng::with_seed(seed);
    let mut sources: Vec<(ShopDomain, Samples)> = SHOPS
        .iter()
        .filter_map(|(shop, _)| Some((ShopDomain::parse(shop)?, Samples::new(rng.u64(..), shop, now))))
        .collect();
    let mut draw = |topic: &str, shop: usize, rng: &mut Rng| {
        let (shop, samples) = &mut sources[shop];
        #[expect(clippy::expect_used, reason = "the topics stand below, and a test draws the whole script")]
        let (topic, body) = Topic::parse(topic).zip(samples.body(topic)).expect("a listed topic");
        let mut id = || delivery::id(uuid::Builder::from_random_bytes(rng.u128(..).to_ne_bytes()).into_uuid());
        Delivery { topic, shop: shop.clone(), webhook_id: id(), event_id: id(), triggered_at: now, body: body.into() }
    };

    // Each with its place in the queue, for sorting.
    let mut script: Vec<(usize, Planned)> = (0..ORDERS)
        .map(|place| {
            let topic = if rng.u8(..100) < PAID_PERCENT { "orders/paid" } else { "orders/create" };
            let shop = shop_at(rng.u8(..100));
            (place, Planned { role: Role::Order, delivery: draw(topic, shop, &mut rng) })
        })
        .collect();
    let repeatable = 0..ORDERS - REPEAT_AFTER;
    for again in rng.choose_multiple(repeatable, DUPLICATES) {
        let planned = Planned { role: Role::Duplicate, delivery: script[again].1.delivery.clone() };
        script.push((again + REPEAT_AFTER, planned));
    }
    let forged = draw("orders/paid", 0, &mut rng);
    script.push((ORDERS / 3, Planned { role: Role::Forged, delivery: forged }));
    let mut poison = draw("orders/create", 1, &mut rng);
    poison.body = cut(&poison.body);
    script.push((ORDERS / 4, Planned { role: Role::Poison, delivery: poison }));

    script.sort_by_key(|(place, _)| *place);
    script.into_iter().map(|(_, planned)| planned).collect()
}

fn shop_at(percent: u8) -> usize {
    let mut upto = 0;
    let found = SHOPS.iter().position(|(_, share)| {
        upto += share;
        percent < upto
    });
    found.unwrap_or(0)
}

fn cut(body: &Bytes) -> Bytes {
    body.slice(..body.len() * 2 / 3)
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    fn script() -> Vec<Planned> {
        flash_sale(7, Timestamp::from_second(1_790_000_000).unwrap())
    }

    #[test]
    fn the_sale_has_its_orders_and_everything_that_goes_wrong() {
        let script = script();
        let count = |role| script.iter().filter(|planned| planned.role == role).count();
        assert_eq!(count(Role::Order), ORDERS);
        assert_eq!(count(Role::Duplicate), DUPLICATES);
        assert_eq!((count(Role::Forged), count(Role::Poison)), (1, 1));
        let ids: HashSet<_> = script.iter().map(|planned| &planned.delivery.webhook_id).collect();
        assert_eq!(ids.len(), ORDERS + 2);
        let topics: HashSet<_> = script.iter().map(|planned| planned.delivery.topic.as_str()).collect();
        assert_eq!(topics, HashSet::from(["orders/create", "orders/paid"]));
    }

    #[test]
    fn the_shops_have_unequal_shares() {
        let mut sent = HashMap::new();
        for planned in script() {
            *sent.entry(planned.delivery.shop.to_string()).or_insert(0) += 1;
        }
        let [north, harbour, mill] = SHOPS.map(|(shop, _)| sent[shop]);
        assert!(north > harbour && harbour > mill && mill > 0, "{sent:?}");
    }

    #[test]
    fn a_duplicate_repeats_an_earlier_order_to_the_last_byte() {
        let script = script();
        for (at, planned) in script.iter().enumerate().filter(|(_, planned)| planned.role == Role::Duplicate) {
            let first =
                script.iter().position(|other| other.delivery.webhook_id == planned.delivery.webhook_id).unwrap();
            assert!(first + REPEAT_AFTER <= at);
            let secret = "s".into();
            assert_eq!(script[first].delivery.headers(&secret), planned.delivery.headers(&secret));
            assert_eq!(script[first].delivery.body, planned.delivery.body);
        }
    }

    #[test]
    fn only_the_poison_is_no_json() {
        for planned in script() {
            let json = serde_json::from_slice::<serde_json::Value>(&planned.delivery.body);
            assert_eq!(json.is_err(), planned.role == Role::Poison);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_script() {
        let ids =
            |script: Vec<Planned>| script.into_iter().map(|planned| planned.delivery.webhook_id).collect::<Vec<_>>();
        assert_eq!(ids(script()), ids(script()));
    }
}
