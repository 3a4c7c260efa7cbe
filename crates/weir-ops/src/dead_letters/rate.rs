//! So many a second, and no more.

use std::time::Duration;

use tokio::time::Instant;

/// Without a rate so many go at once.
const MOST_AT_ONCE: usize = 120;

/// Hands out turns. Over any time no more go than a second's worth and `rate · time`.
#[derive(Debug)]
pub(crate) struct Rate {
    rate: Option<f64>,
    next: Instant,
}

impl Rate {
    pub(crate) fn new(rate: Option<f64>) -> Self {
        Self { rate, next: Instant::now() }
    }

    /// How many may go in one turn: a second's worth, at least one.
    pub(crate) fn at_once(&self) -> usize {
        self.rate.map_or(MOST_AT_ONCE, |rate| (rate as usize).clamp(1, MOST_AT_ONCE))
    }

    /// When the next `count` may go.
    pub(crate) fn turn(&mut self, count: usize) -> Instant {
        let now = Instant::now();
        let Some(rate) = self.rate else { return now };
        let turn = self.next.max(now);
        self.next = turn + Duration::try_from_secs_f64(count as f64 / rate).unwrap_or(Duration::from_secs(86_400));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_go_than_the_rate_allows() {
        for rate in [0.5, 1.0, 7.3, 250.0] {
            let mut pace = Rate::new(Some(rate));
            let (began, mut gone) = (Instant::now(), 0);
            while began.elapsed() < Duration::from_secs(60) {
                tokio::time::sleep_until(pace.turn(pace.at_once())).await;
                gone += pace.at_once();
                let most = pace.at_once() as f64 + rate * began.elapsed().as_secs_f64();
                assert!(gone as f64 <= most + 1e-6, "{gone} of {most} at {rate}/s");
            }
            assert!(gone as f64 >= rate * 59.0, "{gone} at {rate}/s: not slower either");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_saves_up_nothing() {
        let mut pace = Rate::new(Some(10.0));
        pace.turn(10);
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(pace.turn(10), Instant::now());
        assert_eq!(pace.turn(10), Instant::now() + Duration::from_secs(1));
    }
}
