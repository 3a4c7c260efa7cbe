//! The demo's script: a small flash sale with everything that goes wrong in a real one. Pure: the same seed, the
//! same script.

use bytes::Bytes;
use fastrand::Rng;
use jiff::Timestamp;
use shopify_samples::Samples;
use shopify_sim::Plan;
use shopify_webhook::{ShopDomain, Topic};

use weir_load::{Delivery, event_id, webhook_id};

/// Distinct events, which all take effect: orders, payments, renamed products.
pub(super) const EVENTS: usize = 200;

/// Deliveries that come again, with the same id and body.
const DUPLICATES: usize = 20;

/// A sale is never even: the shops, their shares in percent, and their plans.
pub(super) const SHOPS: [(&str, u8, Plan); 3] = [
    (FIRST_SHOP, 60, Plan::Plus),
    ("weir-harbour.myshopify.com", 30, Plan::Advanced),
    ("weir-mill.myshopify.com", 10, Plan::Standard),
];

/// The one with the most orders.
pub(super) const FIRST_SHOP: &str = "weir-north.myshopify.com";

/// Of a hundred events so many are payments, which take the urgent lane.
const PAID_PERCENT: u8 = 15;

/// And so many are of a merchant who renames a product, which take the bulk lane.
const RENAMED_PERCENT: u8 = 5;

/// The last events come once, so that no repeat holds up the end.
const LAST: usize = 100;

/// What a delivery is in the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It takes effect.
    Event,
    /// It was sent before: it stands behind what it repeats.
    Duplicate,
    /// Its signature was made with another secret.
    Forged,
    /// It is signed, but no JSON: the body is cut off in the middle.
    Poison,
}

/// What makes a delivery.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// A buyer places an order in the simulated Shopify.
    Place,
    /// An order that is not paid yet is paid there.
    Pay,
    /// The merchant renames the product of this number there.
    Rename(usize),
    /// What stands before it goes out once more.
    Again,
    /// The demo posts it itself: Shopify never sends such a thing.
    Post(Delivery),
}

/// One delivery of the script.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) role: Role,
    pub(super) shop: ShopDomain,
    pub(super) act: Act,
}

/// The script, in its order.
pub(super) fn flash_sale(seed: u64, now: Timestamp) -> Vec<Planned> {
    let mut rng = Rng::with_seed(seed);
    let shops: Vec<ShopDomain> = SHOPS.iter().filter_map(|(shop, ..)| ShopDomain::parse(shop)).collect();
    let twice = rng.choose_multiple(0..EVENTS - LAST, DUPLICATES);
    let mut unpaid = vec![0_usize; shops.len()];
    let mut renamed = 0;
    let mut script = Vec::new();
    for place in 0..EVENTS {
        let at = shop_at(rng.u8(..100));
        let shop = &shops[at];
        let act = match rng.u8(..100) {
            drawn if drawn < PAID_PERCENT && unpaid[at] > 0 => {
                unpaid[at] -= 1;
                Act::Pay
            }
            drawn if (PAID_PERCENT..PAID_PERCENT + RENAMED_PERCENT).contains(&drawn) => {
                renamed += 1;
                Act::Rename(renamed)
            }
            _ => {
                unpaid[at] += 1;
                Act::Place
            }
        };
        script.push(Planned { role: Role::Event, shop: shop.clone(), act });
        if twice.contains(&place) {
            script.push(Planned { role: Role::Duplicate, shop: shop.clone(), act: Act::Again });
        }
        let (role, topic, shop) = match place {
            place if place == EVENTS / 3 => (Role::Forged, "orders/paid", &shops[0]),
            place if place == EVENTS / 4 => (Role::Poison, "orders/create", &shops[1]),
            _ => continue,
        };
        let mut delivery = draw(topic, shop, now, &mut rng);
        if role == Role::Poison {
            delivery.body = cut(&delivery.body);
        }
        script.push(Planned { role, shop: shop.clone(), act: Act::Post(delivery) });
    }
    script
}

fn draw(topic: &str, shop: &ShopDomain, now: Timestamp, rng: &mut Rng) -> Delivery {
    let mut samples = Samples::new(rng.u64(..), shop.as_str(), now);
    #[expect(clippy::expect_used, reason = "the topics stand above, and a test draws the whole script")]
    let (topic, body) = Topic::parse(topic).zip(samples.body(topic)).expect("a listed topic");
    let mut uuid = || uuid::Builder::from_random_bytes(rng.u128(..).to_ne_bytes()).into_uuid();
    Delivery {
        topic,
        shop: shop.clone(),
        webhook_id: webhook_id(uuid()),
        event_id: event_id(uuid()),
        triggered_at: now,
        body: body.into(),
    }
}

fn shop_at(percent: u8) -> usize {
    let mut upto = 0;
    let found = SHOPS.iter().position(|(_, share, _)| {
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
    use std::collections::HashMap;

    use super::*;

    fn script() -> Vec<Planned> {
        flash_sale(7, Timestamp::from_second(1_790_000_000).unwrap())
    }

    #[test]
    fn the_sale_has_its_events_and_everything_that_goes_wrong() {
        let script = script();
        let count = |role| script.iter().filter(|planned| planned.role == role).count();
        assert_eq!(count(Role::Event), EVENTS);
        assert_eq!(count(Role::Duplicate), DUPLICATES);
        assert_eq!((count(Role::Forged), count(Role::Poison)), (1, 1));
        let paid = script.iter().filter(|planned| matches!(planned.act, Act::Pay)).count();
        let renamed = script.iter().filter(|planned| matches!(planned.act, Act::Rename(_))).count();
        assert!((10..60).contains(&paid) && (3..30).contains(&renamed), "{paid} {renamed}");
    }

    #[test]
    fn the_shops_have_unequal_shares() {
        let mut sent = HashMap::new();
        for planned in script() {
            *sent.entry(planned.shop.to_string()).or_insert(0) += 1;
        }
        let [north, harbour, mill] = SHOPS.map(|(shop, ..)| sent[shop]);
        assert!(north > harbour && harbour > mill && mill > 0, "{sent:?}");
    }

    #[test]
    fn a_duplicate_stands_behind_the_event_that_it_repeats() {
        let script = script();
        for (at, _) in script.iter().enumerate().filter(|(_, planned)| planned.role == Role::Duplicate) {
            assert_eq!((script[at - 1].role, &script[at - 1].shop), (Role::Event, &script[at].shop));
        }
    }

    #[test]
    fn no_order_is_paid_that_was_not_placed() {
        let mut unpaid = HashMap::new();
        for planned in script() {
            let unpaid = unpaid.entry(planned.shop).or_insert(0);
            match planned.act {
                Act::Place => *unpaid += 1,
                Act::Pay => *unpaid -= 1,
                Act::Rename(_) | Act::Again | Act::Post(_) => {}
            }
            assert!(*unpaid >= 0);
        }
    }

    #[test]
    fn only_the_poison_is_no_json() {
        for planned in script() {
            let Act::Post(delivery) = planned.act else { continue };
            let json = serde_json::from_slice::<serde_json::Value>(&delivery.body);
            assert_eq!(json.is_err(), planned.role == Role::Poison);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_script() {
        assert_eq!(format!("{:?}", script()), format!("{:?}", script()));
    }
}
