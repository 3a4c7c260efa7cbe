//! What the limiter lets through, and what it costs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::{BoxFuture, join_all};

use super::{NAME, NotFor, SECOND, START, Uses, clock, limit, process};
use crate::{
    MemoryState, SharedState,
    shared::{SharedStateError, Swap, Versioned},
};

const LATENCY: Duration = Duration::from_millis(10);

/// Permits that `processes` use within a minute, and reads and writes, all a second and process.
async fn a_minute(processes: u32, limit: crate::Limit) -> (f64, f64, f64) {
    let state = Arc::new(MemoryState::with_latency(LATENCY));
    let (uses, clock) = (Uses::default(), clock());
    let all: Vec<_> = (0..processes).map(|_| process(&state, clock)).collect();
    join_all(all.iter().map(|process| uses.take_until(START + 60 * SECOND, clock, process, limit))).await;
    assert!(uses.worst(limit) < 1e-6, "{}", uses.worst(limit));
    let count = |n: u64| u32::try_from(n).map(f64::from).unwrap() / 60.0;
    let (reads, writes) = (count(state.reads()), count(state.writes()));
    let each = f64::from(processes);
    (count(uses.count() as u64), reads / each, writes / each)
}

#[tokio::test(start_paused = true)]
async fn a_busy_process_gets_its_rate_for_a_read_and_a_write_a_second() {
    for (limit, least) in [(limit(100.0, 200), 95.0), (limit(5.0, 10), 4.8), (limit(50.0, 50), 45.0)] {
        let (used, reads, writes) = a_minute(1, limit).await;
        assert!(used >= least, "{limit:?}: {used} a second");
        assert!(reads <= 1.3 && writes <= 1.3, "{limit:?}: {reads} reads, {writes} writes a second");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_busy_processes_share_the_rate_and_cost_little_each() {
    let limit = limit(100.0, 200);
    let (used, reads, writes) = a_minute(10, limit).await;
    assert!(used >= 95.0, "{used} a second");
    assert!(reads <= 2.0 && writes <= 2.0, "{reads} reads, {writes} writes a second");
}

/// How long workers take that have so many events each, all of which wait at once; and the reads and writes of all.
async fn backlog(workers: usize, events: usize, limit: crate::Limit) -> (f64, u64, u64) {
    let state = Arc::new(MemoryState::with_latency(LATENCY));
    let (uses, clock) = (Uses::default(), clock());
    let all: Vec<_> = (0..workers).map(|_| process(&state, clock)).collect();
    join_all(all.iter().flat_map(|process| std::iter::repeat_n(process, events)).map(|process| {
        let uses = &uses;
        async move {
            process.take(NAME, limit, 8 * SECOND).await.unwrap();
            uses.add(clock.now());
        }
    }))
    .await;
    assert!(uses.worst(limit) < 1e-6, "{}", uses.worst(limit));
    (clock.now().since(START).as_secs_f64(), state.reads(), state.writes())
}

#[tokio::test(start_paused = true)]
async fn backlog_that_several_workers_share_flows_at_the_rate() {
    for (workers, events, limit) in [
        (1, 12, limit(2.0, 2)),
        (3, 4, limit(2.0, 2)),
        (12, 1, limit(2.0, 2)),
        (2, 4, limit(1.0, 1)),
        (4, 30, limit(20.0, 20)),
        (12, 10, limit(20.0, 20)),
        (10, 10, limit(50.0, 10)),
    ] {
        let all = f64::from(u32::try_from(workers * events).unwrap());
        let ideal = (all - f64::from(limit.burst)) / limit.per_second;
        let (took, reads, writes) = backlog(workers, events, limit).await;
        let case = format!("{workers} workers, {events} events each, {limit:?}");
        // Beside the tenth: the asks themselves.
        assert!(took <= 1.1 * ideal + 0.1, "{case}: {took} s instead of {ideal}");
        // Many a write loses against another one, and is decided anew.
        let asks = u64::try_from(8 * workers).unwrap();
        assert!(reads <= asks && writes <= asks, "{case}: {reads} reads, {writes} writes");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rare_caller_costs_one_read_and_one_write_each_time() {
    let state = Arc::new(MemoryState::default());
    let process = process(&state, clock());
    for _ in 0..10 {
        process.take(NAME, limit(100.0, 200), Duration::ZERO).await.unwrap();
        tokio::time::advance(60 * SECOND).await;
    }
    assert_eq!((state.reads(), state.writes()), (10, 10));
}

#[tokio::test(start_paused = true)]
async fn limiter_names_the_time_at_which_a_permit_is_free() {
    let state = Arc::new(MemoryState::default());
    let (one, other) = (process(&state, clock()), process(&state, clock()));
    let limit = limit(0.5, 1);
    one.take(NAME, limit, Duration::ZERO).await.unwrap();
    let NotFor(wait) = other.take(NAME, limit, SECOND).await.unwrap_err();
    assert!(wait > SECOND && wait <= 4 * SECOND, "{wait:?}");
    let reads = state.reads();
    for _ in 0..100 {
        other.take(NAME, limit, Duration::ZERO).await.unwrap_err();
    }
    assert_eq!(state.reads(), reads, "asking again meanwhile costs nothing");
    tokio::time::advance(wait).await;
    other.take(NAME, limit, Duration::ZERO).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiting_caller_gets_the_permit_when_it_is_free() {
    let state = Arc::new(MemoryState::default());
    let (process, clock) = (process(&state, clock()), clock());
    let limit = limit(1.0, 1);
    process.take(NAME, limit, Duration::ZERO).await.unwrap();
    process.take(NAME, limit, 3 * SECOND).await.unwrap();
    let waited = clock.now().since(START);
    assert!(waited >= SECOND && waited < 2 * SECOND, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn permits_of_a_process_that_died_are_there_for_others_soon_and_never_used_twice() {
    let state = Arc::new(MemoryState::default());
    let limit = limit(10.0, 10);
    let dead = process(&state, clock());
    // Ten callers at once: it gets all ten, uses one, and dies.
    let first = join_all((0..10).map(|_| dead.take(NAME, limit, Duration::ZERO)));
    assert!(first.await.iter().all(Result::is_ok));
    drop(dead);
    let other = process(&state, clock());
    assert!(other.take(NAME, limit, Duration::ZERO).await.is_err());
    other.take(NAME, limit, 3 * SECOND).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lower_limit_takes_effect_at_once_for_permits_held_too() {
    let state = Arc::new(MemoryState::default());
    let process = process(&state, clock());
    let before = limit(100.0, 100);
    for _ in 0..20 {
        process.take(NAME, before, Duration::ZERO).await.unwrap();
    }
    let now = limit(1.0, 2);
    let took = join_all((0..20).map(|_| process.take(NAME, now, Duration::ZERO))).await;
    assert!(took.iter().filter(|took| took.is_ok()).count() <= 2);
}

#[tokio::test(start_paused = true)]
async fn limits_of_different_names_do_not_touch_each_other() {
    let state = Arc::new(MemoryState::default());
    let process = process(&state, clock());
    let limit = limit(0.1, 1);
    process.take("limit/erp/a", limit, Duration::ZERO).await.unwrap();
    process.take("limit/erp/b", limit, Duration::ZERO).await.unwrap();
    assert!(process.take("limit/erp/a", limit, Duration::ZERO).await.is_err());
}

/// A store that is not there, or never answers.
struct Gone {
    answers: bool,
}

impl Gone {
    fn failed<'a, T: Send + 'a>(&self, key: &'a str) -> BoxFuture<'a, Result<T, SharedStateError>> {
        let error = SharedStateError { key: key.into(), action: "read", source: "gone".into() };
        Box::pin(std::future::ready(Err(error)))
    }
}

impl SharedState for Gone {
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Versioned>, SharedStateError>> {
        Box::pin(async move {
            if !self.answers {
                std::future::pending::<()>().await;
            }
            Err(SharedStateError { key: key.into(), action: "read", source: "gone".into() })
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        _: Option<u64>,
        _: &'a str,
        _: Duration,
    ) -> BoxFuture<'a, Result<Swap, SharedStateError>> {
        Box::pin(async move { Err(SharedStateError { key: key.into(), action: "written", source: "gone".into() }) })
    }
}

#[tokio::test(start_paused = true)]
async fn limit_that_can_not_be_kept_lets_nothing_through_and_says_when_to_come_back() {
    for answers in [true, false] {
        let (uses, clock, limit) = (Uses::default(), clock(), limit(10.0, 20));
        let process = process(&Arc::new(Gone { answers }), clock);
        let NotFor(rest) = process.take("limit/erp/a", limit, SECOND).await.unwrap_err();
        assert!(rest > SECOND && rest < 10 * SECOND, "{answers}: {rest:?}");
        uses.take_until(clock.now() + 60 * SECOND, clock, &process, limit).await;
        assert_eq!(uses.count(), 0, "{answers}");
    }
}

#[tokio::test(start_paused = true)]
async fn limit_that_can_be_kept_again_lets_through_what_it_allows() {
    let (uses, clock, limit) = (Uses::default(), clock(), limit(10.0, 20));
    let state = Arc::new(Flaky::default());
    let process = process(&state, clock);
    state.is_gone.store(true, Ordering::SeqCst);
    uses.take_until(clock.now() + 20 * SECOND, clock, &process, limit).await;
    assert_eq!(uses.count(), 0);
    state.is_gone.store(false, Ordering::SeqCst);
    uses.take_until(clock.now() + 30 * SECOND, clock, &process, limit).await;
    assert!(uses.count() > 200 && uses.worst(limit) < 1e-6, "{} {}", uses.count(), uses.worst(limit));
}

/// A store that is there at times.
#[derive(Default)]
struct Flaky {
    inner: MemoryState,
    is_gone: AtomicBool,
}

impl SharedState for Flaky {
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Versioned>, SharedStateError>> {
        match self.is_gone.load(Ordering::SeqCst) {
            true => Gone { answers: true }.failed(key),
            false => self.inner.read(key),
        }
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<u64>,
        value: &'a str,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Swap, SharedStateError>> {
        match self.is_gone.load(Ordering::SeqCst) {
            true => Gone { answers: true }.failed(key),
            false => self.inner.swap(key, expected, value, ttl),
        }
    }
}

/// A store whose client repeats each write, as an SDK does when a reply was lost: the second one loses to the first.
struct Repeats(MemoryState);

impl SharedState for Repeats {
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Versioned>, SharedStateError>> {
        self.0.read(key)
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<u64>,
        value: &'a str,
        keep: Duration,
    ) -> BoxFuture<'a, Result<Swap, SharedStateError>> {
        Box::pin(async move {
            self.0.swap(key, expected, value, keep).await?;
            self.0.swap(key, expected, value, keep).await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_repeated_grants_once() {
    let process = process(&Arc::new(Repeats(MemoryState::default())), clock());
    let limit = limit(0.1, 5);
    for n in 0..5 {
        assert!(process.take(NAME, limit, Duration::ZERO).await.is_ok(), "{n}");
        tokio::time::advance(Duration::from_millis(10)).await;
    }
    assert!(process.take(NAME, limit, Duration::ZERO).await.is_err());
}
