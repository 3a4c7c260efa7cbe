//! What is parked, what goes to the DLQ, and what an operator switches off.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::support::{World, body, envelope, meta, run, run_received};
use weir_consumer::router::{Event, Router};
use weir_core::{
    Failure, UnixMillis, WebhookId,
    controls::Controls,
    envelope::{self, Envelope, Meta},
    ledger::{Outcome, State},
    park::{BODY_RETENTION, MESSAGE_RETENTION, OUTAGE_AT_MOST, Parked},
};
use weir_testkit::Fault;

fn down() -> Router {
    Router::new().on("*", |_: Event| async { Err(Failure::outage("erp is down", Duration::from_secs(60))) })
}

#[tokio::test(start_paused = true)]
async fn an_outage_parks_a_copy_and_the_original_gives_way_to_it() {
    let world = World::default();
    let original = envelope("1", &body(1));
    assert!(run(&world.worker(down()), std::slice::from_ref(&original)).await.is_empty(), "acknowledged");
    let record = world.record("1");
    assert!(matches!(record.state, State::Parked { .. }) && record.parks == 1);
    assert_eq!(record.last_error.as_deref(), Some("erp is down"));
    let [(copy, message, group, delay)] = &world.parked()[..] else { panic!("one copy") };
    assert_eq!((copy.parked.unwrap().count, group.as_str()), (1, "north.myshopify.com"));
    assert!(*delay >= Duration::from_secs(60) && *delay <= Duration::from_secs(120), "{delay:?}");
    let [attempt] = &record.history[..] else { panic!("{:?}", record.history) };
    let told = (attempt.outcome, attempt.comes_back, attempt.error.as_deref());
    assert_eq!(told, (Outcome::Parked, Some(attempt.ended + *delay), Some("erp is down")));
    // The acknowledgement was lost: the original comes again, and must not become a second copy.
    assert!(run_received(&world.worker(down()), std::slice::from_ref(&original), 2).await.is_empty());
    assert_eq!(world.parked().len(), 1);
    let up = world.worker(Router::new());
    assert!(run(&up, std::slice::from_ref(message)).await.is_empty());
    assert!(run_received(&up, &[original], 3).await.is_empty());
    assert_eq!(world.published_ids(), ["1"]);
    assert_eq!(world.record("1").state, State::Done);
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_copy_and_record_leaves_no_double_effect() {
    // Claim, settle: the second is that of the park.
    for fault in [Fault::BeforeWrite, Fault::AfterWrite] {
        let world = World::default();
        let original = envelope("1", &body(1));
        let faulty = world.faulty_worker_with(2, fault, down());
        assert!(run(&faulty, std::slice::from_ref(&original)).await.is_empty(), "the copy is there: acknowledged");
        world.ledger.expire_leases();
        let (_, copy, ..) = world.parked().pop().unwrap();
        let up = world.worker(Router::new());
        for message in [original.clone(), copy.clone(), original, copy] {
            assert!(run_received(&up, &[message], 2).await.is_empty(), "{fault:?}");
        }
        assert_eq!(world.published_ids(), ["1"], "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_takes_no_copy_makes_the_message_come_back() {
    let world = World::default();
    world.queue_is_down.store(true, Ordering::SeqCst);
    assert_eq!(run(&world.worker(down()), &[envelope("1", &body(1))]).await, ["m0"]);
    let record = world.record("1");
    assert!(matches!(record.state, State::Failed(Failure::Transient(_))));
    assert!(record.last_error.unwrap().contains("erp is down"));
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_a_day_is_given_up_with_its_reason() {
    let world = World::default();
    let since = UnixMillis::now() - OUTAGE_AT_MOST;
    let parked = Envelope::parse(&envelope("1", &body(1))).unwrap().park(Parked { count: 90, since });
    assert_eq!(run(&world.worker(down()), &[parked]).await, ["m0"]);
    let reason = world.record("1").last_error.unwrap();
    assert_eq!(reason, "gave up after 24 h of waiting, parked 90 times (erp is down)");
    assert_eq!(world.postponed(), [Duration::ZERO], "to the DLQ at once");
    assert!(world.parked().is_empty());
}

/// The lane is switched off: bodies are not even fetched.
#[tokio::test(start_paused = true)]
async fn message_whose_copy_would_outlive_its_body_is_not_parked() {
    const HOUR: Duration = Duration::from_secs(3600);
    let most = BODY_RETENTION - MESSAGE_RETENTION;
    for (age, parked) in [(most - HOUR, true), (most + HOUR, false)] {
        let world = World::default().under(Controls::parse(r#"{"off":[{"lane":"standard"}]}"#).unwrap());
        let meta = Meta { received_at: UnixMillis::now() - age, ..meta("1", &body(1)) };
        run(&world.worker(Router::new()), &[envelope::refer(&meta, "s3://bodies/1")]).await;
        assert_eq!(world.parked().len(), usize::from(parked), "{age:?}");
        let gone = world.record("1").last_error.is_some_and(|error| error.contains("a parked copy would outlive it"));
        assert_eq!(gone, !parked, "{age:?}");
        // A body within the message is as old as the message: it may wait.
        let inside = envelope::seal(&Meta { webhook_id: WebhookId::from_stored("2"), ..meta }, &body(1)).unwrap();
        run(&world.worker(Router::new()), &[inside]).await;
        assert_eq!(world.parked().len(), usize::from(parked) + 1, "{age:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn permanent_failure_runs_once_and_uses_up_its_receives() {
    let world = World::default();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let worker = world.worker(Router::new().on("*", move |_: Event| {
        counted.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Err(Failure::permanent("422")))
    }));
    let poison = envelope("1", &body(1));
    for receives in 1..=5 {
        assert_eq!(run_received(&worker, std::slice::from_ref(&poison), receives).await, ["m0"]);
        assert_eq!(world.record("1").last_error.as_deref(), Some("422"), "before the DLQ has it");
    }
    assert_eq!((runs.load(Ordering::SeqCst), world.record("1").attempts), (1, 1));
    assert_eq!(world.postponed(), [Duration::ZERO; 5]);
    // Moved back from the DLQ, its receives start afresh.
    assert_eq!(run_received(&worker, &[poison], 1).await, ["m0"]);
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_could_not_be_recorded_does_not_rush_to_the_dlq() {
    let world = World::default();
    let refusing = Router::new().on("*", |_: Event| async { Err(Failure::permanent("422")) });
    let worker = world.faulty_worker_with(2, Fault::BeforeWrite, refusing);
    assert_eq!(run(&worker, &[envelope("1", &body(1))]).await, ["m0"]);
    assert_ne!(world.postponed(), [Duration::ZERO], "its reason must stand in the ledger first");
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_is_down_uses_up_no_receives_either() {
    for (receives, parked) in [(1, 0), (2, 0), (3, 1), (4, 1)] {
        let world = World::default();
        let worker = world.faulty_worker(1, Fault::BeforeWrite);
        let failed = run_received(&worker, &[envelope("1", &body(1))], receives).await;
        assert_eq!(failed.len(), 1 - parked, "receive {receives}");
        assert_eq!(world.parked().len(), parked, "receive {receives}");
    }
}

#[tokio::test(start_paused = true)]
async fn event_of_a_switched_off_shop_is_parked_before_any_handler() {
    for off in [
        r#"{"off":[{"lane":"standard","shop":"north.myshopify.com","why":"INC-7"}]}"#,
        r#"{"off":[{"handler":"second","why":"INC-7"}]}"#,
    ] {
        let controls = Controls::parse(off).unwrap();
        let world = World::default().under(controls);
        let runs = Arc::new(AtomicUsize::new(0));
        let count = || {
            let runs = runs.clone();
            move |_: Event| {
                runs.fetch_add(1, Ordering::SeqCst);
                std::future::ready(Ok(()))
            }
        };
        let worker = world.worker(Router::new().on_as("first", "*", count()).on_as("second", "*", count()));
        assert!(run(&worker, &[envelope("1", &body(1))]).await.is_empty());
        assert_eq!(runs.load(Ordering::SeqCst), 0, "not the handlers before it either");
        assert!(world.record("1").last_error.unwrap().contains("INC-7"));
        let (copy, message, ..) = world.parked().pop().unwrap();
        // Longer than any outage, and still not dropped.
        let long_ago = Parked { since: copy.parked.unwrap().since - OUTAGE_AT_MOST * 2, ..copy.parked.unwrap() };
        assert!(run(&worker, &[copy.park(long_ago)]).await.is_empty());
        assert_eq!(world.parked().len(), 2);
        let on = world.clone().under(Controls::default());
        let worker = on.worker(Router::new().on_as("first", "*", count()).on_as("second", "*", count()));
        let latest = world.parked().pop().map_or(message, |(_, message, ..)| message);
        assert!(run(&worker, &[latest]).await.is_empty());
        assert_eq!((runs.load(Ordering::SeqCst), world.published_ids()), (2, vec!["1".to_owned()]));
    }
}
