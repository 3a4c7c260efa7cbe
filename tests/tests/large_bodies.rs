//! Large bodies on the local emulator: what lies on the lane and in S3, what arrives, and what becomes of a body that
//! somebody tampered with.

use std::collections::BTreeSet;

use serde_json::Value;
use weir_aws::Bodies;
use weir_core::{
    Failure,
    envelope::{COMPRESS_ABOVE_BYTES, Envelope},
    ledger::State,
    sha256,
};
use weir_local::s3_client;
use weir_tests::{World, eventually};

/// An order of about this many bytes: JSON that shrinks to a fifth, as base64.
fn order(bytes: usize) -> Vec<u8> {
    shopify_samples::Samples::new(1, "north.myshopify.com", jiff::Timestamp::now()).sized_order(bytes).into_bytes()
}

/// JSON of two megabytes that no compression brings below SQS's limit.
fn noise() -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(1);
    let noise: String = std::iter::repeat_with(|| rng.alphanumeric()).take(2_000_000).collect();
    format!("{{\"id\":820982911946154508,\"noise\":\"{noise}\"}}").into_bytes()
}

/// Posts an order while the workers rest, and takes the one message from its lane.
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
async fn message(world: &World, id: &str, body: &[u8]) -> String {
    world.accepted(&world.delivery("orders/create", id, body)).await;
    let messages = world.take_raw(&world.deployed.lanes["standard"].queue_url).await;
    // The same message may lie there twice, if SQS answered so late that ingest's SDK sent it once more.
    let of_this = |message: &String| Envelope::parse(message).unwrap().meta.webhook_id == id;
    let messages: BTreeSet<String> = messages.into_iter().filter(of_this).collect();
    assert_eq!(messages.len(), 1, "messages for {id}");
    messages.into_iter().next().unwrap()
}

async fn put_back(world: &World, message: &str) {
    world.send_raw(&world.deployed.lanes["standard"].queue_url, message).await;
}

fn bodies(world: &World) -> Bodies {
    Bodies::new(&world.aws, world.deployed.bodies_bucket.clone())
}

#[tokio::test]
async fn a_body_above_64_kb_travels_compressed_and_arrives_whole() {
    let world = World::new("compressed").await;
    world.pause_workers().await;
    let body = order(200_000);
    let on_lane = message(&world, "order", &body).await;
    assert!(on_lane.len() <= COMPRESS_ABOVE_BYTES, "{} bytes, more than one of SQS's units", on_lane.len());
    let json: Value = serde_json::from_str(&on_lane).unwrap();
    assert_eq!((&json["dataencoding"], &json["dataref"]), (&"zstd".into(), &Value::Null));
    assert_eq!(Envelope::parse(&on_lane).unwrap().open(None).unwrap(), body);

    put_back(&world, &on_lane).await;
    world.resume_workers().await;
    let event = world.events(1).await.remove(0);
    assert_eq!(event["data"], serde_json::from_slice::<Value>(&body).unwrap());
    world.done("order").await;
    world.end().await;
}

#[tokio::test]
async fn a_body_that_no_message_carries_goes_through_s3_and_arrives_as_a_reference_to_the_same_bytes() {
    let world = World::new("by-reference").await;
    world.pause_workers().await;
    let body = noise();
    let on_lane = message(&world, "noise", &body).await;
    let key = format!("north.myshopify.com/noise/{}", sha256::hex(&body));
    let expected = format!("s3://{}/{key}", world.deployed.bodies_bucket);
    let envelope = Envelope::parse(&on_lane).unwrap();
    assert_eq!(envelope.reference(), Some(expected.as_str()));
    assert!(on_lane.len() < 2_000, "{} bytes", on_lane.len());
    assert_eq!(bodies(&world).get(&expected).await.unwrap(), body);

    // This one a message carries, compressed; an event on the bus, which is not, it exceeds.
    let three = order(3_000_000);
    let compressed = message(&world, "three", &three).await;
    assert_eq!(Envelope::parse(&compressed).unwrap().reference(), None);

    put_back(&world, &on_lane).await;
    put_back(&world, &compressed).await;
    world.resume_workers().await;
    for event in world.events(2).await {
        let body = if event["id"] == "noise" { &body } else { &three };
        let arrived = bodies(&world).get(event["dataref"].as_str().unwrap()).await.unwrap();
        assert_eq!(arrived, *body, "{}", event["id"]);
        assert_eq!(event["bodysha256"], sha256::hex(&arrived));
        assert_eq!(event["data"], Value::Null);
    }
    world.done("noise").await;
    world.done("three").await;
    world.end().await;
}

#[tokio::test]
async fn a_body_that_was_altered_or_is_gone_or_lies_elsewhere_fails_for_good_and_reaches_no_one() {
    let world = World::new("tampered").await;
    world.pause_workers().await;
    let s3 = s3_client(&world.aws);
    let bucket = &world.deployed.bodies_bucket;
    let body = noise();
    let key = |id: &str| format!("north.myshopify.com/{id}/{}", sha256::hex(&body));

    let altered = message(&world, "altered", &body).await;
    let mut other = body.clone();
    other[1_000_000] ^= 1;
    s3.put_object().bucket(bucket).key(key("altered")).body(other.into()).send().await.unwrap();

    let gone = message(&world, "gone", &body).await;
    s3.delete_object().bucket(bucket).key(key("gone")).send().await.unwrap();

    // The same bytes, where somebody else may write: not even looked at.
    let elsewhere = message(&world, "elsewhere", &body).await;
    s3.create_bucket().bucket("not-of-this-stack").send().await.unwrap();
    s3.put_object().bucket("not-of-this-stack").key(key("elsewhere")).body(body.clone().into()).send().await.unwrap();
    let elsewhere = elsewhere.replace(bucket, "not-of-this-stack");

    for message in [&altered, &gone, &elsewhere] {
        put_back(&world, message).await;
    }
    world.resume_workers().await;
    let dlq = &world.deployed.lanes["standard"].dlq_url;
    let mut dead = BTreeSet::new();
    eventually("three messages in the DLQ", async || {
        dead.extend(world.take_raw(dlq).await);
        (dead.len() >= 3).then_some(())
    })
    .await;
    assert_eq!(dead, BTreeSet::from([altered, gone, elsewhere]));
    for (id, reason) in [
        ("altered", "the body does not match its SHA-256: it was altered after it was taken in"),
        ("gone", "the body is no longer in S3"),
        ("elsewhere", "the body lies outside this stack's bucket"),
    ] {
        assert_eq!(world.record(id).await.unwrap().state, State::Failed(Failure::permanent(reason)), "{id}");
    }
    assert!(world.events(0).await.is_empty());
    world.end().await;
}
