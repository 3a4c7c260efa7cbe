//! Waiting for the thing itself, with a deadline.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

/// Far more than anything here takes, on a machine that is busy with other work: who waits so long has failed.
const DEADLINE: Duration = Duration::from_secs(300);

/// Looks again and again until `look` finds something; panics with `what` if it does not in time.
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    let mut tick = interval(Duration::from_millis(50));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Some(found) = look().await {
            return found;
        }
        if Instant::now() > end {
            panic!("waited {DEADLINE:?} for {what}");
        }
    }
}
