//! Resources that a worker holds while it is looked for what is missing of them.

use std::time::Duration;

use weir_core::UnixMillis;
use weir_reconcile::{Kind, Request, Since};

use super::{of_orders, only, world::World};

/// An order that nobody delivered, with a worker for another topic: for so long from the moment of the run.
async fn with_a_worker(hold: Duration) -> (World, Vec<u64>, UnixMillis) {
    let world = World::new();
    world.lose(true);
    let orders = world.sim.place_orders(world.shop(), 2);
    let placed = world.now();
    world.wait(3).await;
    world.stack.hold(orders[0], placed - Duration::from_secs(1), world.now(), hold).await;
    (world, orders, placed)
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_ends_soon_is_waited_for() {
    let (world, orders, _) = with_a_worker(Duration::from_secs(10)).await;
    let report = world.reconcile().await;
    assert_eq!(report.on_their_way, 0, "{report:?}");
    world.work().await;
    assert_eq!(only(world.stack.effects(), "orders"), of_orders(&orders));
}

#[tokio::test(start_paused = true)]
async fn event_held_past_the_wait_is_checked_by_the_next_run() {
    let (world, orders, placed) = with_a_worker(Duration::from_secs(60)).await;
    let report = world.reconcile().await;
    assert!(report.on_their_way > 0, "{report:?}");
    let until = report.kinds[&Kind::Orders].until;
    assert!(until < placed, "the report does not claim what it could not tell: {until} {placed}");
    // Much later than the overlap of two walks.
    world.wait(60).await;
    let again = world.reconcile_with(|request| Request { since: Since::Cursor, ..request }).await.unwrap();
    assert_eq!(again.on_their_way, 0, "{again:?}");
    world.work().await;
    assert_eq!(only(world.stack.effects(), "orders"), of_orders(&orders));
}

#[tokio::test(start_paused = true)]
async fn a_run_waits_for_workers_only_so_long() {
    let (world, ..) = with_a_worker(Duration::from_secs(3_600)).await;
    let began = world.now();
    world.reconcile().await;
    let took = world.now().since(began);
    assert!(took < Duration::from_secs(20), "{took:?}");
}
