//! Values of metrics within a time that moves on.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use resilience::UnixMillis;

use super::super::model::Latency;

/// By metric's name, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Samples(BTreeMap<String, VecDeque<(UnixMillis, Vec<f64>)>>);

impl Samples {
    pub(super) fn add(&mut self, name: &str, at: UnixMillis, values: Vec<f64>) {
        self.0.entry(name.to_owned()).or_default().push_back((at, values));
    }

    /// Forgets what is older than `last`.
    pub(super) fn forget(&mut self, now: UnixMillis, last: Duration) {
        for samples in self.0.values_mut() {
            // Lines of several functions come a little out of order: one that is kept too long does no harm.
            while samples.front().is_some_and(|(at, _)| now.since(*at) > last) {
                samples.pop_front();
            }
        }
    }

    pub(super) fn sum(&self, name: &str) -> f64 {
        self.values(name).fold(0.0, |sum, value| sum + value)
    }

    pub(super) fn latency(&self, name: &str) -> Option<Latency> {
        let mut values: Vec<f64> = self.values(name).collect();
        values.sort_by(f64::total_cmp);
        // The nearest rank: a value that was measured.
        let rank = |percent: usize| (values.len() * percent).div_ceil(100).checked_sub(1);
        let at = |percent| values.get(rank(percent)?).copied();
        Some(Latency { p50: at(50)?, p95: at(95)?, p99: at(99)? })
    }

    fn values(&self, name: &str) -> impl Iterator<Item = f64> {
        self.0.get(name).into_iter().flatten().flat_map(|(_, values)| values.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

    #[test]
    fn old_samples_are_ignored() {
        let mut samples = Samples::default();
        let minute = Duration::from_secs(60);
        samples.add("Done", NOW - minute * 2, vec![1.0, 2.0]);
        samples.add("Done", NOW - minute, vec![4.0]);
        samples.add("Done", NOW, vec![8.0]);
        assert!((samples.sum("Done") - 15.0).abs() < f64::EPSILON);
        samples.forget(NOW, minute);
        assert!((samples.sum("Done") - 12.0).abs() < f64::EPSILON);
        assert!(samples.sum("Stale").abs() < f64::EPSILON);
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let mut samples = Samples::default();
        assert_eq!(samples.latency("Ingest"), None);
        samples.add("Ingest", NOW, (1..=200).map(f64::from).rev().collect());
        assert_eq!(samples.latency("Ingest"), Some(Latency { p50: 100.0, p95: 190.0, p99: 198.0 }));
        samples.add("One", NOW, vec![7.0]);
        assert_eq!(samples.latency("One"), Some(Latency { p50: 7.0, p95: 7.0, p99: 7.0 }));
    }
}
