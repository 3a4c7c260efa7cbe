//! How long a failed message waits.

use std::time::Duration;

/// Exponential backoff with full jitter: anything from zero to `min(cap, base · 2^(receives − 1))`.
///
/// Full jitter, because messages that failed together for one cause must not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first receive.
    pub base: Duration,
    /// The longest wait of all.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_secs(5), cap: Duration::from_secs(15 * 60) }
    }
}

impl Backoff {
    /// The wait after the `receives`-th receive, counted from one.
    pub fn delay(&self, receives: u32, rng: &mut fastrand::Rng) -> Duration {
        let doublings = receives.saturating_sub(1).min(31);
        let longest = self.base.saturating_mul(1 << doublings).min(self.cap);
        longest.mul_f64(rng.f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_use_the_whole_range() {
        let backoff = Backoff::default();
        let mut rng = fastrand::Rng::with_seed(7);
        for (receives, longest) in [(0, 5), (1, 5), (2, 10), (3, 20), (8, 640), (9, 900), (u32::MAX, 900)] {
            let waits: Vec<_> = (0..1000).map(|_| backoff.delay(receives, &mut rng).as_secs_f64()).collect();
            let (least, most) = waits.iter().fold((f64::MAX, 0f64), |(a, b), w| (a.min(*w), b.max(*w)));
            let longest = f64::from(longest);
            assert!(most <= longest && most > 0.95 * longest && least < 0.05 * longest, "{receives}: {least}..{most}");
        }
    }
}
