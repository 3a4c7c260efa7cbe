//! What every body keeps to, whatever its topic.

mod documented;
mod totals;

use crate::{Samples, topics};
use jiff::Timestamp;
use serde_json::Value;

/// One in each country that a shop may stand in: with taxes added and with taxes included.
const SHOPS: [&str; 4] =
    ["tulip-lab.myshopify.com", "maple-row.myshopify.com", "weir-demo.myshopify.com", "blue-barn.myshopify.com"];

/// Numbers that Shopify sends as floats.
const FLOATS: [&str; 7] = ["rate", "compare_at", "latitude", "longitude", "weight_value", "subtotal", "total_tax"];

fn now() -> Timestamp {
    "2026-11-22T11:45:07.25Z".parse().unwrap()
}

fn samples(seed: u64) -> Samples {
    Samples::new(seed, SHOPS[seed as usize % SHOPS.len()], now())
}

fn body(samples: &mut Samples, topic: &str) -> Value {
    serde_json::from_str(&samples.body(topic).unwrap()).unwrap()
}

/// Calls `visit` with each object of the body of every topic, for this many seeds.
fn each_object(seeds: u64, mut visit: impl FnMut(&Samples, &str, &serde_json::Map<String, Value>)) {
    fn walk(value: &Value, visit: &mut dyn FnMut(&serde_json::Map<String, Value>)) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
            Value::Object(fields) => {
                visit(fields);
                fields.values().for_each(|field| walk(field, visit));
            }
            _ => {}
        }
    }
    for seed in 0..seeds {
        let mut samples = samples(seed);
        for topic in topics() {
            let body = body(&mut samples, topic);
            walk(&body, &mut |fields| visit(&samples, topic, fields));
        }
    }
}

#[test]
fn these_tests_look_at_shops_in_every_country() {
    let countries: std::collections::HashSet<_> =
        SHOPS.iter().map(|shop| crate::shop::Shop::of(shop).home.country_code).collect();
    assert_eq!(countries.len(), SHOPS.len(), "{countries:?}");
}

#[test]
fn topics_are_sorted_and_each_is_listed_once() {
    assert!(topics().is_sorted_by(|one, next| one < next), "{:?}", topics());
}

#[test]
fn every_topic_gives_an_object_and_no_other_topic_gives_anything() {
    for topic in topics() {
        assert!(body(&mut samples(1), topic).is_object(), "{topic}");
    }
    for topic in ["", "orders", "orders/", "orders/createx", "Orders/Create", "zzz"] {
        assert_eq!(samples(1).body(topic), None, "{topic}");
    }
}

#[test]
fn every_id_is_a_whole_number_above_what_a_float_can_hold() {
    each_object(20, |_, topic, fields| {
        for (name, value) in fields {
            if let Value::Number(number) = value
                && (name == "id" || name.ends_with("_id"))
            {
                let id = number.as_u64().unwrap_or_else(|| panic!("{topic}: {name} is {number}"));
                assert!(id > 1 << 53 && id < 1 << 63, "{topic}: {name} is {id}");
            }
            if let Some(id) = value.as_str().and_then(|text| text.strip_prefix("gid://shopify/")) {
                let id = id.rsplit(['/', '=']).next().unwrap().parse::<u64>().unwrap();
                assert!(id > 1 << 53, "{topic}: {name} is {value}");
            }
        }
    });
}

#[test]
fn a_graphql_id_names_the_id_beside_it() {
    each_object(20, |_, topic, fields| {
        if let (Some(id), Some(gid)) = (fields.get("id"), fields.get("admin_graphql_api_id")) {
            assert!(gid.as_str().unwrap().ends_with(&format!("/{id}")), "{topic}: {gid}, id {id}");
        }
    });
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_or_shop_gives_others() {
    let all = |seed, shop| {
        let mut samples = Samples::new(seed, shop, now());
        topics().iter().map(|topic| samples.body(topic).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(all(5, SHOPS[0]), all(5, SHOPS[0]));
    assert_ne!(all(5, SHOPS[0]), all(6, SHOPS[0]));
    assert_ne!(all(5, SHOPS[0]), all(5, SHOPS[1]));
}

#[test]
fn no_two_orders_share_an_id() {
    let mut ids = std::collections::HashSet::new();
    for shop in SHOPS {
        let mut samples = Samples::new(0, shop, now());
        for _ in 0..500 {
            assert!(ids.insert(body(&mut samples, "orders/create")["id"].as_u64().unwrap()));
        }
    }
}

#[test]
fn floats_appear_only_where_shopify_sends_them() {
    each_object(20, |_, topic, fields| {
        for (name, value) in fields {
            let float = value.is_f64() || value.as_array().is_some_and(|items| items.iter().any(Value::is_f64));
            assert!(!float || FLOATS.contains(&name.as_str()), "{topic}: {name} is {value}");
        }
    });
}

#[test]
fn money_is_a_string() {
    let money = ["amount", "price", "total_price", "subtotal_price", "total_discounts", "total_outstanding", "cost"];
    each_object(20, |_, topic, fields| {
        for name in money {
            let value = fields.get(name).unwrap_or(&Value::Null);
            assert!(value.is_string() || value.is_null(), "{topic}: {name} is {value}");
        }
    });
}

#[test]
fn times_are_on_the_shops_clock_and_never_in_the_future() {
    each_object(20, |samples, topic, fields| {
        let clock = samples.ago(0).split_off("2026-11-22T04:45:07".len());
        for (name, value) in fields.iter().filter(|(name, _)| name.ends_with("_at") || *name == "occurredAt") {
            let Some(text) = value.as_str() else { continue };
            let time: Timestamp = text.parse().unwrap_or_else(|error| panic!("{topic}: {name} is {text}: {error}"));
            assert!(time <= now(), "{topic}: {name} is {text}");
            assert!(text.ends_with(&clock) || text.ends_with(".000Z"), "{topic}: {name} is {text}, not {clock}");
        }
    });
}

#[test]
fn samples_are_updated_after_their_creation() {
    each_object(20, |_, topic, fields| {
        let time = |name: &str| fields.get(name)?.as_str()?.parse::<Timestamp>().ok();
        if let (Some(created), Some(updated)) = (time("created_at"), time("updated_at")) {
            assert!(created <= updated, "{topic}: {created} to {updated}");
        }
    });
}

#[test]
fn an_event_happens_now() {
    let updated = body(&mut samples(3), "orders/updated")["updated_at"].as_str().unwrap().parse::<Timestamp>();
    assert_eq!(updated.unwrap().as_second(), now().as_second());
}

#[test]
fn people_can_be_reached_only_at_reserved_addresses() {
    each_object(20, |_, topic, fields| {
        for (name, value) in fields {
            let Some(text) = value.as_str() else { continue };
            let reserved = match name.as_str() {
                "email" | "contact_email" | "customer_email" => text.ends_with("@example.com"),
                "phone" => text.starts_with("+1") && text.len() == 12 && &text[5..10] == "55501",
                "browser_ip" => ["192.0.2.", "198.51.100.", "203.0.113."].iter().any(|block| text.starts_with(block)),
                _ => true,
            };
            assert!(reserved, "{topic}: {name} is {text}");
        }
    });
}

#[test]
fn some_texts_are_hard_to_carry() {
    let mut samples = samples(1);
    let all: String = (0..200).filter_map(|_| samples.body("orders/create")).collect();
    for hard in ["\\n", "\\\"", "\\\\", "🔔", "健", "ø", "<b>", "ليلى"] {
        assert!(all.contains(hard), "{hard}");
    }
}

#[test]
fn any_now_and_any_shop_will_do() {
    for now in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
        for shop in ["", ".", "-", "ü-\"\n.myshopify.com"] {
            let mut samples = Samples::new(u64::MAX, shop, now);
            for topic in topics() {
                body(&mut samples, topic);
            }
        }
    }
}

#[test]
fn a_typical_order_takes_six_to_nine_kilobytes() {
    let mut samples = samples(2);
    let mut sizes: Vec<_> = (0..301).map(|_| samples.body("orders/create").unwrap().len()).collect();
    sizes.sort_unstable();
    println!("orders/create: {} bytes at least, {} in the middle, {} at most", sizes[0], sizes[150], sizes[300]);
    assert!((6_000..9_000).contains(&sizes[150]), "{}", sizes[150]);
}

#[test]
fn a_sized_order_is_at_least_as_long_as_asked_for_and_little_longer() {
    for bytes in [0, 1, 10_000, 65_536, 262_144, 1 << 20, 6_000_000] {
        let order = samples(bytes as u64).sized_order(bytes);
        serde_json::from_str::<Value>(&order).unwrap();
        println!("{bytes} bytes asked for, {} given", order.len());
        assert!(order.len() >= bytes);
        assert!(order.len() < 10_000.max(bytes + bytes / 50 + 1_000), "{} for {bytes}", order.len());
    }
}
