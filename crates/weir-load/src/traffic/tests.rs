use std::collections::{HashMap, HashSet};

use serde_json::Value;
use shopify_webhook::{ClientSecrets, Unverified};

use super::*;

/// Of a topic, whose bodies have no size of their own.
fn mix(topics: &[(&str, u32)]) -> Mix {
    let topics = topics.iter().map(|(name, weight)| (topic(name).unwrap(), *weight)).collect();
    Mix { shops: 10, topics, payload_bytes: None, duplicates: 0, poison: 0, app: "default".into() }
}

fn usual() -> Mix {
    mix(&[("orders/create", 40), ("orders/paid", 20), ("inventory_levels/update", 25), ("products/update", 15)])
}

fn drawn(mix: Mix, seed: u64, count: u64) -> Vec<DueDelivery> {
    let begin = Timestamp::from_second(1_790_000_000).unwrap();
    let mut traffic = Traffic::new(mix, seed, "hush".into(), begin);
    (0..count).map(|number| traffic.next(Duration::from_millis(number))).collect()
}

fn header<'a>(ready: &'a DueDelivery, name: &str) -> &'a str {
    let found = ready.signed.headers.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.as_str()).unwrap()
}

#[test]
fn every_delivery_is_signed_for_its_shop_and_topic() {
    let secrets = ClientSecrets::new(vec!["hush".into()]).unwrap();
    for ready in drawn(Mix { shops: 3, ..usual() }, 7, 60) {
        let raw = ready.signed.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let read = Unverified::new(raw, &ready.signed.body).verify(&secrets).unwrap().read().unwrap();
        let (shop, id) = ready.event.split_once('#').unwrap();
        let event_id = read.event_id.unwrap();
        assert_eq!(shop, read.shop.as_str());
        assert!(id == read.webhook_id.as_str() || id.starts_with(&format!("{event_id}~")), "{id}");
        assert!(serde_json::from_slice::<Value>(&ready.signed.body).is_ok());
    }
}

#[test]
fn shops_and_topics_come_by_their_shares() {
    let (mut shops, mut topics) = (HashMap::new(), HashMap::new());
    for ready in drawn(Mix { shops: 4, ..mix(&[("orders/create", 3), ("products/update", 1)]) }, 7, 1_000) {
        *shops.entry(header(&ready, "X-Shopify-Shop-Domain").to_owned()).or_insert(0) += 1;
        *topics.entry(header(&ready, "X-Shopify-Topic").to_owned()).or_insert(0) += 1;
    }
    assert_eq!(shops.len(), 4);
    assert!(shops["weir-load-1.myshopify.com"] > 3 * shops["weir-load-4.myshopify.com"], "{shops:?}");
    assert!((700..800).contains(&topics["orders/create"]), "{topics:?}");
}

#[test]
fn repeats_are_an_earlier_delivery_to_the_last_byte() {
    let all = drawn(Mix { duplicates: 20, ..usual() }, 7, 1_000);
    let repeats = all.iter().filter(|ready| ready.is_repeat).count();
    assert!((150..250).contains(&repeats), "{repeats}");
    let mut first = HashMap::new();
    for ready in all {
        let headers = format!("{:?}", ready.signed.headers);
        match first.get(&ready.event) {
            Some((body, sent)) => {
                assert!(ready.is_repeat && *body == ready.signed.body && *sent == headers);
            }
            None => {
                assert!(!ready.is_repeat);
                first.insert(ready.event, (ready.signed.body, headers));
            }
        }
    }
}

#[test]
fn a_body_has_the_size_that_was_asked_for() {
    for ready in drawn(Mix { payload_bytes: Some(102_400), ..mix(&[(ORDER, 1)]) }, 7, 3) {
        assert!((102_400..120_000).contains(&ready.signed.body.len()), "{}", ready.signed.body.len());
        assert_eq!(header(&ready, "X-Shopify-Topic"), "orders/create");
    }
}

#[test]
fn so_many_bodies_as_asked_for_are_no_json() {
    let broken = drawn(Mix { poison: 10, ..usual() }, 7, 1_000);
    let broken = broken.iter().filter(|ready| serde_json::from_slice::<Value>(&ready.signed.body).is_err()).count();
    assert!((70..130).contains(&broken), "{broken}");
}

#[test]
fn the_same_seed_draws_the_same_load_and_another_one_another() {
    let events = |seed| drawn(usual(), seed, 50).into_iter().map(|ready| ready.event).collect::<HashSet<_>>();
    assert_eq!(events(7), events(7));
    assert!(events(7).is_disjoint(&events(8)));
}

#[test]
fn each_body_is_of_its_own_moment() {
    let all = drawn(mix(&[("products/update", 1)]), 7, 3_000);
    let moment = |ready: &DueDelivery| {
        let body: Value = serde_json::from_slice(&ready.signed.body).unwrap();
        body["updated_at"].as_str().unwrap().parse::<Timestamp>().unwrap()
    };
    // Shopify tells seconds.
    assert_eq!(moment(&all[2_999]).duration_since(moment(&all[0])).as_secs(), 2);
    assert_eq!(header(&all[2_999], "X-Shopify-Triggered-At"), "2026-09-21T14:13:22.999000000Z");
}
