//! Two regions, played by two emulators with a stack each: what the first one's queues do not take, the second takes.

mod wire;

use std::time::{Duration, Instant};

use serde_json::Value;
use weir_aws::Bodies;
use weir_tests::{Reply, World};
use wire::Wire;

/// After this long Shopify hangs up.
const SHOPIFY_WAITS: Duration = Duration::from_secs(5);

/// A stack, and behind it another of the same name in the second region.
async fn two_regions(name: &str) -> (World, World) {
    let there = World::elsewhere(name).await;
    // The emulators know one region: they are told apart by their endpoints.
    let bucket = &there.deployed.bodies_bucket;
    let parameters = [("FallbackRegion", there.deployed.region.as_str()), ("FallbackBodiesBucket", bucket)];
    let home = World::with(name, &parameters).await;
    home.set_variables("IngestFunction", &[("WEIR_FALLBACK_ENDPOINT_URL", &there.deployed.endpoint)]).await;
    (home, there)
}

async fn post(world: &World, topic: &str, id: &str, body: impl Into<Vec<u8>>) -> Reply {
    let begun = Instant::now();
    let reply = world.post(&world.delivery(topic, id, body)).await;
    assert!(begun.elapsed() < SHOPIFY_WAITS, "{id} was answered after {:?}", begun.elapsed());
    reply
}

async fn end(home: World, there: World) {
    home.end().await;
    there.end().await;
}

#[tokio::test]
async fn what_home_does_not_take_arrives_on_the_bus_of_the_second_region() {
    let (home, there) = two_regions("refusing").await;
    for lane in home.deployed.lanes.values() {
        home.delete_queue(&lane.queue_url).await;
    }
    let mut rng = fastrand::Rng::with_seed(1);
    let noise: String = std::iter::repeat_with(|| rng.alphanumeric()).take(2_000_000).collect();
    let large = format!("{{\"id\":2,\"noise\":\"{noise}\"}}").into_bytes();
    let body = "{\"id\":820982911946154508}";
    for (topic, id, body) in [
        ("orders/create", "standard", body.into()),
        ("orders/paid", "urgent", body.into()),
        ("products/update", "bulk", body.into()),
        ("orders/create", "large", large.clone()),
    ] {
        let reply = post(&home, topic, id, body).await;
        assert_eq!(reply.status, 200, "{id}: {}", reply.body);
    }

    let events = there.events(4).await;
    for event in &events {
        let id = event["id"].as_str().unwrap();
        there.done(id).await;
        if id == "large" {
            let reference = event["dataref"].as_str().unwrap();
            let bodies = Bodies::new(&there.aws, there.deployed.bodies_bucket.clone());
            assert_eq!(bodies.get(reference).await.unwrap(), large, "{reference}");
            assert_eq!(event["data"], Value::Null);
        } else {
            assert_eq!(event["data"]["id"], 820_982_911_946_154_508_u64, "{id}");
        }
    }
    assert!(home.events(0).await.is_empty());
    assert!(home.ledger.scan(None).await.unwrap().records.is_empty());
    end(home, there).await;
}

#[tokio::test]
async fn a_home_that_never_answers_is_left_in_time_and_found_again() {
    let (home, there) = two_regions("silent").await;
    let wire = Wire::to(&home.deployed.endpoint).await;
    home.set_variables("IngestFunction", &[("WEIR_ENDPOINT_URL", &wire.url())]).await;
    assert_eq!(post(&home, "orders/create", "before", "{\"id\":1}").await.status, 200);
    wire.swallow(true);
    for id in ["first", "second"] {
        let reply = post(&home, "orders/create", id, "{\"id\":2}").await;
        assert_eq!(reply.status, 200, "{id}: {}", reply.body);
    }
    wire.swallow(false);
    assert_eq!(post(&home, "orders/create", "after", "{\"id\":3}").await.status, 200);

    let ids = |events: Vec<Value>| {
        let mut ids: Vec<String> = events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(there.events(2).await), ["first", "second"]);
    assert_eq!(ids(home.events(2).await), ["after", "before"]);
    end(home, there).await;
}

#[tokio::test]
async fn when_neither_region_takes_it_the_answer_is_503_and_nothing_is_anywhere() {
    let (home, there) = two_regions("gone").await;
    for world in [&home, &there] {
        world.delete_queue(&world.deployed.lanes["urgent"].queue_url).await;
    }
    let reply = post(&home, "orders/paid", "1", "{\"id\":1}").await;
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!(reply.retry_after.is_some());
    assert!(reply.body["detail"].to_string().contains("send it again"), "{}", reply.body);
    // The other lanes go on, at home.
    assert_eq!(post(&home, "orders/create", "2", "{\"id\":2}").await.status, 200);
    home.events(1).await;
    assert!(there.ledger.scan(None).await.unwrap().records.is_empty());
    end(home, there).await;
}
