//! Taking in what Shopify shows.

use std::{cmp::Ordering, time::Duration};

use weir_core::UnixMillis;

use super::{Cause, Pool};
use crate::{LevelKey, Reading};

/// Shopify's copies agree after this long: a reading of the second that is known already may show the state before.
const LAG: Duration = Duration::from_secs(2);

/// A reading that is older than what is known is believed all the same once what is known is as old as this: else a level
/// whose clock went back would never be read again.
const MAX_LAG: Duration = Duration::from_secs(60);

/// What a reading came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absorbed {
    /// The level is as it was.
    Unchanged,
    /// The pool has so many units more, or fewer if below zero.
    Changed(i64),
    /// The reading is older than what is known, or may be: read again a second later.
    TooEarly,
    /// A push of this level is open: resolve it first.
    Blocked,
    /// The level is no member, or is not read.
    NotRead,
}

impl Pool {
    /// Takes in a reading that was made at `now`. Differences telescope: a wrong reading is corrected by the next right one.
    pub fn absorb(&mut self, level: &LevelKey, reading: Reading, now: UnixMillis) -> Absorbed {
        let Some(member) = self.member_mut(level).filter(|member| member.is_level()) else { return Absorbed::NotRead };
        if member.intent.is_some() {
            return Absorbed::Blocked;
        }
        self.absorb_during_push(level, reading, now)
    }

    /// As [`absorb`](Self::absorb), whether a push is open or not. A reading during a push may show it or not, so this loses
    /// and invents units: only the simulation calls it by itself, to see that it finds that.
    pub(crate) fn absorb_during_push(&mut self, level: &LevelKey, reading: Reading, now: UnixMillis) -> Absorbed {
        let Some(member) = self.member_mut(level).filter(|member| member.is_level()) else { return Absorbed::NotRead };
        let known_at = UnixMillis(member.known_at_s.saturating_mul(1000));
        let delta = reading.available - member.known;
        let is_early = match reading.updated_s.cmp(&member.known_at_s) {
            Ordering::Less => now < known_at + MAX_LAG,
            Ordering::Equal => delta != 0 && now < known_at + LAG,
            Ordering::Greater => false,
        };
        if is_early {
            return Absorbed::TooEarly;
        }
        member.known_at_s = reading.updated_s;
        if delta == 0 {
            return Absorbed::Unchanged;
        }
        member.known = reading.available;
        let cause = Cause::Level { level: level.clone(), updated_s: reading.updated_s };
        self.record(cause, delta, now);
        Absorbed::Changed(delta)
    }
}
