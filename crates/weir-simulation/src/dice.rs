//! Chance, from one seed.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// One stream of chance for a whole run: what is drawn depends on the order of drawing, which is the same in each run of
/// a seed.
#[derive(Debug)]
pub(crate) struct Dice(Mutex<fastrand::Rng>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    pub(crate) fn roll<T>(&self, roll: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        roll(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether something that happens in so many of a thousand cases happens now.
    pub(crate) fn hits(&self, per_mille: u32) -> bool {
        per_mille > 0 && self.roll(|rng| rng.u32(0..1000)) < per_mille
    }

    /// Anything from `least` to `most`.
    pub(crate) fn between(&self, least: Duration, most: Duration) -> Duration {
        least + (most - least).mul_f64(self.roll(fastrand::Rng::f64))
    }
}
