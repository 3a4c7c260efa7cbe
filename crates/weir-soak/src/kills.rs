//! Which invocations are killed, and when: the same for the same seed.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lambda_emulator::SourceCounts;

/// Before any invocation has been answered, one is taken to last so long.
const FIRST_GUESS: Duration = Duration::from_millis(300);

/// The plan: one draw for each invocation, in the order that they begin.
#[derive(Debug)]
pub(crate) struct Kills {
    /// The part of invocations that is killed.
    share: f64,
    rng: Mutex<fastrand::Rng>,
}

impl Kills {
    pub(crate) fn new(percent: u8, seed: u64) -> Self {
        Self { share: f64::from(percent) / 100.0, rng: Mutex::new(fastrand::Rng::with_seed(seed ^ 0x6b69_6c6c)) }
    }

    /// How long the next invocation lives; `None` if it may live on. The plan names a moment as a part of what an
    /// invocation of this lane usually takes, so that on any machine all of its steps are hit: also the answer itself.
    pub(crate) fn next(&self, counts: &SourceCounts) -> Option<Duration> {
        let answered = u32::try_from(counts.answered).unwrap_or(u32::MAX);
        let usual = counts.answered_in.checked_div(answered).unwrap_or(FIRST_GUESS);
        self.draw().map(|part| usual.mul_f64(part))
    }

    fn draw(&self) -> Option<f64> {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let (chance, part) = (rng.f64(), rng.f64());
        // Rather early than late: a few slow invocations make the usual time longer than that of most.
        (chance < self.share).then_some(part * part * 1.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_kills_the_same_invocations() {
        let plan = |seed| {
            let kills = Kills::new(5, seed);
            (0..1000).map(|_| kills.next(&SourceCounts::default())).collect::<Vec<_>>()
        };
        assert_eq!(plan(7), plan(7));
        assert_ne!(plan(7), plan(8));
        let killed = plan(7).iter().flatten().count();
        assert!((30..=70).contains(&killed), "{killed}");
    }

    #[test]
    fn a_kill_falls_within_the_time_that_invocations_take_or_just_after() {
        let kills = Kills::new(100, 1);
        let counts = SourceCounts { answered: 4, answered_in: Duration::from_secs(4), ..SourceCounts::default() };
        let moments: Vec<_> = (0..100).filter_map(|_| kills.next(&counts)).collect();
        assert_eq!(moments.len(), 100);
        assert!(moments.iter().all(|moment| *moment < Duration::from_millis(1200)));
        assert!(moments.iter().any(|moment| *moment < Duration::from_millis(200)));
        assert!(moments.iter().any(|moment| *moment > Duration::from_millis(1000)));
    }
}
