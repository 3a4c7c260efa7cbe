//! What a shop's plan allows, and the leaky bucket that holds an app to it.

use crate::UnixMillis;

/// A shop's plan: how fast its points come back, and how many it may save up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// 100 points a second, 2,000 saved.
    Standard,
    /// 200 points a second, 4,000 saved.
    Advanced,
    /// 1,000 points a second, 20,000 saved.
    Plus,
    /// 2,000 points a second, 40,000 saved.
    Enterprise,
}

/// What one query may cost on any plan, in points.
pub const MAX_QUERY_COST: u32 = 1_000;

impl Plan {
    /// Every plan, from the slowest.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Advanced, Self::Plus, Self::Enterprise];

    /// Points a second.
    #[must_use]
    pub fn restore_rate(self) -> u32 {
        match self {
            Self::Standard => 100,
            Self::Advanced => 200,
            Self::Plus => 1_000,
            Self::Enterprise => 2_000,
        }
    }

    /// Points that a bucket holds.
    #[must_use]
    pub fn bucket(self) -> u32 {
        self.restore_rate() * 20
    }

    /// REST calls that a bucket holds; a twentieth of it comes back each second.
    #[must_use]
    pub fn rest_bucket(self) -> u32 {
        match self {
            Self::Standard => 40,
            Self::Advanced => 80,
            Self::Plus | Self::Enterprise => 400,
        }
    }

    /// What `shop.plan.publicDisplayName` says.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "Basic",
            Self::Advanced => "Advanced",
            Self::Plus => "Plus",
            Self::Enterprise => "Enterprise",
        }
    }
}

impl std::str::FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "standard" => Ok(Self::Standard),
            "advanced" => Ok(Self::Advanced),
            "plus" => Ok(Self::Plus),
            "enterprise" => Ok(Self::Enterprise),
            _ => Err("expected standard, advanced, plus or enterprise".to_owned()),
        }
    }
}

/// A leaky bucket of points. Full when it is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    level: f64,
    at: UnixMillis,
}

impl Bucket {
    pub(crate) fn full(size: u32, now: UnixMillis) -> Self {
        Self { level: f64::from(size), at: now }
    }

    /// What is in it now.
    pub(crate) fn level(&mut self, size: u32, rate: u32, now: UnixMillis) -> f64 {
        let back = f64::from(rate) * now.since(self.at).as_secs_f64();
        self.level = (self.level + back).min(f64::from(size));
        self.at = self.at.max(now);
        self.level
    }

    /// Takes `cost` if that much is in it.
    pub(crate) fn take(&mut self, cost: u32, size: u32, rate: u32, now: UnixMillis) -> bool {
        let enough = self.level(size, rate, now) >= f64::from(cost);
        if enough {
            self.level -= f64::from(cost);
        }
        enough
    }

    /// Gives back what was taken too much.
    pub(crate) fn refund(&mut self, cost: u32, size: u32) {
        self.level = (self.level + f64::from(cost)).min(f64::from(size));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_refills_at_its_rate_and_not_above_its_size() {
        let mut bucket = Bucket::full(2_000, UnixMillis(0));
        assert!(bucket.take(2_000, 2_000, 100, UnixMillis(0)));
        assert!(!bucket.take(101, 2_000, 100, UnixMillis(1_000)));
        assert!(bucket.take(100, 2_000, 100, UnixMillis(1_000)));
        assert!((bucket.level(2_000, 100, UnixMillis(3_600_000)) - 2_000.0).abs() < 1e-6);
    }

    #[test]
    fn a_smaller_plan_caps_what_was_saved_up() {
        let mut bucket = Bucket::full(20_000, UnixMillis(0));
        assert!((bucket.level(2_000, 100, UnixMillis(0)) - 2_000.0).abs() < 1e-6);
    }
}
