//! Several processes and one circuit: each process has a [`Breaker`] of its own over the same shared state.

use std::{sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, join_all};

use super::{Breaker, Circuit, Open, Phase, Settings};
use crate::{
    Clock, MemoryState, SharedState, UnixMillis,
    shared::{self, SharedStateError, Swap, Versioned},
};

const START: UnixMillis = UnixMillis(1_800_000_000_000);

fn process(state: &Arc<impl SharedState>) -> Arc<Breaker> {
    let state: Arc<dyn SharedState> = state.clone();
    Arc::new(Breaker::new("shop/a".into(), Settings::default(), Clock::starting_at(START), state))
}

async fn fails(breaker: &Arc<Breaker>, times: usize) {
    for _ in 0..times {
        breaker.permit().await.unwrap().failed("HTTP 503").await;
    }
}

async fn refused(breaker: &Arc<Breaker>) -> Open {
    breaker.permit().await.err().expect("the circuit is open")
}

#[tokio::test(start_paused = true)]
async fn open_circuit_holds_for_all_processes() {
    let state = Arc::new(MemoryState::default());
    let (one, other) = (process(&state), process(&state));
    other.permit().await.unwrap().succeeded().await;
    fails(&one, 6).await;
    assert_eq!(refused(&one).await.retry_after, Duration::from_secs(15));
    tokio::time::advance(Settings::default().read_every).await;
    let open = refused(&other).await;
    assert_eq!((open.reason.as_str(), open.retry_after), ("HTTP 503", Duration::from_secs(10)));
}

#[tokio::test(start_paused = true)]
async fn a_few_failures_among_many_calls_open_nothing() {
    let breaker = process(&Arc::new(MemoryState::default()));
    for n in 0..30 {
        let permit = breaker.permit().await.unwrap();
        if n % 3 == 0 { permit.failed("HTTP 500").await } else { permit.succeeded().await }
    }
    assert!(breaker.permit().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_probe_of_all_processes_finds_out_and_then_all_pass() {
    let state = Arc::new(MemoryState::default());
    let processes: Vec<_> = (0..8).map(|_| process(&state)).collect();
    fails(&processes[0], 6).await;
    tokio::time::advance(Duration::from_secs(16)).await;
    let mut passed: Vec<_> = join_all(processes.iter().map(Breaker::permit)).await.into_iter().flatten().collect();
    assert_eq!(passed.len(), 1, "probes");
    passed.remove(0).succeeded().await;
    tokio::time::advance(Settings::default().read_every).await;
    assert!(join_all(processes.iter().map(Breaker::permit)).await.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_keeps_all_away_for_twice_as_long() {
    let state = Arc::new(MemoryState::default());
    let breaker = process(&state);
    fails(&breaker, 6).await;
    tokio::time::advance(Duration::from_secs(15)).await;
    breaker.permit().await.unwrap().failed("HTTP 503").await;
    assert_eq!(refused(&breaker).await.retry_after, Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn the_operator_can_see_the_circuit() {
    let state = Arc::new(MemoryState::default());
    fails(&process(&state), 6).await;
    let circuit: Circuit = shared::peek(&*state, &Breaker::key("shop/a")).await.unwrap().unwrap();
    assert_eq!(circuit.phase, Phase::Open(START + Duration::from_secs(15)));
    assert_eq!(circuit.reason, "HTTP 503");
}

#[tokio::test(start_paused = true)]
async fn calls_that_go_well_write_nothing_and_seldom_read() {
    let state = Arc::new(MemoryState::default());
    let breaker = process(&state);
    for _ in 0..1000 {
        breaker.permit().await.unwrap().succeeded().await;
    }
    assert_eq!((state.reads(), state.writes()), (1, 0));
}

/// A store that is not there.
struct Gone;

impl SharedState for Gone {
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Versioned>, SharedStateError>> {
        Box::pin(async move { Err(SharedStateError { key: key.into(), action: "read", source: "gone".into() }) })
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
async fn without_the_shared_state_a_process_still_has_its_own_circuit() {
    let breaker = process(&Arc::new(Gone));
    fails(&breaker, 6).await;
    assert_eq!(refused(&breaker).await.retry_after, Duration::from_secs(15));
    tokio::time::advance(Duration::from_secs(15)).await;
    breaker.permit().await.unwrap().succeeded().await;
    assert!(breaker.permit().await.is_ok());
}
