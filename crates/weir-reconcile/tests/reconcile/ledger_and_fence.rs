//! Synthetic events beside delivered ones, and beside those of earlier runs.

use weir_reconcile::ReconcileTopic;

use super::{of_orders, only, world::World};

#[tokio::test(start_paused = true)]
async fn delivery_after_its_recovery_has_no_second_effect() {
    let world = World::new();
    // Ten minutes late.
    world.sim.set_delivery_faults(shopify_sim::DeliveryFaults {
        late: 1.0,
        late_by: std::time::Duration::from_secs(600),
        ..shopify_sim::DeliveryFaults::default()
    });
    let orders = world.sim.place_orders(world.shop(), 4);
    world.wait(3).await;
    let report = world.reconcile().await;
    assert_eq!(report.missing["orders/create"].values().sum::<u32>(), 4);
    world.wait(15).await;
    assert_eq!(only(world.stack.effects(), "orders"), of_orders(&orders));
    let late: Vec<_> =
        world.stack.stale().into_iter().filter(|meta| meta.topic.as_str().starts_with("orders")).collect();
    assert_eq!(late.len(), 6, "they came, and were too late");
    assert!(late.iter().all(|meta| meta.synthetic.is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_overtakes_its_synthetic_event_is_the_one_that_counts() {
    let world = World::new();
    world.sim.set_delivery_faults(shopify_sim::DeliveryFaults {
        late: 1.0,
        late_by: std::time::Duration::from_secs(170),
        ..shopify_sim::DeliveryFaults::default()
    });
    let orders = world.sim.place_orders(world.shop(), 2);
    tokio::time::sleep(std::time::Duration::from_secs(165)).await;
    assert!(world.reconcile().await.sent >= 3);
    let mut sent = world.stack.take();
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    // What was delivered is handled first, then what was sent.
    world.work().await;
    assert!(world.stack.effects().iter().all(|(_, _, synthetic)| !synthetic));
    let before = world.stack.effects();
    world.stack.put(&mut sent);
    world.work().await;
    assert_eq!(world.stack.effects(), before);
    assert_eq!(only(before, "orders").len(), of_orders(&orders).len());
}

#[tokio::test(start_paused = true)]
async fn reconciliation_undoes_no_newer_state() {
    let world = World::new();
    world.lose(true);
    let orders = world.sim.place_orders(world.shop(), 1);
    world.wait(3).await;
    world.reconcile().await;
    let mut sent = world.stack.take();
    world.lose(false);
    world.sim.pay_order(world.shop(), orders[0]);
    world.wait(1).await;
    world.stack.put(&mut sent);
    world.work().await;
    let effects: Vec<_> = only(world.stack.effects(), "orders").into_iter().map(|(topic, ..)| topic).collect();
    assert_eq!(effects, ["orders/paid", "orders/updated"], "the creation's snapshot was older");
    world.wait(3).await;
    let again = world.reconcile().await;
    assert_eq!(again.missing.keys().collect::<Vec<_>>(), ["orders/create"], "it never took effect");
    world.work().await;
    let created = world.stack.events().pop().unwrap().0;
    assert_eq!((created.topic.as_str(), created.synthetic.as_deref()), ("orders/create", Some("reconcile")));
}

#[tokio::test(start_paused = true)]
async fn event_still_in_a_lane_is_sent_again_under_the_same_id() {
    let world = World::new();
    world.lose(true);
    let orders = world.sim.place_orders(world.shop(), 2);
    world.wait(3).await;
    world.reconcile().await;
    let first: Vec<_> = world.stack.lane().into_iter().map(|(_, envelope)| envelope.meta.webhook_id).collect();
    world.reconcile().await;
    let mut all: Vec<_> = world.stack.lane().into_iter().map(|(_, envelope)| envelope.meta.webhook_id).collect();
    assert_eq!(all.len(), 2 * first.len());
    all.sort();
    all.dedup();
    assert_eq!(all.len(), first.len());
    world.work().await;
    assert_eq!(only(world.stack.effects(), "orders"), of_orders(&orders));
}

#[tokio::test(start_paused = true)]
async fn permanently_failed_event_is_reported_and_not_sent_again() {
    let world = World::new();
    world.lose(true);
    world.sim.place_orders(world.shop(), 1);
    world.wait(3).await;
    world.stack.poison(true);
    let sent = world.reconcile().await.sent;
    world.work().await;
    world.stack.poison(false);
    let report = world.reconcile().await;
    assert_eq!((report.dead, report.sent, report.missing()), (sent, 0, 0));
    assert!(world.stack.lane().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_failed_for_good_is_told_and_nothing_is_sent_in_its_place() {
    let world = World::new();
    world.stack.poison(true);
    let orders = world.sim.place_orders(world.shop(), 2);
    world.wait(1).await;
    world.stack.poison(false);
    // One of them changes after that, and this is lost.
    world.lose(true);
    world.sim.pay_order(world.shop(), orders[0]);
    world.wait(3).await;
    let report = world.reconcile().await;
    let missing: Vec<_> = report.missing.keys().map(String::as_str).collect();
    assert_eq!(missing, ["orders/paid", "orders/updated"], "{report:?}");
    assert!(report.dead > 3, "both creations, a payment, and the inventory: {report:?}");
    world.work().await;
    let effects = only(world.stack.effects(), "orders");
    assert!(effects.iter().all(|(_, id, synthetic)| *synthetic && *id == orders[0].to_string()), "{effects:?}");
}

/// What was looked at for some topics was not looked at for others.
#[tokio::test(start_paused = true)]
async fn a_run_for_some_topics_moves_no_cursor_of_others() {
    let world = World::new();
    world.lose(true);
    let orders = world.sim.place_orders(world.shop(), 2);
    world.wait(3).await;
    world.reconcile_wanting(&[ReconcileTopic::topic("orders/paid")]).await;
    world.wait(60).await;
    let all =
        world.reconcile_with(|request| weir_reconcile::Request { since: weir_reconcile::Since::Cursor, ..request });
    assert_eq!(all.await.unwrap().missing["orders/create"].values().sum::<u32>(), 2);
    world.work().await;
    assert_eq!(only(world.stack.effects(), "orders"), of_orders(&orders));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_gets_its_own_events_with_its_name_and_fields() {
    let world = World::new();
    world.lose(true);
    world.sim.place_orders(world.shop(), 1);
    world.wait(3).await;
    let wanted = [
        ReconcileTopic::topic("orders/create"),
        ReconcileTopic {
            name: Some("ids".into()),
            include_fields: vec!["id".into(), "updated_at".into()],
            ..ReconcileTopic::topic("orders/create")
        },
    ];
    world.reconcile_wanting(&wanted).await;
    world.work().await;
    // Sent side by side, they come in any order.
    let mut fields: Vec<(Option<String>, usize)> = Vec::new();
    for (meta, body) in world.stack.events() {
        let body: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&body).unwrap();
        fields.push((meta.subscription, body.len()));
    }
    fields.sort();
    let [(None, whole), (Some(name), 2)] = &fields[..] else { panic!("{fields:?}") };
    assert!(*whole > 20 && name == "ids", "{fields:?}");
    assert_eq!(world.reconcile_wanting(&wanted).await.missing(), 0);
}

/// The ledger's key has no app.
#[tokio::test(start_paused = true)]
async fn two_apps_that_missed_the_same_event_each_get_it() {
    let world = World::new();
    world.lose(true);
    let order = world.sim.place_orders(world.shop(), 1)[0];
    world.wait(3).await;
    let wanted = [ReconcileTopic::topic("orders/create")];
    for _ in 0..2 {
        for app in ["default", "loyalty"] {
            let request = weir_reconcile::Request { app, ..world.request(&wanted) };
            world.reconciler.run(&request, &|_| {}).await.unwrap();
            world.work().await;
        }
    }
    let apps: Vec<String> = world.stack.events().into_iter().map(|(meta, _)| meta.app.into()).collect();
    assert_eq!(apps, ["default", "loyalty"]);
    let body =
        |(_, body): &(weir_core::envelope::Meta, Vec<u8>)| serde_json::from_slice::<serde_json::Value>(body).unwrap();
    assert!(world.stack.events().iter().all(|event| body(event)["id"] == order));
}
