//! Two regions, played by two emulators with a stack each: what the first one's queues do not take, the second takes.

mod wire;

use std::time::{Duration, Instant};

use serde_json::Value;
use weir_aws::Bodies;
use weir_tests::{Reply, World, eventually};
use wire::Wire;

/// Home never answers, so any answer is the second region's. That it comes before Shopify hangs up is held where the time is
/// simulated: here a debug build starts cold, on a machine that may be busy.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

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
    assert!(begun.elapsed() < ANSWERED_WITHIN, "{id} was answered after {:?}", begun.elapsed());
    reply
}

async fn end(home: World, there: World) {
    home.end().await;
    there.end().await;
}

#[tokio::test]
async fn delivery_that_home_refuses_arrives_on_the_second_regions_bus() {
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
    wire.swallow(true);
    for id in ["first", "second"] {
        let reply = post(&home, "refunds/create", id, "{\"id\":1}").await;
        assert_eq!(reply.status, 200, "{id}: {}", reply.body);
    }
    there.events(2).await;
    for id in ["first", "second"] {
        there.done(id).await;
        assert!(home.record(id).await.is_none(), "{id}");
    }

    wire.swallow(false);
    until_home_takes(&home, &there, "refunds/create", "{\"id\":2}").await;
    end(home, there).await;
}

/// Each region has a fence of its own, so a receiver of both buses has to compare `updated_at`: both events carry it.
#[tokio::test]
async fn an_older_version_at_home_is_published_beside_a_newer_one_of_the_second_region() {
    let (home, there) = two_regions("versions").await;
    let wire = Wire::to(&home.deployed.endpoint).await;
    home.set_variables("IngestFunction", &[("WEIR_ENDPOINT_URL", &wire.url())]).await;
    let order = |second: u32| format!("{{\"id\":7,\"updated_at\":\"2024-02-29T12:00:{second:02}Z\"}}");
    wire.swallow(true);
    let reply = post(&home, "orders/updated", "newer", order(9)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let newer = there.events(1).await;
    assert_eq!(newer[0]["data"]["updated_at"], "2024-02-29T12:00:09Z");

    wire.swallow(false);
    let older = until_home_takes(&home, &there, "orders/updated", &order(3)).await;
    let published = home.events(1).await;
    assert_eq!((&published[0]["id"], &published[0]["topic"]), (&older.into(), &"orders/updated".into()));
    assert_eq!(published[0]["data"]["updated_at"], "2024-02-29T12:00:03Z", "the receiver can tell that it is older");
    end(home, there).await;
}

/// Posts a body under one id after another until home takes it: on a busy machine home may be too late for one or
/// another, because it is still in doubt. The id that home took.
async fn until_home_takes(home: &World, there: &World, topic: &str, body: &str) -> String {
    let mut sent = 0;
    eventually("home to be found again", async || {
        sent += 1;
        let id = format!("after-{sent}");
        let reply = post(home, topic, &id, body).await;
        assert_eq!(reply.status, 200, "{id}: {}", reply.body);
        let at_home = async || {
            let (here, there) = (home.record(&id).await, there.record(&id).await);
            here.as_ref().or(there.as_ref()).map(|_| here.is_some())
        };
        eventually("the event in one of the ledgers", at_home).await.then_some(id)
    })
    .await
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
    for world in [&home, &there] {
        assert!(world.record("1").await.is_none());
        assert!(world.events(0).await.is_empty());
    }
    assert_eq!(post(&home, "orders/create", "2", "{\"id\":2}").await.status, 200, "the other lanes go on");
    end(home, there).await;
}
