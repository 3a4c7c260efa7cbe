//! What AWS refuses because of permissions, names or shapes, and what only one event's content causes.

use std::{sync::Arc, time::Duration};

use crate::support::{MAX_RECEIVES, World, body, call_error, envelope, run, run_received};
use weir_aws::{CallError, ErrorClass};
use weir_consumer::router::Router;
use weir_core::{
    Failure,
    ledger::State,
    park::{OUTAGE_AT_MOST, Parked, SWITCHED_OFF_AT_MOST},
};

fn refused(operation: &'static str, class: ErrorClass) -> CallError {
    call_error(operation, "AccessDeniedException", class)
}

#[tokio::test(start_paused = true)]
async fn event_that_aws_refuses_to_publish_is_held_for_a_week_and_says_why() {
    let world = World::default();
    *world.bus_refuses.lock().unwrap() = Some(refused("PutEvents", ErrorClass::Misconfigured).failure());
    let worker = world.worker(Router::new());
    assert!(run(&worker, &[envelope("1", &body(1))]).await.is_empty());
    let record = world.record("1");
    assert!(matches!(record.state, State::Parked { .. }), "{record:?}");
    assert_eq!(record.last_error.as_deref(), Some("misconfigured: PutEvents on north: AccessDeniedException"));
    assert_eq!(record.progress.failures, 0, "it uses up no attempt");
    let (copy, ..) = world.parked().pop().unwrap();
    let since = |ago, count| Parked { since: copy.parked.unwrap().since - ago, count };
    assert!(run(&worker, &[copy.park(since(2 * OUTAGE_AT_MOST, 100))]).await.is_empty(), "longer than an outage");
    assert_eq!(run(&worker, &[copy.park(since(SWITCHED_OFF_AT_MOST, 101))]).await, ["m0"], "a week");
    assert!(world.record("1").last_error.unwrap().contains("gave up after 168 h"));
}

#[tokio::test(start_paused = true)]
async fn event_whose_ledger_refuses_is_held_from_its_first_receive() {
    let world = World::default();
    let worker = world.worker_without_ledger(refused("UpdateItem", ErrorClass::Misconfigured));
    assert!(run(&worker, &[envelope("1", &body(1))]).await.is_empty());
    let (copy, message, _, delay) = world.parked().pop().unwrap();
    assert!(delay >= Duration::from_secs(60), "{delay:?}");
    let long_ago = Parked { since: copy.parked.unwrap().since - 2 * OUTAGE_AT_MOST, count: 100 };
    assert!(run(&worker, &[copy.park(long_ago)]).await.is_empty(), "held longer than an outage");
    // Once the ledger answers, it knows of the event, and of its parks.
    assert!(run(&world.worker(Router::new()), &[message]).await.is_empty());
    assert_eq!(world.record("1").state, State::Done);
}

#[tokio::test(start_paused = true)]
async fn event_that_alone_is_refused_by_the_ledger_parks_nothing_and_reaches_the_dlq() {
    let world = World::default();
    let worker = world.worker_without_ledger(call_error("UpdateItem", "ValidationException", ErrorClass::Rejected));
    for receives in 1..=MAX_RECEIVES {
        assert_eq!(run_received(&worker, &[envelope("1", &body(1))], receives).await, ["m0"]);
    }
    assert!(world.parked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn message_that_can_be_neither_handled_nor_copied_is_hidden_and_fails_no_attempt() {
    let world = World::default();
    *world.bus_refuses.lock().unwrap() = Some(Failure::outage("the bus is down", Duration::from_secs(10)));
    world.queue_is_down.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(run(&world.worker(Router::new()), &[envelope("1", &body(1))]).await, ["m0"]);
    let record = world.record("1");
    assert!(record.last_error.unwrap().contains("the bus is down"));
    assert_eq!(record.progress.failures, 0);
}

#[tokio::test(start_paused = true)]
async fn process_that_never_read_the_controls_holds_events() {
    for (code, parked_for) in [("ThrottlingException", 10), ("AccessDeniedException", 60)] {
        let world = World::default();
        let mut worker = world.worker(Router::new());
        Arc::get_mut(&mut worker).unwrap().controls = weir_aws::Controls::unread(code);
        assert!(run(&worker, &[envelope("1", &body(1))]).await.is_empty());
        assert!(world.published_ids().is_empty(), "{code}: it may be switched off");
        let (.., delay) = world.parked().pop().unwrap();
        assert!(delay >= Duration::from_secs(parked_for) && delay <= Duration::from_secs(2 * parked_for), "{delay:?}");
        let reason = world.record("1").last_error.unwrap();
        assert!(reason.contains("controls") && reason.contains(code), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn body_that_nests_too_deep_reaches_neither_handler_nor_bus() {
    let world = World::default();
    let deep = format!("{{\"id\":1,\"a\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(run(&world.worker(Router::new()), &[envelope("1", deep.as_bytes())]).await, ["m0"]);
    assert!(world.published_ids().is_empty());
    let reason = Failure::permanent("the body's JSON nests deeper than 512 levels");
    assert_eq!(world.record("1").state, State::Failed(reason));
}

#[tokio::test(start_paused = true)]
async fn entry_that_is_too_large_for_the_bus_of_a_region_goes_by_a_reference() {
    let world = World::default();
    *world.bus_takes_bytes.lock().unwrap() = Some(256 * 1024);
    let large = format!("{{\"id\":1,\"note\":\"{}\"}}", "x".repeat(300_000));
    assert!(run(&world.worker(Router::new()), &[envelope("1", large.as_bytes())]).await.is_empty());
    let detail: serde_json::Value = serde_json::from_str(&world.published()[0]).unwrap();
    assert_eq!(world.body(detail["dataref"].as_str().unwrap()), large.as_bytes());
    // What is small and refused is refused for good.
    *world.bus_takes_bytes.lock().unwrap() = Some(10);
    assert_eq!(run(&world.worker(Router::new()), &[envelope("2", &body(2))]).await, ["m0"]);
    assert_eq!(world.record("2").state, State::Failed(Failure::permanent("PutEvents on north: ValidationException")));
}
