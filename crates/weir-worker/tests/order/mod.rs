//! Events of one resource: in order, one at a time, and each effect at most once for a version and topic.

mod synthetic;
mod ties;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::support::{World, envelope_of, run, run_received};
use weir_consumer::router::{Event, Router};
use weir_core::{
    Failure, UnixMillis,
    fence::{self, Entry, Fence, Mark, Run},
    ledger::{Owner, State},
    topics::Version,
};
use weir_testkit::Fault;

fn order(topic: &str, id: &str, updated_at: &str) -> String {
    let body = format!("{{\"id\":820982911946154508,\"updated_at\":\"{updated_at}\"}}");
    envelope_of(topic, None, id, body.as_bytes())
}

const OLD: &str = "2026-11-27T05:00:00Z";
const NEW: &str = "2026-11-27T00:00:01-05:00";

#[tokio::test(start_paused = true)]
async fn an_older_version_is_stale_and_published_apart() {
    let world = World::default();
    let ran = Arc::new(AtomicUsize::new(0));
    let counted = ran.clone();
    let worker = world.worker(Router::new().on("*", move |_: Event| {
        counted.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(()))
    }));
    assert!(run(&worker, &[order("orders/updated", "1", NEW)]).await.is_empty());
    assert!(run(&worker, &[order("orders/create", "2", OLD)]).await.is_empty());
    assert_eq!((world.record("1").state, world.record("2").state), (State::Done, State::Stale));
    assert_eq!(ran.load(Ordering::SeqCst), 1, "no handler runs for what is stale");
    assert_eq!(world.topics(), ["orders/updated", "superseded/orders/create"]);
    // The message that was received before, and another one: the second delivery counts.
    let again = [order("orders/create", "2", OLD), order("orders/create", "2", OLD)];
    assert!(run(&worker, &again).await.is_empty());
    assert_eq!(world.record("2").duplicates, 1);
}

/// Handlers that take a moment, and how many of them ran at a time at most.
fn counting(most: &Arc<AtomicUsize>) -> Router {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), most.clone());
    Router::new().on("*", move |_: Event| {
        let (running, most) = (running.clone(), most.clone());
        async move {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
    })
}

#[tokio::test(start_paused = true)]
async fn handlers_of_one_resource_take_turns_within_a_batch() {
    let world = World::default();
    let most = Arc::new(AtomicUsize::new(0));
    let worker = world.worker(counting(&most));
    let batch = ["orders/create", "orders/paid", "orders/updated", "orders/fulfilled"]
        .iter()
        .enumerate()
        .map(|(index, topic)| order(topic, &index.to_string(), OLD));
    assert!(run(&worker, &batch.collect::<Vec<_>>()).await.is_empty(), "a short turn is waited for");
    assert_eq!(most.load(Ordering::SeqCst), 1);
    assert_eq!(world.published_ids(), ["0", "1", "2", "3"]);
}

#[tokio::test(start_paused = true)]
async fn events_of_which_each_counts_do_not_wait_for_each_other() {
    let world = World::default();
    let most = Arc::new(AtomicUsize::new(0));
    let worker = world.worker(counting(&most));
    let batch: Vec<_> = (0..4).map(|index| order("refunds/create", &index.to_string(), OLD)).collect();
    assert!(run(&worker, &batch).await.is_empty());
    assert_eq!(most.load(Ordering::SeqCst), 4);
    assert!(world.ledger.resource("north.myshopify.com#default#refunds/820982911946154508").is_none());
}

#[tokio::test(start_paused = true)]
async fn event_that_waits_too_long_for_its_resource_is_parked() {
    let world = World::default();
    let worker = world.worker(Router::new().on("orders/create", |_: Event| async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Ok(())
    }));
    let batch = [order("orders/create", "1", OLD), order("orders/paid", "2", OLD)];
    assert!(run(&worker, &batch).await.is_empty(), "one is done, the other's copy is sent");
    assert_eq!(world.record("1").state, State::Done);
    assert!(matches!(world.record("2").state, State::Parked { .. }));
    assert!(world.record("2").last_error.unwrap().contains("another event of its resource"));
    let [(copy, message, group, _)] = &world.parked()[..] else { panic!("one copy") };
    assert_eq!((copy.parked.unwrap().count, group.as_str()), (1, "north.myshopify.com"));
    assert!(run(&worker, std::slice::from_ref(message)).await.is_empty());
    assert_eq!(world.record("2").state, State::Done);
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_the_resource_stays_closed_until_nothing_can_land() {
    let world = World::default();
    let failing = world.worker(Router::new().on("*", |_: Event| async { Err(Failure::transient("no reply")) }));
    assert_eq!(run(&failing, &[order("orders/create", "1", OLD)]).await, ["m0"]);
    let resource = world.ledger.resource("north.myshopify.com#default#orders/820982911946154508").unwrap();
    assert!(resource.held.is_some());
    let refusing = world.worker(Router::new().on("*", |_: Event| async { Err(Failure::permanent("refused")) }));
    world.ledger.expire_leases();
    assert_eq!(run(&refusing, &[order("orders/create", "1", OLD)]).await, ["m0"]);
    let resource = world.ledger.resource("north.myshopify.com#default#orders/820982911946154508").unwrap();
    assert!(resource.held.is_none(), "a refusal leaves nothing under way");
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_of_ledger_or_fence_loses_no_event_and_doubles_none() {
    // Calls of one event: claim, enter, leave, settle. Whatever fails, and however, it takes effect in the end.
    for fault in [Fault::BeforeWrite, Fault::AfterWrite] {
        for call in 1..=4 {
            let world = World::default();
            let (paid, told) = (order("orders/paid", "1", OLD), format!("{fault:?} in call {call}"));
            run(&world.faulty_worker(call, fault), std::slice::from_ref(&paid)).await;
            world.ledger.expire_leases();
            let parked = world.parked().pop().map_or(paid, |(_, message, ..)| message);
            assert!(run(&world.worker(Router::new()), &[parked]).await.is_empty(), "{told}");
            assert_eq!(world.record("1").state, State::Done, "{told}");
            let ids = world.published_ids();
            assert!(!ids.is_empty() && ids.iter().all(|id| id == "1"), "{told}: {ids:?}");
            if call == 4 {
                assert_eq!(ids, ["1"], "its mark was there, so it did not run again: {told}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_body_under_an_id_is_counted_and_never_runs() {
    let world = World::default();
    let worker = world.worker(Router::new());
    assert!(run(&worker, &[order("orders/paid", "1", OLD)]).await.is_empty());
    for receives in 1..=3 {
        assert_eq!(run_received(&worker, &[order("orders/paid", "1", NEW)], receives).await, ["m0"]);
    }
    let record = world.record("1");
    assert_eq!(
        (record.state, record.mismatches, record.attempts),
        (State::Done, 1, 1),
        "one delivery, received three times"
    );
    assert_eq!(world.postponed(), [Duration::ZERO; 3]);
    let resource = world.ledger.resource("north.myshopify.com#default#orders/820982911946154508").unwrap();
    assert!(resource.ran.values().all(|run| run.version == resource.newest.version), "it raised no version");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_lost_its_resource_says_nothing_more() {
    let world = World::default();
    let ledger = world.ledger.clone();
    let worker = world.worker(Router::new().on("*", move |_: Event| {
        let ledger = ledger.clone();
        async move {
            // As if the process had been held up until its lease was over, and another had come.
            ledger.expire_leases();
            let (owner, mark) = (Owner("another".into()), Mark::from("orders/updated".to_owned()));
            let version = Version::updated("2027-01-01T00:00:00Z".parse().unwrap());
            let state = fence::State { version, body: "9".into(), event: None, content: None };
            let run = Run { version, delivery: "9".into(), generation: 0, body: "9".into() };
            let key = "north.myshopify.com#default#orders/820982911946154508";
            let now = UnixMillis::now();
            let ask = fence::EnterRequest {
                key,
                owner: &owner,
                mark: &mark,
                run: &run,
                state: &state,
                now,
                lease_until: now + Duration::from_secs(60),
                once: false,
            };
            assert_eq!(ledger.enter(&ask).await.unwrap(), Entry::Granted);
            Ok(())
        }
    }));
    assert_eq!(run(&worker, &[order("orders/paid", "1", OLD)]).await, ["m0"]);
    assert!(
        matches!(world.record("1").state, State::Leased { .. }),
        "neither done nor failed: whoever comes next decides"
    );
    assert!(world.postponed().is_empty());
    assert_eq!(run(&world.worker(Router::new()), &[order("orders/paid", "1", OLD)]).await, [""; 0]);
    assert_eq!(world.record("1").state, State::Stale);
}
