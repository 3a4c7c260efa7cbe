//! Simulated time. Everything in the simulator waits through it; nothing else reads a clock.

use std::time::Duration;

use tokio::time::Instant;

/// Milliseconds since 1970, simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// This moment and `later`.
    #[must_use]
    pub fn plus(self, later: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(later.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `2026-11-27T05:00:00Z`, as the Admin API prints it.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.printed("%Y-%m-%dT%H:%M:%SZ")
    }

    /// The second that this moment is in: what Shopify keeps of it.
    pub(crate) fn whole_second(self) -> Self {
        Self(self.0.div_euclid(1_000) * 1_000)
    }

    /// As cursors have it.
    pub(crate) fn in_cursor(self) -> String {
        self.printed("%Y-%m-%d %H:%M:%S.%6f")
    }

    pub(crate) fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    fn printed(self, format: &str) -> String {
        self.timestamp().strftime(format).to_string()
    }
}

/// A clock that starts at a given moment and runs at a given speed, on tokio's time: paused where that is.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: UnixMillis,
    origin: Instant,
    speed: f64,
}

impl Clock {
    /// Starts now at `unix_start_ms`; a `speed` of 1 is real time, 60 lets an hour pass in a minute.
    /// A speed that is not above zero counts as 1.
    #[must_use]
    pub fn new(unix_start_ms: i64, speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        Self { start: UnixMillis(unix_start_ms), origin: Instant::now(), speed }
    }

    /// The simulated time.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        self.start.plus(self.origin.elapsed().mul_f64(self.speed))
    }

    /// Waits a simulated duration.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.div_f64(self.speed)).await;
    }

    /// Waits until a simulated moment.
    pub async fn sleep_until(&self, moment: UnixMillis) {
        // Rounding may wake it a trifle early.
        while self.now() < moment {
            self.sleep(moment.since(self.now()).max(Duration::from_millis(1))).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_faster_clock_passes_more_time() {
        let clock = Clock::new(1_000, 60.0);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(clock.now(), UnixMillis(61_000));
        clock.sleep_until(UnixMillis(121_000)).await;
        assert!(clock.now() >= UnixMillis(121_000));
    }
}
