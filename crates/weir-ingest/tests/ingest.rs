//! Every answer of ingest, over secrets, lanes and bodies in memory.

mod fallback;
mod support;
mod telemetry;

use std::{sync::atomic::Ordering, time::Duration};

use proptest::prelude::*;
use shopify_webhook::sign;
use support::{Outside, Request, World};
use tokio::time::Instant;
use weir_core::{Lane, ledger::Key};

const ORDER: &str = r#"{"id":820982911946154508,"total_price":"10.10"}"#;

/// Two megabytes that can't be compressed.
fn noise() -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(1);
    std::iter::repeat_with(|| rng.u8(..)).take(2_000_000).collect()
}

#[track_caller]
fn assert_problem(answer: &support::Answer, status: i64, detail: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.body["status"], status);
    assert_eq!(answer.body["requestId"], "request-1");
    assert!(answer.body["detail"].to_string().contains(detail), "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.headers["x-request-id"], "request-1");
}

#[tokio::test(start_paused = true)]
async fn a_signed_delivery_is_on_its_lane_byte_for_byte() {
    let world = World::new(Outside::default());
    let answer = world.post(&Request::signed(ORDER)).await;
    assert_eq!(answer.status, 200);
    let (lane, envelope, group) = world.only_message();
    assert_eq!((lane, group.as_str()), (Lane::Standard, "north.myshopify.com"));
    assert_eq!(envelope.meta.triggered_at.as_deref(), Some("2026-11-27T05:00:00.123456789Z"));
    assert_eq!(envelope.meta.app, "default");
    assert_eq!(envelope.open(None).unwrap(), ORDER.as_bytes());
}

#[tokio::test(start_paused = true)]
async fn deliveries_of_one_event_are_sealed_with_one_key() {
    let sealed = async |topic: &str, webhook_id: &str| {
        let world = World::new(Outside::default());
        let request = Request::signed(ORDER).with("X-Shopify-Topic", topic).with("X-Shopify-Event-Id", "cause");
        assert_eq!(world.post(&request.with("X-Shopify-Webhook-Id", webhook_id)).await.status, 200);
        let meta = world.only_message().1.meta;
        (meta.dedupe_key.clone(), Key::of(&meta).event)
    };
    let [first, second] = [sealed("refunds/create", "1").await, sealed("refunds/create", "2").await];
    assert_eq!(first, second);
    assert!(first.1.starts_with("north.myshopify.com#cause~"), "{first:?}");
    assert_ne!(sealed("order_transactions/create", "1").await, first);
    assert_eq!(sealed("orders/paid", "1").await, (None, "north.myshopify.com#1".to_owned()), "the fence knows it");
}

#[tokio::test(start_paused = true)]
async fn a_binary_body_is_decoded_before_it_is_verified() {
    let world = World::new(Outside::default());
    let body = b"\xff\xfe not UTF-8";
    assert_eq!(world.post(&Request::signed(*body)).await.status, 200);
    assert_eq!(world.only_message().1.open(None).unwrap(), body);
}

#[tokio::test(start_paused = true)]
async fn malformed_base64_is_a_400_and_no_panic() {
    let world = World::new(Outside::default());
    let request = Request { base64: Some("%%%".into()), ..Request::signed("x") };
    assert_problem(&world.post(&request).await, 400, "base64");
}

#[tokio::test(start_paused = true)]
async fn the_newer_headers_are_understood() {
    let world = World::new(Outside::default());
    let signature = sign(ORDER.as_bytes(), &support::SECRET.into());
    let headers = [
        ("shopify-topic", "Product"),
        ("shopify-action", "update"),
        ("shopify-shop-domain", "north.myshopify.com"),
        ("shopify-webhook-id", "1"),
        ("shopify-hmac-sha256", signature.as_str()),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    assert_eq!(world.post(&Request { headers, ..Request::signed(ORDER) }).await.status, 200);
    let (lane, envelope, _) = world.only_message();
    assert_eq!((lane, envelope.meta.topic.as_str()), (Lane::Bulk, "Product/update"));
}

#[tokio::test(start_paused = true)]
async fn forged_tampered_and_unsigned_requests_are_401_before_anything_else() {
    let world = World::new(Outside::default());
    let forged = Request::signed(ORDER).with("X-Shopify-Hmac-Sha256", &sign(ORDER.as_bytes(), &"wrong".into()));
    let tampered = Request { body: b"{}".to_vec(), ..Request::signed(ORDER) };
    // Its headers are unreadable as well, and its body too large: the signature comes first.
    let unsigned = Request::signed(vec![b'x'; 7_000_000]).without("X-Shopify-Hmac-Sha256").with("X-Shopify-Topic", "?");
    for request in [forged, tampered, unsigned] {
        assert_problem(&world.post(&request).await, 401, "signature");
    }
    assert!(world.outside.sent.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_header_is_a_400_that_names_it() {
    for header in ["X-Shopify-Topic", "X-Shopify-Shop-Domain", "X-Shopify-Webhook-Id"] {
        let world = World::new(Outside::default());
        assert_problem(&world.post(&Request::signed(ORDER).with(header, "not valid")).await, 400, header);
        assert!(world.outside.sent.lock().unwrap().is_empty());
    }
    let world = World::new(Outside::default());
    assert_problem(&world.post(&Request::signed(ORDER).without("X-Shopify-Webhook-Id")).await, 400, "missing");
}

#[tokio::test(start_paused = true)]
async fn webhook_id_of_a_synthetic_event_is_refused_in_any_case_and_family() {
    for id in ["weir-reconcile-default-orders.create-1-1", "Weir-Reconcile-x", "WEIR-RECONCILE-"] {
        let world = World::new(Outside::default());
        let classic = Request::signed(ORDER).with("X-Shopify-Webhook-Id", id);
        let newer = Request::signed(ORDER).without("X-Shopify-Webhook-Id").with("shopify-webhook-id", id);
        for request in [classic, newer] {
            assert_problem(&world.post(&request).await, 400, "reserved");
        }
        let unsigned = Request::signed(ORDER).with("X-Shopify-Webhook-Id", id).without("X-Shopify-Hmac-Sha256");
        assert_problem(&world.post(&unsigned).await, 401, "signature");
        assert!(world.outside.sent.lock().unwrap().is_empty());
    }
    let world = World::new(Outside::default());
    let similar = Request::signed(ORDER).with("X-Shopify-Webhook-Id", "weir-reconciled");
    assert_eq!(world.post(&similar).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn other_paths_methods_and_apps_are_404_and_405() {
    let world = World::new(Outside::default());
    for (method, path, status) in [
        ("POST", "/", 404),
        ("POST", "/webhooks/loyalty/extra", 404),
        ("POST", "/webhooks/unknown", 404),
        ("GET", "/webhooks", 405),
        ("DELETE", "/webhooks/loyalty", 405),
    ] {
        let answer = world.post(&Request::signed(ORDER).at(method, path)).await;
        assert_problem(&answer, status, "");
        assert_eq!(answer.headers["allow"] == "POST", status == 405);
    }
}

#[tokio::test(start_paused = true)]
async fn each_app_has_its_path() {
    let world = World::new(Outside::default());
    assert_eq!(world.post(&Request::signed(ORDER).at("POST", "/webhooks/loyalty")).await.status, 200);
    assert_eq!(world.only_message().1.meta.app, "loyalty");
}

#[tokio::test(start_paused = true)]
async fn six_megabytes_arrive_and_more_is_413() {
    let mut body = format!("{{\"items\":[{}1]}}", "820982911946154508,".repeat(331_000)).into_bytes();
    body.resize(6 * 1024 * 1024, b' ');
    let world = World::new(Outside::default());
    assert_eq!(world.post(&Request::signed(body.clone())).await.status, 200);
    assert_eq!(world.only_message().1.open(None).unwrap(), body);
    body.push(b' ');
    assert_problem(&world.post(&Request::signed(body)).await, 413, "6 MB");
}

#[tokio::test(start_paused = true)]
async fn body_too_large_for_a_message_goes_to_the_store() {
    let world = World::new(Outside::default());
    assert_eq!(world.post(&Request::signed(noise())).await.status, 200);
    assert_eq!(world.only_message().1.reference(), Some("s3://bodies/1"));
    assert_eq!(*world.outside.stored.lock().unwrap(), [noise()]);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_refuses_is_a_503_with_retry_after() {
    let world = World::new(Outside::with_queue(None));
    let answer = world.post(&Request::signed(ORDER)).await;
    assert_problem(&answer, 503, "Nothing was lost");
    assert!(answer.headers["retry-after"].is_string());
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_hangs_is_a_503_after_three_seconds() {
    let world = World::new(Outside::with_queue(support::HANGS));
    let begun = Instant::now();
    assert_problem(&world.post(&Request::signed(ORDER)).await, 503, "in time");
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn without_its_secret_an_app_is_503_and_not_401() {
    let world = World::new(Outside::default());
    world.outside.secrets.lock().unwrap().clear();
    assert_problem(&world.post(&Request::signed(ORDER)).await, 503, "secret");
}

#[tokio::test(start_paused = true)]
async fn a_rotation_does_not_wait_and_the_old_secret_still_counts() {
    let world = World::new(Outside::default());
    assert_eq!(world.post(&Request::signed(ORDER)).await.status, 200);
    *world.outside.secrets.lock().unwrap() = vec!["new", support::SECRET];
    let rotated = Request::signed(ORDER).with("X-Shopify-Hmac-Sha256", &sign(ORDER.as_bytes(), &"new".into()));
    assert_eq!(world.post(&rotated).await.status, 200);
    assert_eq!(world.post(&Request::signed(ORDER)).await.status, 200);
    assert_eq!(world.outside.secret_reads.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_forgeries_is_no_flood_of_reads() {
    let world = World::new(Outside::default());
    for _ in 0..200 {
        let forged = Request::signed(ORDER).with("X-Shopify-Hmac-Sha256", &sign(b"x", &"wrong".into()));
        assert_eq!(world.post(&forged).await.status, 401);
    }
    assert_eq!(world.outside.secret_reads.load(Ordering::SeqCst), 2);
}

proptest! {
    #[test]
    fn any_request_gets_one_of_the_documented_answers(
        signed: bool,
        path in "/webhooks(/[a-z]{0,8})?|/\\PC{0,20}",
        body in proptest::collection::vec(any::<u8>(), 0..200),
        name in "(X-Shopify-(Topic|Shop-Domain|Webhook-Id|Event-Id|API-Version|Triggered-At|Name)|\\PC{0,30})",
        value in "\\PC{0,60}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let request = Request::signed(body.clone()).with(&name, &value);
        let request = if signed { request } else { request.without("X-Shopify-Hmac-Sha256") };
        let path: &'static str = Box::leak(path.into_boxed_str());
        let world = World::new(Outside::default());
        let answer = runtime.block_on(world.post(&request.at("POST", path)));
        prop_assert!([200, 400, 401, 404].contains(&answer.status), "{}", answer.body);
        prop_assert_eq!(answer.status == 200, !world.outside.sent.lock().unwrap().is_empty());
        if answer.status == 200 {
            prop_assert!(signed);
            prop_assert_eq!(world.only_message().1.open(None).unwrap(), body);
        }
    }
}
