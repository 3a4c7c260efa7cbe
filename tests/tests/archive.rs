//! The archive of bodies on the local emulator: an event that is done can be looked at.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use weir_core::{EventShop, archive::Hour, ledger::Record};
use weir_local::s3_client;
use weir_ops::{
    Stack, StackLocation,
    events::{archived_body, has_archive},
};
use weir_tests::{World, eventually};

async fn stack(world: &World) -> Stack {
    let deployed = &world.deployed;
    let location = StackLocation::emulated(&deployed.stack_name, &deployed.region, &deployed.endpoint, None);
    Stack::describe(location).await.unwrap()
}

async fn archived(stack: &Stack, record: &Record) -> Value {
    let look = async || archived_body(stack, record).await.unwrap();
    let found = eventually(&format!("{} to be archived", record.key), look).await;
    serde_json::from_slice(&found.body).unwrap()
}

#[tokio::test]
async fn done_event_can_be_looked_at_from_an_object_of_its_shop_and_hour() {
    let world = World::with("archives", &[("ArchiveDays", "1")]).await;
    let stack = stack(&world).await;
    let order = |id: u64| json!({ "id": id, "updated_at": "2026-11-22T12:00:00Z", "total_price": "10.10" });
    for id in 1..=3_u64 {
        world.accepted(&world.delivery("orders/create", &format!("event-{id}"), order(id).to_string())).await;
    }
    for id in 1..=3_u64 {
        let record = world.done(&format!("event-{id}")).await;
        assert_eq!(archived(&stack, &record).await, order(id));
    }
    // Too large for the bus, which carried a reference.
    let noise: String = std::iter::repeat_n("0123456789abcdef", 80_000).collect();
    let large = json!({ "id": 4, "updated_at": "2026-11-22T12:00:00Z", "note": noise });
    world.accepted(&world.delivery("orders/create", "event-4", large.to_string())).await;
    let record = world.done("event-4").await;
    assert_eq!(archived(&stack, &record).await, large);

    let s3 = s3_client(&world.aws);
    let listed = s3.list_objects_v2().bucket(stack.output("ArchiveBucket").unwrap()).send().await.unwrap();
    let prefix = Hour::of(record.received_at).prefix(&EventShop::from_stored("north.myshopify.com"));
    let keys: Vec<&str> = listed.contents().iter().filter_map(|object| object.key()).collect();
    assert!(keys.iter().any(|key| key.starts_with(&prefix)), "{keys:?}");
    assert!(keys.iter().all(|key| key.starts_with("bodies/shop=north.myshopify.com/hour=")), "{keys:?}");
    world.end().await;
}

#[tokio::test]
async fn stack_without_archive_has_none_and_says_so() {
    let world = World::with("forgets", &[("ArchiveDays", "0")]).await;
    let stack = stack(&world).await;
    world.accepted(&world.delivery("orders/create", "1", r#"{"id":1,"updated_at":"2026-11-22T12:00:00Z"}"#)).await;
    let record = world.done("1").await;
    assert!(!has_archive(&stack));
    assert_eq!(archived_body(&stack, &record).await.unwrap(), None);
    world.end().await;
}
