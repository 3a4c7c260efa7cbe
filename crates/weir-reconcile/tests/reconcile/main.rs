//! Whole runs against a simulated Shopify, on paused time.

mod faults;
mod held;
mod ledger_and_fence;
mod moving;
mod property;
mod requests;
mod rest_pacing;
mod stack;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stack::Effect;
use weir_reconcile::{ID_PREFIX, Kind};
use world::{START, World};

/// What the orders imply: each was created, every other one was paid.
fn of_orders(orders: &[u64]) -> Vec<Effect> {
    let effect = |topic: &str, id: &u64| (topic.to_owned(), id.to_string(), true);
    let created = orders.iter().map(|id| effect("orders/create", id));
    let paid = orders.iter().skip(1).step_by(2).map(|id| effect("orders/paid", id));
    let mut all: Vec<Effect> = created.chain(paid).collect();
    all.sort();
    all
}

fn only(effects: Vec<Effect>, resource: &str) -> Vec<Effect> {
    effects.into_iter().filter(|(topic, ..)| topic.starts_with(resource)).collect()
}

#[tokio::test(start_paused = true)]
async fn orders_that_nobody_delivered_take_effect_once_each() {
    let world = World::new();
    world.lose(true);
    let orders = world.sim.place_orders(world.shop(), 5);
    world.wait(3).await;
    let report = world.reconcile().await;
    assert_eq!((report.missing["orders/create"].values().sum::<u32>(), report.dead), (5, 0));
    assert_eq!(report.missing["orders/paid"].values().sum::<u32>(), 2);
    assert_eq!((report.missing(), report.unfinished.clone()), (report.sent, None));
    assert_eq!(report.kinds[&Kind::Orders].resources, 5);
    assert!(report.points > 0 && report.rest_calls > 0);
    world.work().await;
    assert_eq!(only(world.stack.effects(), "orders"), of_orders(&orders));
    let again = world.reconcile().await;
    assert_eq!((again.missing(), again.sent, again.on_their_way), (0, 0, 0));
    world.work().await;
    assert_eq!(only(world.stack.effects(), "orders"), of_orders(&orders));
}

#[tokio::test(start_paused = true)]
async fn delivered_event_is_not_sent_again() {
    let world = World::new();
    world.sim.place_orders(world.shop(), 4);
    let product = world.sim.products(world.shop())[0];
    world.sim.update_product(world.shop(), product, "Another");
    world.wait(3).await;
    assert!(!world.stack.effects().is_empty());
    let report = world.reconcile().await;
    assert_eq!((report.missing(), report.sent, report.on_their_way, report.dead), (0, 0, 0, 0), "{report:?}");
    assert!(report.resources() > 4);
    assert!(world.stack.lane().is_empty());
}

/// Byte for byte what its webhook carries, and the same topic, shop and version.
#[tokio::test(start_paused = true)]
async fn a_synthetic_event_is_what_the_delivery_would_have_been() {
    let (delivered, lost) = (World::new(), World::new());
    lost.lose(true);
    // At the same moment in both.
    for world in [&delivered, &lost] {
        world.sim.place_orders(world.shop(), 2);
        world.sim.update_product(world.shop(), world.sim.products(world.shop())[0], "Another");
    }
    delivered.wait(3).await;
    lost.reconcile().await;
    lost.work().await;
    let by_key = |world: &World| {
        let events = world.stack.events().into_iter();
        let keyed = events.map(|(meta, body)| {
            let value: Value = serde_json::from_slice(&body).unwrap();
            let key = format!("{} {} {}", meta.topic, value["id"], value["inventory_item_id"]);
            (key, (meta, String::from_utf8(body).unwrap()))
        });
        keyed.collect::<BTreeMap<_, _>>()
    };
    let (delivered, made) = (by_key(&delivered), by_key(&lost));
    assert_eq!(delivered.keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>());
    assert!(delivered.len() > 5);
    for (key, (meta, body)) in &delivered {
        let (made, made_body) = &made[key];
        assert_eq!(body, made_body, "{key}");
        assert_eq!((&meta.shop, &meta.app, &meta.api_version), (&made.shop, &made.app, &made.api_version));
        assert_eq!((meta.synthetic.as_deref(), made.synthetic.as_deref()), (None, Some("reconcile")));
        assert!(made.webhook_id.as_str().starts_with(ID_PREFIX));
        let second = |at: &Option<String>| at.as_deref().map(|at| at[..19].to_owned());
        assert_eq!(second(&meta.triggered_at), second(&made.triggered_at), "{key}");
    }
}

/// Pages end between resources of the very same moment.
#[tokio::test(start_paused = true)]
async fn none_of_those_that_changed_in_one_moment_is_left_out() {
    let world = World::new();
    world.lose(true);
    let orders = world.sim.place_orders(world.shop(), 250);
    world.wait(3).await;
    let report = world.reconcile().await;
    assert_eq!(report.kinds[&Kind::Orders].resources, 250);
    world.work().await;
    assert_eq!(only(world.stack.effects(), "orders"), of_orders(&orders));
}

#[tokio::test(start_paused = true)]
async fn products_and_inventory_come_with_their_latest_state() {
    let world = World::new();
    world.wait(10).await;
    world.lose(true);
    let product = world.sim.products(world.shop())[3];
    world.sim.update_product(world.shop(), product, "Renamed");
    world.sim.place_orders(world.shop(), 3);
    world.wait(3).await;
    let report = world.reconcile().await;
    world.work().await;
    let effects = world.stack.effects();
    assert_eq!(only(effects.clone(), "products"), [("products/update".to_owned(), product.to_string(), true)]);
    let levels: BTreeSet<String> = only(effects, "inventory").into_iter().map(|(_, id, _)| id).collect();
    assert_eq!(u32::try_from(levels.len()).unwrap(), report.kinds[&Kind::Inventory].resources);
    for (meta, body) in world.stack.events() {
        let body: Value = serde_json::from_slice(&body).unwrap();
        if meta.topic == "inventory_levels/update" {
            let ids = ["inventory_item_id", "location_id"].map(|name| body[name].as_u64().unwrap());
            let available = world.sim.available(world.shop(), ids[0], ids[1]);
            assert_eq!(body["available"].as_i64(), available);
        }
        if meta.topic == "products/update" {
            assert_eq!(body["title"], "Renamed");
        }
    }
}

/// It is paid, but when? The order itself does not say.
#[tokio::test(start_paused = true)]
async fn an_old_order_counts_as_paid_when_it_was_paid() {
    let world = World::new();
    let orders = world.sim.place_orders(world.shop(), 4);
    world.wait(30).await;
    let since = world.now();
    world.lose(true);
    world.sim.pay_order(world.shop(), orders[0]);
    world.wait(3).await;
    let report =
        world.reconcile_with(|request| weir_reconcile::Request { since: weir_reconcile::Since::At(since), ..request });
    let report = report.await.unwrap();
    let paid: Vec<_> =
        report.missing.iter().map(|(topic, hours)| (topic.as_str(), hours.values().sum::<u32>())).collect();
    assert_eq!(paid, [("orders/paid", 1), ("orders/updated", 1)]);
    assert_eq!(world.sim.calls_of("OrderPayments"), 1);
    assert!(START < since.0);
}
