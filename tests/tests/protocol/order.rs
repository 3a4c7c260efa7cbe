//! No step back, end to end.

use weir_core::{ledger::State, topics::Content};
use weir_tests::World;

fn order(updated_at: &str) -> String {
    format!("{{\"id\":820982911946154508,\"updated_at\":\"{updated_at}\"}}")
}

#[tokio::test]
async fn an_older_version_never_takes_effect_after_a_newer_one_and_is_told_apart() {
    let world = World::new("order").await;
    let newer = order("2026-11-27T00:00:00.5-05:00");
    let older = order("2026-11-27T05:00:00Z");
    world.accepted(&world.delivery("orders/updated", "newer", newer.clone())).await;
    world.done("newer").await;
    world.accepted(&world.delivery("orders/create", "older", older)).await;
    world.ended_as("older", &State::Stale).await;
    // The same state: once for each topic.
    world.accepted(&world.delivery("orders/paid", "paid", newer.clone())).await;
    world.done("paid").await;
    world.accepted(&world.delivery("orders/paid", "paid-again", newer)).await;
    world.ended_as("paid-again", &State::Stale).await;
    let mut published: Vec<_> = world.published(3).await;
    published.sort();
    let expected = [("orders/paid", "paid"), ("orders/updated", "newer"), ("superseded/orders/create", "older")];
    assert_eq!(published, expected.map(|(kind, id)| (kind.to_owned(), id.to_owned())));
    world.end().await;
}

/// An inventory level changes three times within one second, as in a flash sale.
#[tokio::test]
async fn the_newest_state_of_a_second_is_the_last_on_the_bus() {
    let world = World::new("ties").await;
    let level = |item: usize, available: i64| {
        let body = format!(
            "{{\"inventory_item_id\":{item},\"location_id\":24,\"available\":{available},\
              \"updated_at\":\"2026-11-27T05:00:05Z\"}}"
        );
        let triggered_at = format!("2026-11-27T05:00:05.{}Z", 11 - available);
        let id = format!("{item}-{available}");
        world.delivery("inventory_levels/update", &id, body).with("X-Shopify-Triggered-At", &triggered_at)
    };
    for (item, order) in [[10, 9, 8], [8, 10, 9], [9, 8, 10]].into_iter().enumerate() {
        for available in order {
            world.accepted(&level(item, available)).await;
            let ended = async || {
                let record = world.record(&format!("{item}-{available}")).await?;
                matches!(record.state, State::Done | State::Stale).then_some(())
            };
            weir_tests::eventually("the level to end", ended).await;
        }
    }
    let published = world.published(9).await;
    for item in 0..3 {
        let of_item =
            |(kind, id): &&(String, String)| kind == "inventory_levels/update" && id.starts_with(&format!("{item}-"));
        let own: Vec<&str> = published.iter().filter(of_item).map(|(_, id)| id.as_str()).collect();
        assert!(own.contains(&format!("{item}-8").as_str()), "{published:?}");
    }
    let own = published.iter().filter(|(kind, _)| kind == "inventory_levels/update").count();
    assert_eq!(own, 3 + 1 + 2, "in order each takes effect, late ones do not: {published:?}");
    world.end().await;
}

#[tokio::test]
async fn an_order_that_is_paid_in_the_second_of_its_update_ends_paid() {
    let world = World::new("paid-at-once").await;
    let updated = |id: &str, status: &str, triggered_at: &str| {
        let body = format!("{{\"id\":1,\"financial_status\":\"{status}\",\"updated_at\":\"2026-11-27T05:00:05Z\"}}");
        world.delivery("orders/updated", id, body).with("X-Shopify-Triggered-At", triggered_at)
    };
    for delivery in
        [updated("pending", "pending", "2026-11-27T05:00:05.1Z"), updated("paid", "paid", "2026-11-27T05:00:05.4Z")]
    {
        world.accepted(&delivery).await;
    }
    world.done("paid").await;
    let ended = async || {
        let record = world.record("pending").await?;
        matches!(record.state, State::Done | State::Stale).then_some(())
    };
    weir_tests::eventually("the pending order to end", ended).await;
    let keys = ["north.myshopify.com#default#orders/1".to_owned()];
    let kept = world.fence.records(&keys).await.unwrap().pop().flatten().unwrap();
    assert_eq!(kept.newest.content, Some(Content::of_order(Some("PAID"), None)));
    world.end().await;
}

#[tokio::test]
async fn another_body_under_the_same_id_is_counted_and_reaches_the_dlq() {
    let world = World::new("mismatch").await;
    world.accepted(&world.delivery("refunds/create", "1", "{\"id\":1}")).await;
    world.done("1").await;
    world.accepted(&world.delivery("refunds/create", "1", "{\"id\":1,\"note\":2}")).await;
    let dlq = &world.deployed.lanes["standard"].dlq_url;
    let message = weir_tests::eventually("the other body in the DLQ", async || world.take_raw(dlq).await.pop()).await;
    assert!(message.ends_with("\"data\":{\"id\":1,\"note\":2}}"), "{message}");
    let record = world.record("1").await.unwrap();
    assert_eq!(
        (record.state, record.mismatches, record.attempts),
        (State::Done, 1, 1),
        "one delivery, received five times"
    );
    assert_eq!(world.events(1).await.len(), 1);
    world.end().await;
}
