//! What a run is asked for, and how it ends.

use std::time::Duration;

use shopify_client::Kind as Cause;
use shopify_sim::{Act, Rule};
use weir_reconcile::{Kind, ReconcileTopic, Request, RunError, Since, Unfinished};

use super::{of_orders, only, world::World};

#[tokio::test(start_paused = true)]
async fn a_dry_run_counts_what_is_missing_and_changes_nothing() {
    let world = World::new();
    world.lose(true);
    world.sim.place_orders(world.shop(), 3);
    world.wait(3).await;
    let dry = world.reconcile_with(|request| Request { dry_run: true, ..request }).await.unwrap();
    assert!(dry.missing() > 3 && dry.sent == 0 && dry.dry_run);
    assert!(world.stack.lane().is_empty() && world.stack.reports().is_empty());
    assert_eq!(Kind::ALL.map(|kind| world.stack.cursor(kind.as_str())), [None, None, None]);
    assert_eq!(world.reconcile().await.missing, dry.missing);
    assert_eq!(world.stack.reports().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_when_its_points_are_used_and_the_next_goes_on_there() {
    let world = World::new();
    world.lose(true);
    let orders = world.sim.place_orders(world.shop(), 250);
    world.wait(3).await;
    let (mut runs, mut resources) = (0, 0);
    let is_done = |kind: &Kind| world.stack.cursor(kind.as_str()).is_some_and(|cursor| cursor.seen_until.is_some());
    while !Kind::ALL.iter().all(is_done) {
        runs += 1;
        let report =
            world.reconcile_with(|request| Request { points: 1, since: Since::Cursor, ..request }).await.unwrap();
        resources += report.kinds.get(&Kind::Orders).map_or(0, |kind| kind.resources);
        assert_eq!(report.unfinished, Some(Unfinished::PointsAreUsed));
        world.work().await;
        assert!(runs < 20, "every run comes forward");
    }
    assert!(runs > 3, "{runs}");
    assert_eq!(only(world.stack.effects(), "orders"), of_orders(&orders));
    // Each page once, and one of the walk that overlaps.
    assert_eq!(resources, 250 + 100);
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_within_its_deadline() {
    let world = World::with(|options| shopify_sim::Options { latency: Duration::from_secs(4), ..options });
    world.lose(true);
    world.sim.place_orders(world.shop(), 250);
    world.wait(3).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let report = world.reconcile_with(|request| Request { deadline, ..request }).await.unwrap();
    assert!(report.unfinished.is_some());
    assert!(tokio::time::Instant::now() <= deadline);
    assert!(world.stack.cursor("orders").unwrap().walk.is_some(), "it goes on from there");
    while world.reconcile().await.unfinished.is_some() {
        world.work().await;
    }
    world.work().await;
    assert_eq!(only(world.stack.effects(), "orders").len(), 250 + 125);
}

#[tokio::test(start_paused = true)]
async fn event_within_the_grace_is_left_to_its_delivery() {
    let world = World::new();
    world.lose(true);
    world.wait(3).await;
    world.sim.place_orders(world.shop(), 2);
    world.wait(1).await;
    assert_eq!(world.reconcile().await.missing(), 0);
    world.wait(2).await;
    let late = world.reconcile_with(|request| Request { since: Since::Cursor, ..request }).await.unwrap();
    assert!(late.missing() >= 3, "the next walk overlaps the last: {late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_with_an_end_looks_no_further_and_moves_no_cursor() {
    let world = World::new();
    world.lose(true);
    let first = world.sim.place_orders(world.shop(), 1);
    let until = world.now() + Duration::from_secs(30);
    world.wait(2).await;
    world.sim.place_orders(world.shop(), 1);
    world.wait(5).await;
    world.reconcile_with(|request| Request { until: Some(until), ..request }).await.unwrap();
    world.work().await;
    assert_eq!(only(world.stack.effects(), "orders"), of_orders(&first));
    assert_eq!(world.stack.cursor("orders"), None);
}

#[tokio::test(start_paused = true)]
async fn a_scope_that_is_missing_keeps_no_other_kind_from_being_read() {
    let world = World::new();
    world.lose(true);
    world.sim.set_scopes(world.shop(), &["read_orders", "read_products"]);
    world.sim.place_orders(world.shop(), 1);
    world.wait(3).await;
    let report = world.reconcile().await;
    assert!(report.kinds[&Kind::Inventory].refused.as_ref().unwrap().contains("access denied"));
    assert!(report.kinds[&Kind::Orders].whole && !report.kinds[&Kind::Inventory].whole);
    assert_eq!(report.sent, 1);
    assert_eq!(world.stack.cursor("inventory"), None, "it is still to be looked at");
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_left_is_an_error_and_moves_nothing() {
    let world = World::new();
    world.sim.uninstall(world.shop());
    world.wait(3).await;
    let error = world.reconcile_with(|request| Request { since: Since::Cursor, ..request }).await.unwrap_err();
    let RunError::Shopify(error) = error else { panic!("{error}") };
    assert!(matches!(error.kind, Cause::Unauthorized), "{error}");
    assert_eq!(world.stack.cursor("orders"), None);
}

#[tokio::test(start_paused = true)]
async fn topics_that_nobody_wants_are_not_sent_and_others_are_told() {
    let world = World::new();
    world.lose(true);
    world.sim.place_orders(world.shop(), 2);
    world.wait(3).await;
    let wanted = [ReconcileTopic::topic("orders/paid"), ReconcileTopic::topic("refunds/create")];
    let report = world.reconcile_wanting(&wanted).await;
    assert_eq!(report.missing.keys().collect::<Vec<_>>(), ["orders/paid"]);
    assert_eq!(report.left_out[0].topic, "refunds/create");
    assert_eq!(world.sim.calls_of("ProductChangesPage"), 0);
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_shopify_is_told_and_the_cursor_stands() {
    let world = World::new();
    world.lose(true);
    let orders = world.sim.place_orders(world.shop(), 2);
    world.wait(3).await;
    // Everything but the last step answers.
    world.sim.script(Rule::new(Act::Status { status: 503, retry_after: None }).on("orders.json"));
    let report = world.reconcile_with(|request| Request { since: Since::Cursor, ..request }).await.unwrap();
    assert!(matches!(report.unfinished, Some(Unfinished::ComeBack { .. })), "{report:?}");
    assert!(world.stack.lane().is_empty());
    assert_eq!(world.stack.cursor("orders"), None);
    world.sim.clear_script();
    world.wait(10).await;
    assert_eq!(world.reconcile().await.unfinished, None);
    world.work().await;
    assert_eq!(only(world.stack.effects(), "orders"), of_orders(&orders));
}
