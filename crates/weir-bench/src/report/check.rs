//! Instructions against those that were accepted.

use super::Instructions;

/// What may be more, in hundredths: more than what chance does to a count.
const TOLERANCE: u64 = 5;

/// The same for the worker's first batch: whether ten messages make nine connections or ten is chance, and each is a
/// handshake.
const WORKER_COLD_TOLERANCE: u64 = 10;

/// One count beside the accepted one.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// What.
    pub what: &'static str,
    /// The count that was accepted.
    pub accepted: u64,
    /// The one of now.
    pub now: u64,
    /// What may be more, in hundredths.
    pub tolerance: u64,
}

impl Difference {
    /// In hundredths of the accepted count.
    #[must_use]
    pub fn percent(&self) -> f64 {
        (self.now as f64 / self.accepted as f64 - 1.0) * 100.0
    }

    /// Whether there are too many.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        self.now * 100 > self.accepted * (100 + self.tolerance)
    }

    /// Whether there are so few that a later rise would go unseen.
    #[must_use]
    pub fn is_to_be_accepted(&self) -> bool {
        self.now * 100 < self.accepted * (100 - self.tolerance)
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verdict = match self {
            _ if self.is_regression() => "  too many",
            _ if self.is_to_be_accepted() => "  fewer: accept them",
            _ => "",
        };
        let (what, accepted, now, percent) = (self.what, self.accepted, self.now, self.percent());
        write!(f, "{what:<28} {accepted:>12} accepted {now:>12} now {percent:>+7.1} %{verdict}")
    }
}

/// All of them.
#[must_use]
pub fn differences(accepted: &Instructions, now: &Instructions) -> Vec<Difference> {
    let rows = [
        ("ingest, cold start", accepted.ingest.cold, now.ingest.cold, TOLERANCE),
        ("ingest, a warm webhook", accepted.ingest.warm, now.ingest.warm, TOLERANCE),
        ("worker, cold start", accepted.worker.cold, now.worker.cold, WORKER_COLD_TOLERANCE),
        ("worker, a batch of 10", accepted.worker.warm, now.worker.warm, TOLERANCE),
    ];
    rows.map(|(what, accepted, now, tolerance)| Difference { what, accepted, now, tolerance }).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(now: u64) -> Difference {
        Difference { what: "it", accepted: 1_000, now, tolerance: TOLERANCE }
    }

    #[test]
    fn five_percent_more_is_chance_and_six_are_too_many() {
        assert!(!difference(1_050).is_regression());
        assert!(difference(1_051).is_regression());
        assert!(difference(1_060).to_string().ends_with("too many"));
    }

    #[test]
    fn lower_count_passes_and_asks_to_be_accepted() {
        assert!(difference(940).is_to_be_accepted() && !difference(940).is_regression());
        assert!(!difference(960).is_to_be_accepted());
        assert!(difference(940).to_string().ends_with("accept them"));
    }

    #[test]
    fn every_count_is_compared_with_its_own() {
        let accepted = crate::report::sample::weir_alone().instructions.unwrap();
        assert!(differences(&accepted, &accepted).iter().all(|difference| difference.percent() == 0.0));
        for place in 0..4 {
            let mut now = accepted.clone();
            let counts = [&mut now.ingest.cold, &mut now.ingest.warm, &mut now.worker.cold, &mut now.worker.warm];
            *counts.into_iter().nth(place).unwrap() *= 2;
            let risen: Vec<_> = differences(&accepted, &now).iter().map(Difference::is_regression).collect();
            assert_eq!(risen.iter().filter(|risen| **risen).count(), 1);
            assert!(risen[place]);
        }
    }
}
