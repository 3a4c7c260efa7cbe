//! The promise, whatever processes do: take, wait, leave, die with what they hold.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use proptest::prelude::*;

use super::{NAME, Uses, clock, limit, process};
use crate::MemoryState;

/// What one process does: pauses and how long it waits, by each of its callers, until it dies.
#[derive(Debug, Clone)]
struct Life {
    born_ms: u64,
    dies_after_ms: u64,
    callers: Vec<Vec<(u64, u64)>>,
}

fn life() -> impl Strategy<Value = Life> {
    let takes = prop::collection::vec((prop_oneof![3 => 0..30_u64, 1 => 0..4_000_u64], 0..3_000_u64), 1..60);
    (0..6_000_u64, 100..15_000_u64, prop::collection::vec(takes, 1..4))
        .prop_map(|(born_ms, dies_after_ms, callers)| Life { born_ms, dies_after_ms, callers })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_window_ever_holds_more_than_the_burst_and_what_flowed_in(
        (per_second, burst) in (prop_oneof![0.2..5.0_f64, 5.0..200.0_f64], prop_oneof![1..4_u32, 4..80_u32]),
        lives in prop::collection::vec(life(), 1..10),
        latency_ms in prop_oneof![Just(0), 1..400_u64],
    ) {
        let limit = limit(per_second, burst);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let uses = runtime.block_on(async {
            let state = Arc::new(MemoryState::with_latency(Duration::from_millis(latency_ms)));
            let (uses, clock) = (Uses::default(), clock());
            join_all(lives.iter().map(|life| {
                let (state, uses) = (&state, &uses);
                async move {
                    tokio::time::sleep(Duration::from_millis(life.born_ms)).await;
                    let process = process(state, clock);
                    let process = &process;
                    let work = join_all(life.callers.iter().map(|takes| async move {
                        for (pause, patience) in takes {
                            tokio::time::sleep(Duration::from_millis(*pause)).await;
                            if process.take(NAME, limit, Duration::from_millis(*patience)).await.is_ok() {
                                uses.add(clock.now());
                            }
                        }
                    }));
                    // Wherever it stands, with all that it holds.
                    tokio::time::timeout(Duration::from_millis(life.dies_after_ms), work).await.ok();
                }
            }))
            .await;
            uses
        });
        let worst = uses.worst(limit);
        prop_assert!(worst < 1e-6, "{worst} too many in a window; {} in all", uses.count());
    }
}
