//! The second region, on paused time.

mod log;

use std::{
    sync::{Mutex, atomic::Ordering},
    time::Duration,
};

use tokio::time::Instant;
use weir_core::Lane;

use crate::{
    ORDER, assert_problem, noise,
    support::{HANGS, Outside, Request, World},
};

/// What a queue in another region takes with a new connection.
const FAR: Option<Duration> = Some(Duration::from_millis(600));

fn there() -> Outside {
    Outside { queue: Mutex::new(FAR).into(), bucket: FAR, bucket_name: "there", ..Outside::default() }
}

/// Posts one order that is to be accepted, and says how long the answer took.
async fn accepted(world: &World) -> Duration {
    let begun = Instant::now();
    let answer = world.post(&Request::signed(ORDER)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn as_long_as_home_takes_it_the_fallback_is_not_asked() {
    let there = there();
    // Slow, but within home's half.
    let world = World::with_fallback(Outside::with_queue(Some(Duration::from_millis(1_400))), &there);
    accepted(&world).await;
    assert_eq!(world.post(&Request::signed(noise())).await.status, 200);
    assert_eq!(world.outside.sent.lock().unwrap().len(), 2);
    assert_eq!(there.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn delivery_that_home_refuses_is_on_the_same_lane_of_the_fallback() {
    let there = there();
    let world = World::with_fallback(Outside::with_queue(None), &there);
    assert_eq!(accepted(&world).await, Duration::from_millis(600));
    let (lane, envelope, group) = there.only_message();
    assert_eq!((lane, group.as_str()), (Lane::Standard, "north.myshopify.com"));
    assert_eq!(envelope.meta.webhook_id, "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043");
    assert_eq!(envelope.open(None).unwrap(), ORDER.as_bytes());
    assert!(world.outside.sent.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_home_that_hangs_leaves_half_of_the_time_to_the_fallback() {
    let there = there();
    let world = World::with_fallback(Outside::with_queue(HANGS), &there);
    assert_eq!(accepted(&world).await, Duration::from_millis(1_500 + 600));
    there.only_message();
}

#[tokio::test(start_paused = true)]
async fn secrets_that_come_late_shorten_both_halves() {
    let there = there();
    let home = Outside { secrets_take: Duration::from_millis(1_400), ..Outside::with_queue(HANGS) };
    let world = World::with_fallback(home, &there);
    assert_eq!(accepted(&world).await, Duration::from_millis(1_400 + 800 + 600));
}

#[tokio::test(start_paused = true)]
async fn when_both_fail_it_is_a_503_within_three_seconds() {
    for (home, far, takes) in [(None, None, 0), (None, HANGS, 3_000), (HANGS, None, 1_500), (HANGS, HANGS, 3_000)] {
        let world = World::with_fallback(Outside::with_queue(home), &Outside::with_queue(far));
        let begun = Instant::now();
        let answer = world.post(&Request::signed(ORDER)).await;
        assert_problem(&answer, 503, "Nothing was lost");
        assert!(answer.headers["retry-after"].is_string());
        assert_eq!(begun.elapsed(), Duration::from_millis(takes), "{home:?} {far:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_body_lies_where_the_worker_of_its_region_reads_it() {
    let no_queue = Outside::with_queue(None);
    let no_bucket = Outside { bucket: None, ..Outside::default() };
    let slow_bucket = Outside { bucket: HANGS, ..Outside::default() };
    for home in [no_queue, no_bucket, slow_bucket] {
        let there = there();
        let world = World::with_fallback(home, &there);
        assert_eq!(world.post(&Request::signed(noise())).await.status, 200);
        assert_eq!(there.only_message().1.reference(), Some("s3://there/1"));
        assert_eq!(*there.stored.lock().unwrap(), [noise()]);
        assert!(world.outside.sent.lock().unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_home_is_tried_on_but_not_for_long() {
    let world = World::with_fallback(Outside::with_queue(HANGS), &there());
    let begun = Instant::now();
    assert_eq!(accepted(&world).await, Duration::from_millis(1_500 + 600));
    for _ in 0..9 {
        assert_eq!(accepted(&world).await, Duration::from_millis(300 + 600));
    }
    assert_eq!(world.outside.asked.load(Ordering::SeqCst), 10, "each of them asked home first");
    // Ten seconds after the first failure (the short tries since do not count) one more pays for a longer look.
    tokio::time::advance(begun + Duration::from_millis(1_500 + 10_000) - Instant::now()).await;
    assert_eq!(accepted(&world).await, Duration::from_millis(1_500 + 600));
    assert_eq!(accepted(&world).await, Duration::from_millis(300 + 600));
}

#[tokio::test(start_paused = true)]
async fn the_first_success_at_home_ends_the_doubt() {
    let world = World::with_fallback(Outside::with_queue(HANGS), &there());
    accepted(&world).await;
    *world.outside.queue.lock().unwrap() = Some(Duration::from_millis(20));
    assert_eq!(accepted(&world).await, Duration::from_millis(20));
    *world.outside.queue.lock().unwrap() = Some(Duration::from_millis(1_000));
    assert_eq!(accepted(&world).await, Duration::from_secs(1), "home has its half again");
}
