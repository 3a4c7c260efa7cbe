//! No step back, end to end.

use weir_core::ledger::State;
use weir_tests::World;

fn order(updated_at: &str) -> String {
    format!("{{\"id\":820982911946154508,\"updated_at\":\"{updated_at}\"}}")
}

#[tokio::test]
async fn an_older_version_never_takes_effect_after_a_newer_one_and_is_told_apart() {
    let world = World::new("order").await;
    let newer = order("2026-11-27T00:00:00.5-05:00");
    let older = order("2026-11-27T05:00:00Z");
    assert_eq!(world.post(&world.delivery("orders/updated", "newer", newer.clone())).await.status, 200);
    world.done("newer").await;
    assert_eq!(world.post(&world.delivery("orders/create", "older", older)).await.status, 200);
    world.ended_as("older", &State::Stale).await;
    // The same version: once for each topic.
    assert_eq!(world.post(&world.delivery("orders/paid", "paid", newer.clone())).await.status, 200);
    world.done("paid").await;
    assert_eq!(world.post(&world.delivery("orders/paid", "paid-again", newer)).await.status, 200);
    world.ended_as("paid-again", &State::Stale).await;
    let mut published: Vec<_> = world.published(4).await;
    published.sort();
    let expected = [
        ("orders/paid", "paid"),
        ("orders/updated", "newer"),
        ("superseded/orders/create", "older"),
        ("superseded/orders/paid", "paid-again"),
    ];
    assert_eq!(published, expected.map(|(kind, id)| (kind.to_owned(), id.to_owned())));
    world.end().await;
}

#[tokio::test]
async fn another_body_under_the_same_id_is_counted_and_reaches_the_dlq() {
    let world = World::new("mismatch").await;
    assert_eq!(world.post(&world.delivery("refunds/create", "1", "{\"id\":1}")).await.status, 200);
    world.done("1").await;
    assert_eq!(world.post(&world.delivery("refunds/create", "1", "{\"id\":2}")).await.status, 200);
    let dlq = &world.deployed.lanes["standard"].dlq_url;
    let message = weir_tests::eventually("the other body in the DLQ", async || world.take_raw(dlq).await.pop()).await;
    assert!(message.ends_with("\"data\":{\"id\":2}}"), "{message}");
    let record = world.record("1").await.unwrap();
    assert_eq!((record.state, record.mismatches, record.attempts), (State::Done, 5, 1));
    assert_eq!(world.events(1).await.len(), 1);
    world.end().await;
}
