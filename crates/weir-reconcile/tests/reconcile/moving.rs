//! Resources that change while a walk goes through them, or between two walks.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use shopify_sim::Options;
use weir_reconcile::{ReconcileTopic, Request, Since};

use super::{only, world::World};

const MINUTE: Duration = Duration::from_secs(60);

async fn next_walk(world: &World) -> weir_reconcile::Report {
    let report = world.reconcile_with(|request| Request { since: Since::Cursor, ..request }).await.unwrap();
    world.work().await;
    report
}

/// Created before a walk's end, changed after it.
#[tokio::test(start_paused = true)]
async fn creation_of_a_resource_that_changed_after_the_end_is_sent_once() {
    let world = World::new();
    world.wait(5).await;
    next_walk(&world).await;
    world.lose(true);
    let product = world.sim.create_product(world.shop(), "New").unwrap();
    world.wait(20).await;
    world.lose(false);
    world.sim.update_product(world.shop(), product, "Renamed");
    // The update is younger than the grace, and delivered.
    tokio::time::sleep(MINUTE).await;
    world.work().await;
    for _ in 0..2 {
        next_walk(&world).await;
        world.wait(360).await;
    }
    let effects = only(world.stack.effects(), "products");
    let of_product: Vec<_> = effects.into_iter().filter(|(_, id, _)| *id == product.to_string()).collect();
    let id = product.to_string();
    let expected = [("products/create", true), ("products/update", false)];
    assert_eq!(of_product, expected.map(|(topic, synthetic)| (topic.to_owned(), id.clone(), synthetic)));
}

/// It is never quiet for as long as the grace.
#[tokio::test(start_paused = true)]
async fn creation_of_a_resource_that_never_rests_is_sent() {
    let world = World::new();
    world.lose(true);
    let product = world.sim.create_product(world.shop(), "New").unwrap();
    world.wait(5).await;
    world.lose(false);
    for number in 0..20 {
        tokio::time::sleep(MINUTE).await;
        world.sim.update_product(world.shop(), product, &number.to_string());
        tokio::time::sleep(Duration::from_secs(2)).await;
        world.work().await;
        next_walk(&world).await;
    }
    let created: Vec<_> = only(world.stack.effects(), "products/create");
    assert_eq!(created.iter().filter(|(_, id, _)| *id == product.to_string()).count(), 1, "{created:?}");
}

/// It changes between two pages, from one that is still to be read to the end of the list.
#[tokio::test(start_paused = true)]
async fn resource_that_changes_between_two_pages_is_listed_in_its_new_place() {
    let world = World::with(|options| Options { latency: Duration::from_secs(10), ..options });
    let reconciler = world.reconciler().with_page_size(2);
    world.lose(true);
    let mut products = Vec::new();
    for _ in 0..6 {
        tokio::time::sleep(MINUTE).await;
        products.extend(world.sim.create_product(world.shop(), "New"));
    }
    world.wait(5).await;
    let wanted = [ReconcileTopic::topic("products/create")];
    let request = Request { since: Since::Cursor, ..world.request(&wanted) };
    let change = async {
        tokio::time::sleep(Duration::from_secs(15)).await;
        world.sim.update_product(world.shop(), products[5], "Renamed");
    };
    let (report, ()) = tokio::join!(reconciler.run(&request, &|_| {}), change);
    let report = report.unwrap();
    world.work().await;
    let created: Vec<String> = only(world.stack.effects(), "products").into_iter().map(|(_, id, _)| id).collect();
    assert!(created.contains(&products[5].to_string()), "by the same walk: {report:?}");
}

/// A payment long after the creation, of an order that changed again before the walk came.
#[tokio::test(start_paused = true)]
async fn payment_and_cancellation_before_the_walk_are_sent_if_the_order_changed_since() {
    let world = World::new();
    let order = world.sim.place_orders(world.shop(), 1)[0];
    world.wait(5).await;
    next_walk(&world).await;
    world.lose(true);
    world.wait(30).await;
    world.sim.pay_order(world.shop(), order);
    world.wait(1).await;
    world.sim.cancel_order(world.shop(), order);
    world.wait(1).await;
    next_walk(&world).await;
    world.wait(30).await;
    world.lose(false);
    world.sim.update_product(world.shop(), world.sim.products(world.shop())[0], "Unrelated");
    world.wait(5).await;
    next_walk(&world).await;
    next_walk(&world).await;
    let once: Vec<_> =
        only(world.stack.effects(), "orders").into_iter().map(|(topic, _, synthetic)| (topic, synthetic)).collect();
    let expected =
        [("orders/cancelled", true), ("orders/create", false), ("orders/paid", true), ("orders/updated", true)];
    assert_eq!(once, expected.map(|(topic, synthetic)| (topic.to_owned(), synthetic)));
}

/// What was made before weir watched the shop is not its business.
#[tokio::test(start_paused = true)]
async fn creation_before_the_first_look_is_not_sent_unless_asked_for() {
    let world = World::new();
    world.lose(true);
    let order = world.sim.place_orders(world.shop(), 1)[0];
    let placed = world.now();
    for _ in 0..3 {
        world.wait(12 * 60).await;
    }
    world.sim.pay_order(world.shop(), order);
    world.wait(5).await;
    let report = next_walk(&world).await;
    let topics: Vec<_> = report.missing.keys().filter(|topic| topic.starts_with("orders")).cloned().collect();
    assert_eq!(topics, ["orders/paid", "orders/updated"], "{report:?}");
    let asked = world.reconcile_with(|request| Request { since: Since::At(placed), ..request }).await.unwrap();
    world.work().await;
    assert_eq!(asked.missing["orders/create"].values().sum::<u32>(), 1, "{asked:?}");
}

/// Of two changes within one second, the second one is lost.
#[tokio::test(start_paused = true)]
async fn a_level_whose_last_change_shares_its_second_is_repaired() {
    let world = World::new();
    let (items, places) = world.sim.inventory(world.shop());
    let (item, place) = (items[0], places[0]);
    world.wait(5).await;
    let since = Since::At(world.now());
    world.sim.set_available(world.shop(), item, place, 10);
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.work().await;
    world.lose(true);
    world.sim.set_available(world.shop(), item, place, 9);
    world.wait(5).await;
    let wanted = [ReconcileTopic::topic("inventory_levels/update")];
    let mut missing = Vec::new();
    for _ in 0..2 {
        let request = Request { since, ..world.request(&wanted) };
        missing.push(world.reconciler.run(&request, &|_| {}).await.unwrap().missing());
        world.work().await;
    }
    assert_eq!(missing, [1, 0]);
    let available = |(_, body): &(weir_core::envelope::Meta, Vec<u8>)| {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap();
        (body["inventory_item_id"] == item && body["location_id"] == place).then(|| body["available"].as_i64().unwrap())
    };
    assert_eq!(world.stack.events().iter().filter_map(available).collect::<Vec<_>>(), [10, 9]);
}

/// The same of products and orders, whose second of creation is no exception.
#[tokio::test(start_paused = true)]
async fn last_of_several_states_of_one_second_is_repaired() {
    let world = World::new();
    world.wait(5).await;
    let product = world.sim.create_product(world.shop(), "First").unwrap();
    let order = world.sim.place_orders(world.shop(), 1)[0];
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.work().await;
    world.lose(true);
    world.sim.update_product(world.shop(), product, "Last");
    world.sim.cancel_order(world.shop(), order);
    world.wait(5).await;
    next_walk(&world).await;
    let again = next_walk(&world).await;
    assert_eq!(again.missing(), 0, "{again:?}");
    let last = |topics: &str, id: u64| {
        let events = world.stack.events().into_iter().filter(|(meta, _)| meta.topic.as_str().starts_with(topics));
        let mut bodies = events.map(|(_, body)| serde_json::from_slice::<serde_json::Value>(&body).unwrap());
        bodies.rfind(|body| body["id"] == id).unwrap()
    };
    assert_eq!(last("products", product)["title"], "Last");
    assert!(!last("orders", order)["cancelled_at"].is_null());
}

/// A delivered change overtook it, so that its snapshot was older. The next walk comes hours later.
#[tokio::test(start_paused = true)]
async fn creation_whose_synthetic_event_came_too_late_is_sent_by_a_later_walk() {
    let world = World::new();
    world.lose(true);
    let product = world.sim.create_product(world.shop(), "New").unwrap();
    // Longer than two walks overlap.
    world.wait(20).await;
    let request = [ReconcileTopic::topic("products/create"), ReconcileTopic::topic("products/update")];
    let walk = async || {
        let request = Request { since: Since::Cursor, ..world.request(&request) };
        world.reconciler.run(&request, &|_| {}).await.unwrap();
    };
    walk().await;
    let mut sent = world.stack.take();
    world.lose(false);
    world.sim.update_product(world.shop(), product, "Renamed");
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.work().await;
    world.stack.put(&mut sent);
    world.work().await;
    assert!(world.stack.stale().iter().any(|meta| meta.topic == "products/create"));
    world.wait(180).await;
    for title in ["Again", "And again"] {
        world.sim.update_product(world.shop(), product, title);
        world.wait(120).await;
        walk().await;
        world.work().await;
    }
    let created = only(world.stack.effects(), "products/create");
    assert_eq!(created.iter().filter(|(_, id, _)| *id == product.to_string()).count(), 1, "{created:?}");
}
