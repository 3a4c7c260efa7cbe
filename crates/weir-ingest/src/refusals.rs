//! How much is said of requests that anybody can send: a flood of them must not write a flood of log lines.

use std::time::Duration;

use tokio::time::Instant;

/// So many are logged in each [`INTERVAL`], by each instance.
const LINES: u32 = 10;

const INTERVAL: Duration = Duration::from_secs(60);

/// How long the metrics of those that are not logged may wait. Whatever is gathered by then is written with the next
/// request; an instance that ends before it loses what came in the last such time.
const METRICS_WAIT: Duration = Duration::from_secs(1);

/// What is said of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Whether it is logged, and how many were not since the last one that was.
    pub(crate) line: Option<u64>,
    /// Whether metrics are written now.
    pub(crate) metrics: bool,
}

/// Those of one instance.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    /// When the interval began, and how many were logged in it.
    interval: Option<(Instant, u32)>,
    left_out: u64,
    metrics_at: Option<Instant>,
}

impl Refusals {
    /// What is said of the one that is refused now.
    pub(crate) fn of(&mut self, now: Instant) -> Notice {
        let (began, lines) = match self.interval {
            Some((began, lines)) if now.duration_since(began) < INTERVAL => (began, lines),
            _ => (now, 0),
        };
        let line = (lines < LINES).then(|| std::mem::take(&mut self.left_out));
        match line {
            Some(_) => self.interval = Some((began, lines + 1)),
            None => self.left_out += 1,
        }
        let metrics = line.is_some() || self.metrics_at.is_none_or(|at| now.duration_since(at) >= METRICS_WAIT);
        if metrics {
            self.metrics_at = Some(now);
        }
        Notice { line, metrics }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn flood_is_logged_ten_times_a_minute_and_then_told_how_many_were_left_out() {
        let mut refusals = Refusals::default();
        let mut lines = Vec::new();
        // Five thousand a second, for two minutes and a little.
        for _ in 0..121 * 500 {
            lines.extend(refusals.of(Instant::now()).line);
            tokio::time::advance(Duration::from_millis(2)).await;
        }
        assert_eq!(lines.len(), 30);
        assert_eq!(lines.iter().sum::<u64>(), 2 * (30_000 - 10));
    }

    #[tokio::test(start_paused = true)]
    async fn metrics_of_a_flood_are_written_once_a_second() {
        let mut refusals = Refusals::default();
        let mut written = 0;
        for _ in 0..10_000 {
            written += u32::from(refusals.of(Instant::now()).metrics);
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!((10..=20).contains(&written), "{written}");
    }

    #[tokio::test(start_paused = true)]
    async fn single_requests_are_all_told() {
        let mut refusals = Refusals::default();
        for _ in 0..50 {
            assert_eq!(refusals.of(Instant::now()), Notice { line: Some(0), metrics: true });
            tokio::time::advance(Duration::from_secs(30)).await;
        }
    }
}
