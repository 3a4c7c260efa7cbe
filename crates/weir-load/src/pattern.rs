//! When deliveries are due. Pure: the same pattern and seed, the same moments.

use std::time::Duration;

use fastrand::Rng;

/// How the rate changes over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The same all the time.
    Steady,
    /// Quiet, then ten times as much within two seconds, then a long tail.
    FlashSale,
    /// From nothing to the full rate, evenly.
    Ramp,
}

impl Shape {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::FlashSale => "flash-sale",
            Self::Ramp => "ramp",
        }
    }
}

/// A rate over time: straight lines between points.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// Seconds from the beginning, and the rate then, a second. At least two, in order.
    points: Vec<(f64, f64)>,
}

/// How many times the quiet rate a flash sale reaches, and within how many seconds.
const SPIKE_FACTOR: f64 = 10.0;
const RISE_SECONDS: f64 = 2.0;

impl Pattern {
    /// The pattern of this shape. `rate` is a second: before the sale, or at the end of a ramp.
    #[must_use]
    pub fn new(shape: Shape, rate: f64, duration: Duration) -> Self {
        let seconds = duration.as_secs_f64();
        // Parts of the duration, and multiples of the rate.
        let points: Vec<(f64, f64)> = match shape {
            Shape::Steady => vec![(0.0, 1.0), (1.0, 1.0)],
            Shape::Ramp => vec![(0.0, 0.0), (1.0, 1.0)],
            Shape::FlashSale => {
                let open = 0.2 + (RISE_SECONDS / seconds).min(0.05);
                vec![
                    (0.0, 1.0),
                    (0.2, 1.0),
                    (open, SPIKE_FACTOR),
                    (0.35, SPIKE_FACTOR),
                    (0.5, 4.0),
                    (0.7, 2.0),
                    (1.0, 1.0),
                ]
            }
        };
        Self { points: points.into_iter().map(|(part, times)| (part * seconds, times * rate)).collect() }
    }

    /// How many deliveries are due in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        // Numbers that end up here are checked by the caller before anything is sent.
        self.legs().map(|leg| leg.count()).sum::<f64>().round() as u64
    }

    /// The highest rate of it, a second.
    #[must_use]
    pub fn peak(&self) -> f64 {
        self.points.iter().map(|(_, rate)| *rate).fold(0.0, f64::max)
    }

    /// The moments, in order, each so long after the beginning. The count is exact; where in its share of the time a
    /// delivery falls is drawn, for buyers do not come like clockwork.
    pub fn moments(&self, mut rng: Rng) -> impl Iterator<Item = Duration> + Send + use<> {
        let (total, legs) = (self.total(), self.legs().collect::<Vec<_>>());
        let (mut at, mut passed) = (0, 0.0);
        (0..total).map(move |number| {
            let due = number as f64 + rng.f64();
            while let (Some(leg), true) = (legs.get(at), at + 1 < legs.len())
                && due - passed > leg.count()
            {
                passed += leg.count();
                at += 1;
            }
            let seconds = legs.get(at).map_or(0.0, |leg| leg.when(due - passed));
            Duration::try_from_secs_f64(seconds).unwrap_or_default()
        })
    }

    fn legs(&self) -> impl Iterator<Item = Leg> {
        self.points.windows(2).filter_map(|pair| match pair {
            [(begin, from), (end, to)] => Some(Leg { begin: *begin, length: end - begin, from: *from, to: *to }),
            _ => None,
        })
    }
}

/// From one point to the next.
#[derive(Debug, Clone, Copy)]
struct Leg {
    begin: f64,
    length: f64,
    from: f64,
    to: f64,
}

impl Leg {
    fn count(&self) -> f64 {
        (self.from + self.to) / 2.0 * self.length
    }

    /// When so many of its deliveries are due, for nought up to `count`.
    fn when(&self, due: f64) -> f64 {
        let slope = if self.length > 0.0 { (self.to - self.from) / self.length } else { 0.0 };
        // from·t + slope·t²/2 = due, solved in the form that needs no division by a slope of nought.
        let root = (self.from * self.from + 2.0 * slope * due).max(0.0).sqrt();
        let passed = if self.from + root > 0.0 { 2.0 * due / (self.from + root) } else { 0.0 };
        self.begin + passed.clamp(0.0, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(name: Shape, rate: f64, seconds: u64) -> Vec<f64> {
        let pattern = Pattern::new(name, rate, Duration::from_secs(seconds));
        pattern.moments(Rng::with_seed(7)).map(|moment| moment.as_secs_f64()).collect()
    }

    fn within(moments: &[f64], from: f64, to: f64) -> usize {
        moments.iter().filter(|at| (from..to).contains(*at)).count()
    }

    #[test]
    fn a_steady_load_has_its_rate_in_every_second() {
        let moments = moments(Shape::Steady, 50.0, 10);
        assert_eq!(moments.len(), 500);
        for second in 0..10 {
            let count = within(&moments, second.into(), (second + 1).into());
            assert!((49..=51).contains(&count), "{count} in second {second}");
        }
    }

    #[test]
    fn a_ramp_ends_at_its_rate_and_sends_half_as_much() {
        let moments = moments(Shape::Ramp, 100.0, 10);
        assert_eq!(moments.len(), 500);
        // ∫ 10·t from 0 to 1, and from 9 to 10.
        assert!((4..=6).contains(&within(&moments, 0.0, 1.0)));
        assert!((94..=96).contains(&within(&moments, 9.0, 10.1)));
    }

    #[test]
    fn a_flash_sale_is_quiet_then_ten_times_as_busy_and_ends_quiet() {
        let moments = moments(Shape::FlashSale, 10.0, 100);
        assert!((199..=201).contains(&within(&moments, 0.0, 20.0)), "quiet");
        assert!((1_299..=1_301).contains(&within(&moments, 22.0, 35.0)), "the spike");
        assert!((100..=130).contains(&within(&moments, 90.0, 101.0)), "the tail");
        let tail: Vec<usize> =
            (4..10).map(|ten| within(&moments, f64::from(ten) * 10.0, f64::from(ten + 1) * 10.0)).collect();
        assert!(tail.is_sorted_by(|earlier, later| earlier > later), "{tail:?}");
    }

    #[test]
    fn the_spike_comes_within_seconds_however_long_the_sale() {
        for seconds in [10, 100, 3_600] {
            let pattern = Pattern::new(Shape::FlashSale, 1.0, Duration::from_secs(seconds));
            let rise = pattern.points[2].0 - pattern.points[1].0;
            assert!(rise <= 2.001, "{rise} s of {seconds}");
            assert!((pattern.peak() - 10.0).abs() < 1e-9);
        }
    }

    #[test]
    fn moments_are_in_order_within_the_time_and_the_same_for_the_same_seed() {
        for name in [Shape::Steady, Shape::FlashSale, Shape::Ramp] {
            for (rate, seconds) in [(0.3, 10), (1.0, 1), (333.3, 7), (5_000.0, 3)] {
                let all = moments(name, rate, seconds);
                assert!(all.is_sorted(), "{name:?}");
                assert!(all.iter().all(|at| (0.0..=seconds as f64).contains(at)), "{name:?} {rate}");
                assert_eq!(all, moments(name, rate, seconds));
            }
        }
    }

    #[test]
    fn no_load_is_no_moment_rather_than_a_panic() {
        assert!(moments(Shape::Ramp, 0.1, 1).is_empty());
        assert_eq!(Pattern::new(Shape::Steady, f64::MAX, Duration::from_secs(u64::MAX)).total(), u64::MAX);
    }
}
