//! The side of one process: the permits that it holds.

use std::time::Duration;

use crate::UnixMillis;

/// Permits that a process was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lump {
    /// How many.
    pub permits: u32,
    /// From then on they must not be used.
    pub until: UnixMillis,
}

/// A lump, and what has been used of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// As it was granted.
    pub lump: Lump,
    /// When how many were used, in order; each twentieth of a second tells its uses as one, at its end: the refill is
    /// reckoned to begin later than it did, never sooner.
    pub uses: Vec<(UnixMillis, u32)>,
}

const TOGETHER_MS: i64 = 50;
/// Who comes back within this is busy.
const LATELY: Duration = Duration::from_secs(2);

impl Spent {
    /// Nothing used yet.
    pub fn new(lump: Lump) -> Self {
        Self { lump, uses: Vec::new() }
    }

    /// Uses one, if there is one and it has not lapsed.
    pub fn spend(&mut self, now: UnixMillis) -> bool {
        if now >= self.lump.until || self.unspent() == 0 {
            return false;
        }
        let slot = now.0.div_euclid(TOGETHER_MS).saturating_add(1).saturating_mul(TOGETHER_MS);
        match self.uses.last_mut() {
            Some((at, permits)) if at.0 >= slot => *permits += 1,
            _ => self.uses.push((UnixMillis(slot), 1)),
        }
        true
    }

    /// Permits that were not used.
    pub fn unspent(&self) -> u32 {
        self.lump.permits - self.used()
    }

    /// Permits that were used.
    pub fn used(&self) -> u32 {
        self.uses.iter().map(|(_, permits)| *permits).sum()
    }

    /// How many to ask for next, after `wanted`: twice as many where all was used lately, else as many as were.
    /// Where permits were `scarce`, a busy process looks as if it were none: it goes on asking for as many.
    pub fn next_want(&self, wanted: u32, scarce: bool, now: UnixMillis) -> u32 {
        let is_late = |at: UnixMillis| now.since(at) > LATELY;
        match self.uses.last() {
            Some((last, _)) if self.unspent() == 0 && !is_late(*last) => wanted.saturating_mul(2),
            Some(_) if self.unspent() == 0 && scarce => wanted,
            _ => self.used().max(1),
        }
    }
}
