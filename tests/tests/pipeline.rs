//! End to end on the local emulator: a signed webhook goes in, one event comes out, on the template that is
//! deployed. Each test has a stack of its own.

use std::collections::BTreeSet;

use aws_sdk_secretsmanager::Client as Secrets;
use serde_json::Value;
use shopify_webhook::{Topic, sign};
use weir_core::{Failure, Lane, Routes, envelope::Envelope, ledger::State};
use weir_tests::{Delivery, World, eventually, http, samples};

#[track_caller]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[track_caller]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn lane_of(topic: &str) -> Lane {
    Routes::built_in().lane(&Topic::parse(topic).unwrap())
}

#[tokio::test]
async fn every_body_goes_through_to_the_last_digit_and_only_once() {
    let world = World::new("bodies").await;
    let bodies = samples();
    let id = |index: usize| format!("body-{index}");
    for (index, (topic, body)) in bodies.iter().enumerate() {
        world.accepted(&world.delivery(topic, &id(index), body.clone())).await;
    }
    let events = world.events(bodies.len()).await;
    for (index, (topic, body)) in bodies.iter().enumerate() {
        let event = events.iter().find(|event| event["id"] == id(index)).unwrap();
        assert_eq!(event["data"], json(body), "{topic}");
        assert_eq!(event["topic"], *topic);
        assert_eq!(event["type"], format!("com.shopify.{}", topic.replace('/', ".")));
        assert_eq!(event["source"], "north.myshopify.com");
        let record = world.done(&id(index)).await;
        assert_eq!((record.lane, record.attempts), (lane_of(topic), 1), "{topic}");
    }
    // Each again: 200, and no second event. More are counted than before: an event may have a duplicate already, if SQS
    // answered so late that it was sent once more.
    let mut before = Vec::new();
    for index in 0..bodies.len() {
        before.push(world.done(&id(index)).await.duplicates);
    }
    for (index, (topic, body)) in bodies.iter().enumerate() {
        world.accepted(&world.delivery(topic, &id(index), body.clone())).await;
    }
    for (index, before) in before.into_iter().enumerate() {
        let counted = async || world.record(&id(index)).await.filter(|record| record.duplicates > before);
        eventually("the duplicate to be counted", counted).await;
    }
    assert!(world.events(0).await.is_empty());
    world.end().await;
}

/// Shopify's rule for duplicates: the same event id on more than one delivery of a topic.
#[tokio::test]
async fn one_event_under_two_webhook_ids_is_published_once() {
    let world = World::new("one-event").await;
    let post = async |topic: &str, id: &str, event_id: &str, body: &str, name: Option<&str>| {
        let delivery = world.delivery(topic, id, body).with("X-Shopify-Event-Id", event_id);
        let delivery = name.map_or(delivery.clone(), |name| delivery.with("X-Shopify-Name", name));
        world.accepted(&delivery).await;
    };
    let refund = r#"{"id":890088186047892319,"order_id":820982911946154508}"#;
    post("refunds/create", "first", "cause", refund, None).await;
    let done = world.done("first").await;
    assert_eq!((done.webhook_id(), done.other_webhook_id()), ("first", None));
    post("refunds/create", "second", "cause", refund, None).await;
    // Another serialization of it.
    post("refunds/create", "third", "cause", &refund.replace(':', ": "), None).await;
    let counted = async || world.record("first").await.filter(|record| record.duplicates >= 2);
    let counted = eventually("both duplicates to be counted", counted).await;
    assert_eq!((counted.mismatches, counted.attempts, counted.webhook_id()), (0, 1, "first"));
    let last = counted.other_webhook_id().unwrap().to_owned();
    assert_eq!(world.record(last.as_str()).await.unwrap().key, counted.key, "it is found by the other id as well");
    assert_eq!(world.published(1).await, [("refunds/create".into(), "first".into())]);

    // What shares an event id and is another event all the same.
    let others = [
        ("refunds/create", "other-cause", "cause-2", refund, None),
        ("order_transactions/create", "other-topic", "cause", refund, None),
        ("refunds/create", "name-a", "cause", refund, Some("a")),
        ("refunds/create", "name-b", "cause", refund, Some("b")),
        ("refunds/create", "other-refund", "cause", r#"{"id":890088186047892320}"#, None),
        ("refunds/create", "level-10", "cause", r#"{"level":10}"#, None),
        ("refunds/create", "level-9", "cause", r#"{"level":9}"#, None),
        ("refunds/create", "level-8", "cause", r#"{"level":8}"#, None),
        // Of a resource that the fence knows.
        ("orders/paid", "paid", "cause", r#"{"id":1,"updated_at":"2026-11-27T05:00:00Z"}"#, None),
    ];
    for (topic, id, event_id, body, name) in others {
        post(topic, id, event_id, body, name).await;
    }
    let mut ids: Vec<String> = world.published(others.len()).await.into_iter().map(|(_, id)| id).collect();
    let mut expected = others.map(|(_, id, ..)| id.to_owned());
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
    // A snapshot that names no resource counts each time, and once.
    for id in ["nameless-1", "nameless-2"] {
        post("orders/paid", id, "nameless", r#"{"name":"1001"}"#, None).await;
    }
    let counted = async || world.record("nameless-1").await.filter(|record| record.duplicates >= 1);
    eventually("the nameless duplicate to be counted", counted).await;
    assert_eq!(world.events(1).await.len(), 1);
    world.end().await;
}

/// A deletion of a checkout names no token: it meets the fence by its cart's.
#[tokio::test]
async fn an_update_of_a_checkout_that_comes_after_its_deletion_is_superseded() {
    let world = World::new("checkout").await;
    let post = async |topic: &str, id: &str, triggered_at: &str, body: &str| {
        let delivery = world.delivery(topic, id, body).with("X-Shopify-Triggered-At", triggered_at);
        world.accepted(&delivery).await;
        eventually(id, async || world.record(id).await.filter(|record| record.history.len() == 1)).await
    };
    let deleted = r#"{"id":981820079255243537,"cart_token":"eeafa272","reservation_token":null}"#;
    post("checkouts/delete", "deleted", "2026-11-27T05:00:09.5Z", deleted).await;
    let older = r#"{"token":"123123123","cart_token":"eeafa272","updated_at":"2026-11-27T05:00:01Z"}"#;
    let late = post("checkouts/update", "older", "2026-11-27T05:00:01.2Z", older).await;
    assert_eq!((late.state, late.resource.as_deref()), (State::Stale, Some("checkouts/eeafa272")));
    world.end().await;
}

#[tokio::test]
async fn the_same_bytes_lie_on_the_lane() {
    let world = World::new("lanes").await;
    world.pause_workers().await;
    let bodies = samples();
    for (index, (topic, body)) in bodies.iter().enumerate() {
        world.accepted(&world.delivery(topic, &index.to_string(), body.clone())).await;
    }
    let mut seen = BTreeSet::new();
    for lane in Lane::ALL {
        for message in world.take_raw(&world.deployed.lanes[lane.as_str()].queue_url).await {
            let envelope = Envelope::parse(&message).unwrap();
            let (topic, body) = &bodies[envelope.meta.webhook_id.as_str().parse::<usize>().unwrap()];
            assert_eq!((envelope.meta.topic.as_str(), lane), (topic.as_str(), lane_of(topic)));
            assert!(message.ends_with(&format!("\"data\":{}}}", std::str::from_utf8(body).unwrap())), "{topic}");
            seen.insert(envelope.meta.webhook_id.to_string());
            assert_eq!(envelope.open(None).unwrap(), *body, "{topic}");
        }
    }
    assert_eq!(seen.len(), bodies.len());
    world.end().await;
}

#[tokio::test]
async fn forged_tampered_and_misdirected_requests_leave_no_trace() {
    let world = World::new("refused").await;
    let good = world.delivery("orders/create", "1", "{\"id\":1}");
    let forged = Delivery { signature: Some(sign(&good.body, &"another secret".into())), ..good.clone() };
    let tampered = Delivery { body: b"{\"id\":2}".to_vec(), ..good.clone() };
    let unsigned = Delivery { signature: None, ..good.clone() };
    for delivery in [&forged, &tampered, &unsigned] {
        let reply = world.post(delivery).await;
        assert_eq!((reply.status, &reply.body["title"]), (401, &"Invalid signature".into()), "{}", reply.body);
        assert!(reply.body["requestId"].is_string());
    }
    let unreadable = world.post(&good.clone().with("X-Shopify-Shop-Domain", "north.example.com")).await;
    assert_eq!(unreadable.status, 400);
    assert!(unreadable.body["detail"].to_string().contains("X-Shopify-Shop-Domain"), "{}", unreadable.body);
    assert_eq!(world.post_to("/nobody", &good).await.status, 404);
    assert_eq!(world.post_to("/default/more", &good).await.status, 404);
    let get = http().get(&world.deployed.webhook_url).send().await.unwrap();
    assert_eq!(
        (get.status().as_u16(), get.headers()["content-type"].to_str().unwrap()),
        (405, "application/problem+json")
    );
    assert!(world.events(0).await.is_empty());
    assert!(world.ledger.scan(None).await.unwrap().records.is_empty());
    world.end().await;
}

#[tokio::test]
async fn odd_deliveries_pass_and_a_test_notification_says_so_to_its_end() {
    let world = World::new("odd").await;
    let odd = world.delivery("orders/create", "odd", "{\"id\":1}").with("X-Shopify-Triggered-At", "yesterday");
    let odd = odd.with("X-Shopify-Event-Id", "").with("X-Shopify-Test", "true");
    world.accepted(&odd).await;
    let mut redact = world.delivery("customers/redact", "redact", "{\"shop_domain\":\"north.myshopify.com\"}");
    redact.headers.retain(|(name, _)| name != "X-Shopify-Shop-Domain");
    world.accepted(&redact).await;
    let events = world.events(2).await;
    let of = |id: &str| events.iter().find(|event| event["id"] == id).expect("published");
    assert_eq!((&of("odd")["test"], of("odd").get("time")), (&true.into(), None));
    assert_eq!((&of("redact")["source"], of("redact").get("test")), (&"north.myshopify.com".into(), None));
    assert!(world.done("odd").await.test && !world.done("redact").await.test);
    world.end().await;
}

#[tokio::test]
async fn with_a_path_segment_only_its_paths_take_webhooks() {
    let world = World::with("segment", &[("PathSegment", "kQ9_x2-7Zr0Bv51TtYw")]).await;
    let good = world.delivery("orders/create", "1", "{\"id\":1}");
    assert!(world.deployed.webhook_url.ends_with("/webhooks/kQ9_x2-7Zr0Bv51TtYw"), "{}", world.deployed.webhook_url);
    world.accepted(&good).await;
    world.accepted_at("/default", &good).await;
    let before = world.deployed.webhook_url.trim_end_matches("/kQ9_x2-7Zr0Bv51TtYw").to_owned();
    for path in ["", "/default", "/kQ9_x2-7Zr0Bv51TtYx"] {
        let reply = http().post(format!("{before}{path}")).body("{}").send().await.unwrap();
        assert_eq!(reply.status().as_u16(), 404, "{path}");
    }
    world.done("1").await;
    world.end().await;
}

#[tokio::test]
async fn an_unknown_topic_and_one_of_the_newer_family_pass() {
    let world = World::new("topics").await;
    world.accepted(&world.delivery("spaceships/landed", "1", "{\"id\":1}")).await;
    let mut event = world.delivery("-", "-", "{\"id\":2}");
    let signature = event.signature.take().unwrap();
    event.headers = [
        ("shopify-topic", "Product"),
        ("shopify-action", "update"),
        ("shopify-shop-domain", "north.myshopify.com"),
        ("shopify-webhook-id", "2"),
        ("shopify-triggered-at", "2026-11-22T12:00:00Z"),
        ("shopify-hmac-sha256", &signature),
        ("content-type", "application/json"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    world.accepted(&event).await;
    world.events(2).await;
    assert_eq!(world.done("1").await.lane, Lane::Standard);
    assert_eq!(world.done("2").await.topic.unwrap(), "Product/update");
    world.end().await;
}

#[tokio::test]
async fn poison_reaches_the_dlq_byte_for_byte_and_its_neighbours_are_done() {
    let world = World::new("poison").await;
    let poison: &[u8] = b"{\"id\":820982911946154508,\"total_price\":\"10.1\xff";
    for index in 0..9 {
        world.accepted(&world.delivery("orders/create", &format!("n{index}"), format!("{{\"id\":{index}}}"))).await;
        if index == 4 {
            // The emulator, unlike bytes, does not bear invalid UTF-8 in a body that is called JSON.
            let poison = world.delivery("orders/create", "poison", poison);
            world.accepted(&poison.with("Content-Type", "application/octet-stream")).await;
        }
    }
    world.events(9).await;
    let dlq = &world.deployed.lanes["standard"].dlq_url;
    let message = eventually("the poison in the DLQ", async || world.take_raw(dlq).await.pop()).await;
    assert_eq!(Envelope::parse(&message).unwrap().open(None).unwrap(), poison);
    let record = world.record("poison").await.unwrap();
    assert_eq!(record.attempts, 1, "what failed for good is not tried again");
    assert_eq!(record.state, State::Failed(Failure::permanent("the body is not JSON (line 1, column 45)")));
    for index in 0..9 {
        assert_eq!(world.done(&format!("n{index}")).await.attempts, 1);
    }
    world.end().await;
}

#[tokio::test]
async fn a_message_that_is_no_envelope_is_recorded_and_reaches_the_dlq() {
    let world = World::with("unreadable", &[("MaxReceiveCount", "5")]).await;
    let lane = &world.deployed.lanes["bulk"];
    world.send_raw(&lane.queue_url, "not from ingest").await;
    let message = eventually("the message in the DLQ", async || world.take_raw(&lane.dlq_url).await.pop()).await;
    assert_eq!(message, "not from ingest");
    let records = world.ledger.scan(None).await.unwrap().records;
    let [record] = &records[..] else { panic!("{} records", records.len()) };
    assert!(record.key.event.starts_with("unknown#sqs:"), "{}", record.key);
    assert!(record.last_error.as_deref().unwrap().contains("not a CloudEvents envelope"));
    assert_eq!((record.attempts, record.lane), (1, Lane::Bulk));
    world.end().await;
}

#[tokio::test]
async fn fifty_copies_at_once_are_one_event() {
    let world = World::new("copies").await;
    let delivery = world.delivery("orders/paid", "copy", "{\"id\":820982911946154508}");
    let mut posting = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (http, delivery, url) = (http(), delivery.clone(), world.deployed.webhook_url.clone());
        posting.spawn(async move { delivery.post(&http, &url).await.status });
    }
    assert_eq!(posting.join_all().await, [200; 50]);
    world.events(1).await;
    // Every copy is either counted as a duplicate or still waits for the lease to end; none is a second event. There may be more of
    // them than were posted, if SQS answered so late that ingest's SDK sent one once more.
    let settled = async || world.record("copy").await.filter(|record| record.duplicates >= 49);
    eventually("49 duplicates to be counted", settled).await;
    assert!(world.events(0).await.is_empty());
    assert_eq!(world.done("copy").await.attempts, 1);
    world.end().await;
}

#[tokio::test]
async fn a_rotated_secret_counts_at_once_and_the_old_one_still_does() {
    let world = World::with("rotation", &[("Apps", "default,loyalty")]).await;
    let secrets = Secrets::new(&world.aws);
    let name = |app: &str| format!("{}/{app}", world.deployed.secret_prefix);
    secrets
        .create_secret()
        .name(name("loyalty"))
        .secret_string("{\"client_secrets\":[\"first\"]}")
        .send()
        .await
        .unwrap();

    let signed =
        |id: &str, secret: &str| Delivery::signed("orders/create", id, format!("{{\"id\":{id}}}"), &secret.into());
    world.accepted_at("/loyalty", &signed("1", "first")).await;
    assert_eq!(world.post(&signed("2", "first")).await.status, 401, "each app has its own secret");

    let both = "{\"client_secrets\":[\"second\",\"first\"]}";
    secrets.put_secret_value().secret_id(name("loyalty")).secret_string(both).send().await.unwrap();
    world.accepted_at("/loyalty", &signed("3", "second")).await;
    world.accepted_at("/loyalty", &signed("4", "first")).await;
    assert_eq!(world.post_to("/loyalty", &signed("5", "third")).await.status, 401);
    let events = world.events(3).await;
    assert!(events.iter().all(|event| event["app"] == "loyalty"));
    world.end().await;
}

#[tokio::test]
async fn a_queue_that_can_not_be_reached_is_a_503_and_the_other_lanes_go_on() {
    let world = World::new("unreachable").await;
    world.delete_queue(&world.deployed.lanes["urgent"].queue_url).await;
    let reply = world.post(&world.delivery("orders/paid", "1", "{\"id\":1}")).await;
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!(reply.retry_after.is_some());
    assert!(reply.body["detail"].to_string().contains("send it again"), "{}", reply.body);
    world.accepted(&world.delivery("orders/create", "2", "{\"id\":2}")).await;
    world.events(1).await;
    assert!(world.record("1").await.is_none());
    world.end().await;
}

#[tokio::test]
async fn large_bodies_arrive_compressed_or_by_reference_and_too_large_ones_do_not() {
    let world = World::new("large").await;
    let mut orders = shopify_samples::Samples::new(1, "north.myshopify.com", jiff::Timestamp::now());
    let megabyte = orders.sized_order(600_000).into_bytes();
    let six = orders.sized_order(6_000_000).into_bytes();
    let mut rng = fastrand::Rng::with_seed(1);
    let noise: String = std::iter::repeat_with(|| rng.alphanumeric()).take(2_000_000).collect();
    let noise = format!("{{\"id\":1,\"noise\":\"{noise}\"}}").into_bytes();
    for (id, body) in [("megabyte", &megabyte), ("six", &six), ("noise", &noise)] {
        world.accepted(&world.delivery("orders/create", id, body.clone())).await;
    }
    let too_large = world.delivery("orders/create", "too-large", vec![b' '; 6 * 1024 * 1024 + 1]);
    assert_eq!(world.post(&too_large).await.status, 413);

    let events = world.events(3).await;
    let event = |id: &str| events.iter().find(|event| event["id"] == id).unwrap();
    assert_eq!(event("megabyte")["data"], json(&megabyte));
    // EventBridge takes no more than 1 MB: the event on the bus refers to the body.
    let bodies = weir_aws::Bodies::new(&world.aws, world.deployed.bodies_bucket.clone());
    for (id, body) in [("six", &six), ("noise", &noise)] {
        let reference = event(id)["dataref"].as_str().unwrap();
        assert_eq!(bodies.get(reference).await.unwrap(), *body, "{id}");
        assert_eq!(event(id)["data"], Value::Null);
    }
    world.end().await;
}

#[tokio::test]
async fn the_events_for_sam_local_invoke_do_what_the_readme_says() {
    let world = World::new("invoked").await;
    for (event, status) in [("orders-create", 200), ("base64", 200), ("forged", 401)] {
        let answer = world.invoke("IngestFunction", &format!("ingest-{event}.json")).await;
        assert_eq!(answer["statusCode"], status, "{event}: {answer}");
    }
    let answer = world.invoke("StandardWorker", "worker-orders-create.json").await;
    assert_eq!(answer, serde_json::json!({"batchItemFailures": []}));
    world.end().await;
}
