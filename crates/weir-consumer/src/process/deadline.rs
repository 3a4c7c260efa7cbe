//! The deadline of effects: work stops before its lease ends.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use resilience::Clock;
use tokio::time::{Instant, timeout_at};
use weir_core::UnixMillis;

/// Until when effects may begin: by the consumer's clock, and by tokio's timer, which wakes what waits.
#[derive(Debug, Clone, Copy)]
pub struct EffectDeadline {
    clock: Clock,
    at: UnixMillis,
    timer: Instant,
}

/// The time was up. What was under way may still land; nothing more was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the invocation ran out of time before the event was handled")]
pub struct DeadlineExceeded;

impl EffectDeadline {
    /// `at` by `clock`, which is `remaining` from now.
    pub fn new(clock: Clock, at: UnixMillis, remaining: Duration) -> Self {
        Self { clock, at, timer: Instant::now() + remaining }
    }

    /// Runs it until the end. The clock is looked at before each step, not by the timer alone: a process that was held
    /// up (frozen, paused, swapped out) would wake with both due, and take one step more when the event is no longer
    /// its own.
    pub async fn run<F: Future>(self, work: F) -> Result<F::Output, DeadlineExceeded> {
        let mut work = pin!(work);
        let watched = poll_fn(|context| match self.clock.now() < self.at {
            true => work.as_mut().poll(context).map(Ok),
            false => Poll::Ready(Err(DeadlineExceeded)),
        });
        timeout_at(self.timer, watched).await.unwrap_or(Err(DeadlineExceeded))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn ten_seconds() -> EffectDeadline {
        let clock = Clock::starting_at(UnixMillis(0));
        EffectDeadline::new(clock, UnixMillis(10_000), 10 * SECOND)
    }

    #[tokio::test(start_paused = true)]
    async fn effect_is_stopped_at_its_deadline() {
        let after = |seconds| async move { tokio::time::sleep(seconds * SECOND).await };
        assert_eq!(ten_seconds().run(after(9)).await, Ok(()));
        let begun = Instant::now();
        assert_eq!(ten_seconds().run(after(11)).await, Err(DeadlineExceeded));
        assert_eq!(begun.elapsed(), 10 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_was_held_up_takes_no_further_step() {
        let effects = AtomicU32::new(0);
        let work = async {
            tokio::time::sleep(SECOND).await;
            effects.fetch_add(1, Ordering::SeqCst);
        };
        let end = ten_seconds();
        let mut running = pin!(end.run(work));
        assert!(futures_util::poll!(running.as_mut()).is_pending());
        // Both the work's timer and the end are due when the process goes on.
        tokio::time::advance(60 * SECOND).await;
        assert_eq!(running.await, Err(DeadlineExceeded));
        assert_eq!(effects.load(Ordering::SeqCst), 0);
    }
}
