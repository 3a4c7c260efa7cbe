//! Rate limits that all processes keep together: a token bucket for each name, as one shared document.
//!
//! ```text
//!  take ─▶ lump (this process) ─ used up, or lapsed ─▶ bucket (shared document)
//!            one permit a call                           one read and one write, for about a second's permits
//! ```
//!
//! A process takes a **lump** of permits at a time, as many as it has used lately and a second's worth at most. What it
//! does not use within two seconds lapses, and is never used later: a process that is frozen or dies takes nothing
//! along that could come back as a flood. Where more callers wait than there are permits, each takes a **slot**: a permit
//! of a moment to come, in one write for all callers of a process, behind the slots that others took before.
//!
//! The promise, for any number of processes: over any window of `t` seconds, no more than `burst + per_second · t`
//! permits. Why it holds stands at [`Bucket`]. Where the limiter must err, it errs on the slow side: what died with its
//! permits slows the others down for two seconds, and with its slots for ten at most.
//!
//! [`bucket`] and [`lump`] are pure; [`Limiter`] joins them with the shared state and the clock. Clocks of processes
//! that differ by `d` let through `per_second · d` more at once. While the shared state can't be reached, nothing
//! is let through.

pub mod bucket;
mod limiter;
pub mod lump;
mod meter;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use bucket::Bucket;
pub use limiter::Limiter;

/// How many permits there are. Given at each call, so that another setting takes effect at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Permits a second, on average. More than zero; what is not counts as one in 1,000 seconds.
    pub per_second: f64,
    /// Permits that may be used at once, after a pause. At least one; zero counts as one.
    pub burst: u32,
}

/// The slowest rate: keeps waits finite.
const SLOWEST: f64 = 0.001;

impl Limit {
    fn rate(&self) -> f64 {
        // NaN becomes the slowest, too.
        self.per_second.max(SLOWEST)
    }

    fn burst(&self) -> f64 {
        f64::from(self.burst.max(1))
    }

    /// A lump of the busiest process: a second's worth, if the bucket can hold it.
    fn second(&self) -> u32 {
        let worth = self.rate().min(self.burst()).floor();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and a u32")]
        let worth = worth as u32;
        worth.max(1)
    }

    /// How long after its moment a permit may be used without slowing down the refill; a little longer where the burst
    /// leaves no room for that, because no caller wakes up to the millisecond.
    fn slack(&self) -> Duration {
        const LEAST: Duration = Duration::from_millis(75);
        const MOST: Duration = Duration::from_millis(275);
        Duration::from_secs_f64((self.burst() - 1.0) / self.rate()).clamp(LEAST, MOST)
    }

    /// How long that takes to flow in: asking an empty bucket sooner brings little.
    fn worth_waiting(&self) -> Duration {
        Duration::from_secs_f64(f64::from(self.second()) / self.rate()).min(Duration::from_secs(1))
    }
}

/// No permit within the caller's patience: one may be there after this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the rate limit leaves no room for another {} ms", .0.as_millis())]
pub struct NotFor(pub Duration);
