//! What uses up an event's attempts, what its message's receives, and how it waits between them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::support::{MAX_ATTEMPTS, MAX_RECEIVES, World, body, call_error, envelope, run, run_received};
use weir_aws::ErrorClass;
use weir_consumer::router::{Event, Router};
use weir_core::{
    Failure,
    ledger::{Outcome, State},
};
use weir_testkit::Fault;

/// A router whose handlers are named, count their runs and end as they are told.
fn counted(name: &str, runs: &Arc<AtomicUsize>, result: Result<(), Failure>) -> Router {
    route(Router::new(), name, runs, result)
}

fn route(router: Router, name: &str, runs: &Arc<AtomicUsize>, result: Result<(), Failure>) -> Router {
    let runs = runs.clone();
    router.on_as(name, "*", move |_: Event| {
        runs.fetch_add(1, Ordering::SeqCst);
        std::future::ready(result.clone())
    })
}

fn down() -> Result<(), Failure> {
    Err(Failure::transient("down"))
}

/// Hands the message to workers until it is acknowledged without a copy or given up; how often it was handed out.
async fn until_it_ends(world: &World, router: &Router) -> u32 {
    let worker = world.worker(router.clone());
    let (mut message, mut receives, mut rounds) = (envelope("1", &body(1)), 1, 0);
    while world.postponed().last() != Some(&Duration::ZERO) {
        rounds += 1;
        assert!(rounds < 100, "it never ends");
        let copies = world.parked().len();
        let failed = run_received(&worker, std::slice::from_ref(&message), receives).await;
        match world.parked().get(copies) {
            Some((_, copy, ..)) => (message, receives) = (copy.clone(), 1),
            None if failed.is_empty() => return rounds,
            None => receives += 1,
        }
        tokio::time::advance(Duration::from_secs(1000)).await;
    }
    rounds
}

#[tokio::test(start_paused = true)]
async fn event_that_fails_its_attempts_goes_to_the_dlq_at_once_with_its_reason() {
    let (world, runs) = (World::default(), Arc::default());
    assert_eq!(until_it_ends(&world, &counted("erp", &runs, down())).await, MAX_ATTEMPTS);
    assert_eq!(runs.load(Ordering::SeqCst), 5);
    let record = world.record("1");
    assert_eq!(record.state, State::Failed(Failure::permanent("down (the last of 5 attempts)")));
    assert_eq!(record.history.last().unwrap().outcome, Outcome::FailedForGood);
    assert_eq!(world.postponed().last(), Some(&Duration::ZERO), "the last attempt waits for nothing");
    // The receives that are left run nothing.
    let copy = world.parked().last().map_or(envelope("1", &body(1)), |(_, copy, ..)| copy.clone());
    assert_eq!(run_received(&world.worker(Router::new()), std::slice::from_ref(&copy), 3).await, ["m0"]);
    assert!(world.published_ids().is_empty());
    // Moved back from the DLQ it has all its attempts again.
    assert_eq!(run(&world.worker(counted("erp", &runs, down())), std::slice::from_ref(&copy)).await.len(), 1);
    assert!(matches!(world.record("1").state, State::Failed(Failure::Transient(_))));
}

#[tokio::test(start_paused = true)]
async fn long_backoff_waits_as_a_copy_that_keeps_the_count_and_no_message_hides_for_long() {
    for seed in 0..20 {
        let (world, runs) = (World::default(), Arc::default());
        fastrand::seed(seed);
        assert_eq!(until_it_ends(&world, &counted("erp", &runs, down())).await, MAX_ATTEMPTS);
        let hidden = world.postponed();
        assert!(hidden.iter().all(|delay| *delay <= Duration::from_secs(10)), "{hidden:?}");
        let copies = world.parked();
        assert!(copies.iter().all(|(.., delay)| *delay <= Duration::from_secs(80)), "{copies:?}");
        assert_eq!(hidden.len() + copies.len(), 5);
        assert_eq!(world.record("1").parks as usize, copies.len());
    }
}

#[tokio::test(start_paused = true)]
async fn failed_event_on_its_last_receive_goes_on_as_a_copy_while_it_has_attempts_left() {
    let (world, runs) = (World::default(), Arc::default());
    let failing = world.worker(counted("erp", &runs, down()));
    // Throttled invocations used up all receives but one: the function never ran.
    assert!(run_received(&failing, &[envelope("1", &body(1))], MAX_RECEIVES).await.is_empty());
    let record = world.record("1");
    assert_eq!((record.state, record.parks), (State::Failed(Failure::transient("down")), 1));
    assert_eq!(record.progress.failures, 1);
    let (_, copy, ..) = world.parked().pop().unwrap();
    assert!(run(&world.worker(Router::new()), &[copy]).await.is_empty());
    assert_eq!(world.published_ids(), ["1"]);
    assert!(run_received(&world.worker(Router::new()), &[envelope("1", &body(1))], MAX_RECEIVES).await.is_empty());
    assert_eq!(world.published_ids(), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn message_whose_event_is_leased_on_its_last_receive_waits_as_a_copy() {
    let world = World::default();
    let endless = Router::new().on("*", |_: Event| std::future::pending::<Result<(), Failure>>());
    let order = envelope("1", &body(1));
    let worker = world.worker(endless);
    let batch = [order.clone()];
    let mut holding = std::pin::pin!(run(&worker, &batch));
    assert!(futures_util::poll!(holding.as_mut()).is_pending());
    tokio::time::advance(Duration::from_millis(1)).await;
    let other = world.worker(Router::new());
    assert_eq!(run_received(&other, std::slice::from_ref(&order), 1).await, ["m0"]);
    assert!(run_received(&other, std::slice::from_ref(&order), MAX_RECEIVES).await.is_empty());
    assert_eq!(world.parked().len(), 1, "it would have gone to the DLQ, unhandled");
}

#[tokio::test(start_paused = true)]
async fn ledger_that_is_down_parks_before_the_receives_end_whatever_their_number() {
    for max_receives in 1..=12 {
        let world = World::default();
        let down = call_error("UpdateItem", "InternalServerError", ErrorClass::Unavailable);
        let mut worker = world.worker_without_ledger(down);
        Arc::get_mut(&mut worker).unwrap().max_receives = max_receives;
        for receives in 1..=max_receives {
            let failed = run_received(&worker, &[envelope("1", &body(1))], receives).await;
            let parks = receives >= max_receives.min(3);
            assert_eq!(failed.is_empty(), parks, "receive {receives} of {max_receives}");
        }
        assert!(!world.parked().is_empty(), "{max_receives}");
    }
}

#[tokio::test(start_paused = true)]
async fn end_that_can_not_be_recorded_on_the_last_receive_leaves_a_copy() {
    // The second call settles: what took effect, and what failed for good.
    for result in [Ok(()), Err(Failure::permanent("422")), down()] {
        let (world, runs) = (World::default(), Arc::default());
        let worker = world.faulty_worker_with(2, Fault::BeforeWrite, counted("erp", &runs, result.clone()));
        assert!(run_received(&worker, &[envelope("1", &body(1))], MAX_RECEIVES).await.is_empty(), "{result:?}");
        assert_eq!(world.parked().len(), 1, "{result:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_bus_forwards_once() {
    let (world, runs, other) = (World::default(), Arc::default(), Arc::default());
    let router = route(counted("forward", &runs, Ok(())), "forward", &other, Ok(()));
    *world.bus_refuses.lock().unwrap() = Some(Failure::outage("the bus is down", Duration::from_secs(10)));
    let worker = world.worker(router);
    let mut message = envelope("1", &body(1));
    for cycle in 1..=3 {
        assert!(run(&worker, &[message]).await.is_empty(), "cycle {cycle}");
        message = world.parked().pop().unwrap().1;
    }
    *world.bus_refuses.lock().unwrap() = None;
    assert!(run(&worker, &[message]).await.is_empty());
    assert_eq!(world.published_ids(), ["1"]);
    // Two handlers of one name are two handlers.
    assert_eq!((runs.load(Ordering::SeqCst), other.load(Ordering::SeqCst)), (1, 1));
    assert_eq!(world.record("1").attempts, 4);
}

#[tokio::test(start_paused = true)]
async fn handler_that_succeeded_does_not_run_again_while_a_later_one_fails() {
    let (world, first, second) = (World::default(), Arc::default(), Arc::default());
    let failing = route(counted("first", &first, Ok(())), "second", &second, down());
    assert_eq!(run(&world.worker(failing), &[envelope("1", &body(1))]).await, ["m0"]);
    let passing = route(counted("first", &first, Ok(())), "second", &second, Ok(()));
    assert!(run_received(&world.worker(passing), &[envelope("1", &body(1))], 2).await.is_empty());
    assert_eq!((first.load(Ordering::SeqCst), second.load(Ordering::SeqCst)), (1, 2));
    assert_eq!(world.published_ids(), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn delivery_counts_once_however_often_its_message_is_received() {
    let world = World::default();
    let worker = world.worker(Router::new());
    assert!(run(&worker, &[envelope("1", &body(1))]).await.is_empty());
    for receives in 1..=MAX_RECEIVES {
        assert_eq!(run_received(&worker, &[envelope("1", &body(2))], receives).await, ["m0"]);
    }
    assert_eq!(world.record("1").mismatches, 1);
}
