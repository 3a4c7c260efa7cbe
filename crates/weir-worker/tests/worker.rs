//! The worker's whole way over the model ledger and services in memory.

mod attempts;
mod forward;
mod misconfigured;
mod order;
mod parking;
mod shop_sync;
mod support;
mod telemetry;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use support::{World, body, envelope, envelope_of, meta, referred, run};
use weir_consumer::router::{Event, Router};
use weir_core::{
    EventId, Failure, Topic, Topics, WebhookId, dedupe,
    envelope::{Meta, seal},
    ledger::{Outcome, Record, State},
};
use weir_testkit::Fault;

#[tokio::test(start_paused = true)]
async fn an_event_is_published_once_however_often_it_comes() {
    let world = World::default();
    let worker = world.worker(Router::new());
    let order = envelope("1", &body(1));
    let response = run(&worker, &[order.clone(), envelope("2", &body(2))]).await;
    assert!(response.is_empty());
    for _again in 0..3 {
        assert!(run(&worker, std::slice::from_ref(&order)).await.is_empty());
    }
    // Delivered again, in a message of its own.
    assert!(run(&worker, &[envelope("2", &body(2)), order]).await.is_empty());
    assert_eq!(world.published_ids(), ["1", "2"]);
    assert_eq!(
        (world.record("1").duplicates, world.record("2").duplicates),
        (1, 1),
        "but not the lost acknowledgements"
    );
    assert_eq!(world.calls(), [2], "the batch shares one call");
}

#[tokio::test(start_paused = true)]
async fn concurrent_duplicates_in_one_batch_take_effect_once() {
    let world = World::default();
    let worker = world.worker(Router::new());
    let copies = vec![envelope("1", &body(1)); 10];
    let failed = run(&worker, &copies).await;
    assert_eq!(world.published_ids(), ["1"]);
    // The others found it leased or done; those that found it leased come back after the lease.
    assert!(failed.len() < 10);
    assert!(world.postponed().iter().all(|delay| *delay > Duration::from_secs(30)), "{:?}", world.postponed());
}

#[tokio::test(start_paused = true)]
async fn a_poison_message_is_recorded_and_its_neighbours_are_done() {
    let world = World::default();
    let worker = world.worker(Router::new());
    let batch =
        [envelope("1", &body(1)), envelope("2", b"{\"id\":"), "no envelope at all".into(), envelope("4", &body(4))];
    let failed = run(&worker, &batch).await;
    assert_eq!(failed, ["m1", "m2"]);
    assert_eq!(world.published_ids(), ["1", "4"]);
    assert_eq!(world.record("2").state, State::Failed(Failure::permanent("the body is not JSON (line 1, column 6)")));
    let unreadable = world.record("sqs:m2");
    assert!(
        matches!(&unreadable.state, State::Failed(Failure::Permanent(reason)) if reason.contains("not a CloudEvents"))
    );
    assert_eq!(world.postponed(), [Duration::ZERO; 2], "what is permanent wastes no time");
}

#[tokio::test(start_paused = true)]
async fn a_panicking_handler_fails_its_message_alone_and_tells_nothing_of_it() {
    let world = World::default();
    let worker = world.worker(Router::new().on("orders/create", |event: Event| async move {
        assert!(event.meta().webhook_id != "1", "secret customer data");
        Ok(())
    }));
    let failed = run(&worker, &[envelope("1", &body(1)), envelope("2", &body(2))]).await;
    assert_eq!(failed, ["m0"]);
    assert_eq!(world.published_ids(), ["2"]);
    assert_eq!(world.record("1").last_error.as_deref(), Some("a handler panicked: the log says where"));
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_backs_off_and_then_succeeds() {
    let world = World::default();
    let failing = world.worker(Router::new().on("*", |_: Event| async { Err(Failure::transient("down")) }));
    let order = envelope("1", &body(1));
    assert_eq!(run(&failing, std::slice::from_ref(&order)).await, ["m0"]);
    assert!(world.published_ids().is_empty(), "nothing is published before the handlers are done");
    assert!(world.postponed()[0] <= Duration::from_secs(5));
    assert!(run(&world.worker(Router::new()), &[order]).await.is_empty());
    let record = world.record("1");
    assert_eq!((record.state, record.attempts, record.last_error.as_deref()), (State::Done, 2, Some("down")));
    let [first, second] = &record.history[..] else { panic!("{:?}", record.history) };
    assert_eq!((first.number, first.outcome, first.error.as_deref()), (1, Outcome::Failed, Some("down")));
    assert_eq!(first.comes_back, Some(first.ended + world.postponed()[0]), "the very delay that SQS was told");
    assert_eq!((second.number, second.outcome, second.comes_back), (2, Outcome::Done, None));
}

#[tokio::test(start_paused = true)]
async fn the_ledger_knows_what_an_event_is_a_snapshot_of_wherever_its_body_lay() {
    let world = World::default();
    let failing = world.worker(Router::new().on("*", |_: Event| async { Err(Failure::transient("down")) }));
    let stored = world.stored("2", &body(1));
    run(&failing, &[envelope("1", &body(1)), stored, envelope_of("refunds/create", None, "3", &body(1))]).await;
    let resource = |id: &str| world.record(id).resource;
    assert_eq!(resource("1").as_deref(), Some("orders/820982911946154001"));
    assert_eq!(resource("2").as_deref(), Some("orders/820982911946154001"));
    assert_eq!(resource("3"), None, "each refund counts");
}

#[tokio::test(start_paused = true)]
async fn the_example_takes_orders_and_refuses_what_is_none() {
    let world = World::default();
    let worker = world.worker(Router::new().on("orders/create", weir_worker::handlers::large_order::note));
    let order = br#"{"id":820982911946154508,"line_items":[{"quantity":60,"new_in_2027":1},{}]}"#;
    assert_eq!(run(&worker, &[envelope("1", order), envelope("2", b"[1]")]).await, ["m1"]);
    assert_eq!(world.published_ids(), ["1"]);
    assert!(matches!(world.record("2").state, State::Failed(Failure::Permanent(_))));
}

#[tokio::test(start_paused = true)]
async fn an_endless_handler_is_stopped_before_the_invocation_ends() {
    let world = World::default();
    let worker = world.worker(Router::new().on("*", |event: Event| async move {
        if event.meta().webhook_id == "1" { std::future::pending().await } else { Ok(()) }
    }));
    let failed = run(&worker, &[envelope("1", &body(1)), envelope("2", &body(2))]).await;
    assert_eq!(failed, ["m0"]);
    assert_eq!(world.published_ids(), ["2"]);
    assert!(world.record("1").last_error.unwrap().contains("out of time"));
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_the_bus_refuses_fails_alone() {
    let world = World::refusing("1");
    let worker = world.worker(Router::new());
    let failed = run(&worker, &[envelope("1", &body(1)), envelope("2", &body(2))]).await;
    assert_eq!(failed, ["m0"]);
    assert_eq!(world.record("2").state, State::Done);
}

#[tokio::test(start_paused = true)]
async fn the_bus_gets_every_digit_and_an_altered_body_gets_nowhere() {
    let world = World::default();
    let worker = world.worker(Router::new());
    let good = envelope("1", br#"{"id":820982911946154508,"price":"10.10"}"#);
    let altered = envelope("2", br#"{"id":1}"#).replace("\"data\":{\"id\":1}", "\"data\":{\"id\":2}");
    assert_eq!(run(&worker, &[good, altered]).await, ["m1"]);
    assert!(world.published()[0].ends_with(r#""data":{"id":820982911946154508,"price":"10.10"}}"#));
    assert!(world.record("2").last_error.unwrap().contains("SHA-256"));
}

#[tokio::test(start_paused = true)]
async fn a_body_too_large_for_the_bus_is_referred_to() {
    let world = World::default();
    let worker = world.worker(Router::new());
    let large = format!("{{\"id\":1,\"note\":\"{}\"}}", "x".repeat(1_000_000));
    assert!(run(&worker, &[envelope("1", large.as_bytes())]).await.is_empty());
    let detail: serde_json::Value = serde_json::from_str(&world.published()[0]).unwrap();
    assert_eq!(world.body(detail["dataref"].as_str().unwrap()), large.as_bytes());
    assert_eq!(detail["data"], serde_json::Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_body_in_the_store_is_fetched_and_a_lost_one_is_permanent() {
    let world = World::default();
    let worker = world.worker(Router::new());
    let (there, lost) = (world.stored("1", &body(1)), referred("2", &body(2), "s3://bodies/lost"));
    assert_eq!(run(&worker, &[there, lost]).await, ["m1"]);
    assert_eq!(world.published_ids(), ["1"]);
    assert!(matches!(world.record("2").state, State::Failed(Failure::Permanent(_))));
}

/// Deliveries of one event, as ingest seals them; the second one is written otherwise.
#[expect(clippy::unwrap_used, reason = "support of tests, where unwrapping is asserting")]
fn refunds() -> [String; 2] {
    [("first", "{\"id\":1}"), ("second", "{ \"id\":1}")].map(|(id, body)| {
        let (topic, event_id) = (Topic::from_stored("refunds/create"), EventId::parse("cause"));
        let meta = Meta { topic, event_id, ..meta(id, body.as_bytes()) };
        let dedupe_key = dedupe::key(&Topics::built_in(), &meta, body.as_bytes());
        assert!(dedupe_key.is_some());
        seal(&Meta { dedupe_key, ..meta }, body.as_bytes()).unwrap()
    })
}

#[tokio::test(start_paused = true)]
async fn deliveries_of_one_event_take_effect_once_and_are_counted() {
    let world = World::default();
    let worker = world.worker(Router::new());
    let [first, second] = refunds();
    assert!(run(&worker, &[first]).await.is_empty());
    // In a message of its own.
    assert!(run(&worker, &[envelope("2", &body(2)), second]).await.is_empty());
    assert_eq!(world.published_ids(), ["2", "first"]);
    let records = world.ledger.records();
    let of_refund = |record: &&Record| record.topic.as_ref().is_some_and(|topic| topic == "refunds/create");
    let [record] = records.iter().filter(of_refund).collect::<Vec<_>>()[..] else { panic!("one event") };
    assert_eq!((record.webhook_id(), record.other_webhook_id()), ("first", WebhookId::parse("second").as_ref()));
    assert_eq!((record.duplicates, record.mismatches, record.attempts), (1, 0, 1));
}

/// The first delivery was published, and its worker died before it could say so: what receivers have is `first`.
#[tokio::test(start_paused = true)]
async fn an_event_leaves_under_the_webhook_id_of_its_first_delivery() {
    let world = World::default();
    let [first, second] = refunds();
    // Claim, settle: the second call fails.
    assert_eq!(run(&world.faulty_worker(2, Fault::BeforeWrite), &[first]).await, ["m0"]);
    world.ledger.expire_leases();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seeing = seen.clone();
    let worker = world.worker(Router::new().on("*", move |event: Event| {
        seeing.lock().unwrap().push(event.meta().webhook_id.to_string());
        async { Ok(()) }
    }));
    assert!(run(&worker, &[second]).await.is_empty());
    assert_eq!(world.published_ids(), ["first", "first"]);
    assert_eq!(*seen.lock().unwrap(), ["first"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_of_the_ledger_loses_no_event() {
    // Calls of one event: claim, complete. Whatever fails, and however, the event takes effect in the end.
    for fault in [Fault::BeforeWrite, Fault::AfterWrite] {
        for call in 1..=2 {
            let world = World::default();
            let faulty = world.faulty_worker(call, fault);
            let order = envelope("1", &body(1));
            let failed = run(&faulty, std::slice::from_ref(&order)).await;
            assert_eq!(failed, ["m0"], "{fault:?} in call {call}");
            world.ledger.expire_leases();
            assert!(run(&world.worker(Router::new()), &[order]).await.is_empty());
            assert_eq!(world.record("1").state, State::Done, "{fault:?} in call {call}");
            assert!(!world.published_ids().is_empty());
        }
    }
}
