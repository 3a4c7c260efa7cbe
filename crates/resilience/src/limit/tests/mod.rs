//! Several processes and one limit: each process has a [`Limiter`] of its own over the same shared state.

mod decisions;
mod property;
mod rate;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{Limit, Limiter, NotFor};
use crate::{Clock, SharedState, UnixMillis};

const START: UnixMillis = UnixMillis(1_800_000_000_000);
const NAME: &str = "limit/erp/north";
const SECOND: Duration = Duration::from_secs(1);

fn limit(per_second: f64, burst: u32) -> Limit {
    Limit { per_second, burst }
}

fn clock() -> Clock {
    Clock::starting_at(START)
}

fn process(state: &Arc<impl SharedState>, clock: Clock) -> Limiter {
    let state: Arc<dyn SharedState> = state.clone();
    Limiter::new(clock, state)
}

/// When permits were used.
#[derive(Debug, Default)]
struct Uses(Mutex<Vec<UnixMillis>>);

impl Uses {
    fn add(&self, at: UnixMillis) {
        self.0.lock().unwrap().push(at);
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Takes permits, one after another, until `end`.
    async fn take_until(&self, end: UnixMillis, clock: Clock, process: &Limiter, limit: Limit) {
        while clock.now() < end {
            match process.take(NAME, limit, 3 * SECOND).await {
                Ok(()) => self.add(clock.now()),
                Err(NotFor(wait)) => tokio::time::sleep(wait).await,
            }
        }
    }

    /// The window that holds the most above `burst + per_second · t`.
    fn worst(&self, limit: Limit) -> f64 {
        let mut uses = self.0.lock().unwrap().clone();
        uses.sort_unstable();
        let mut worst = f64::MIN;
        for (i, from) in uses.iter().enumerate() {
            for (n, to) in uses[i..].iter().enumerate() {
                let count = f64::from(u32::try_from(n).unwrap()) + 1.0;
                let allowed = f64::from(limit.burst) + limit.per_second * to.since(*from).as_secs_f64();
                worst = worst.max(count - allowed);
            }
        }
        worst
    }
}
