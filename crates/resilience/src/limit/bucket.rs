//! The shared side: one document a name, and what is decided about it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Limit,
    lump::{Lump, Spent},
};
use crate::{UnixMillis, shared::Change};

/// The document: a bucket of permits, and those that processes hold.
///
/// Invariant: `level` and all that is held sum up to the burst at most; the refill stops there. A permit used within a
/// window was in the bucket or held when the window began, or has flowed in since: so no more than
/// `burst + per_second · t` are used. A process says when it used what it held, with its next ask, and the refill is
/// reckoned anew from those moments on; of one that says nothing, all counts as held until it lapses.
///
/// Callers that wait take **slots**: permits of moments to come, each held from its moment on until its slot lapses. The
/// document is then the bucket of a later moment, and whoever comes next is behind them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Permits that nobody has.
    pub level: f64,
    /// When it was that.
    pub at_ms: UnixMillis,
    /// Permits that processes have, summed up by the moment at which they lapse.
    pub held: Vec<Held>,
    /// Who wrote this, by a number drawn for each write: a write whose reply was lost is known again.
    pub written_by: u64,
}

/// Permits that lapse together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// When they must not be used any more.
    pub until_ms: UnixMillis,
    /// How many.
    pub permits: u32,
}

/// One permit of a moment to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// It must not be used before.
    pub from: UnixMillis,
    /// From then on it must not be used.
    pub until: UnixMillis,
}

/// What a process asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Permits that it could use.
    pub want: u32,
    /// Callers that wait for one.
    pub waiting: u32,
    /// How long it takes until they can use what is granted.
    pub lead: Duration,
    /// How long they wait at most.
    pub patience: Duration,
    /// What became of its lump before.
    pub spent: Option<Spent>,
    /// Drawn for this ask.
    pub writer: u64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Granted, once the change is written.
    Granted {
        /// These are the process's.
        lump: Lump,
        /// Permits that the bucket has left.
        left: u32,
    },
    /// Promised, once the change is written: a slot for each caller that waits, as far as their patience goes.
    Promised {
        /// In the order of time.
        slots: Vec<Slot>,
        /// When the next one begins.
        next: UnixMillis,
    },
    /// There is none before this long.
    Wait(Duration),
}

/// A lump must be used within this. One for callers that wait already must outlast the write, and no more.
const USE_WITHIN: Duration = Duration::from_secs(2);
/// Lumps lapse at multiples of this, so that few sums describe them all.
const LAPSE_EVERY_MS: i64 = 250;
/// The same of slots.
const SLOTS_LAPSE_EVERY_MS: i64 = 25;
/// Slots are given out so far ahead. What a process dies with is lost for as long.
const MOST_AHEAD: Duration = Duration::from_secs(10);
/// A document from further in the future was written by a clock that was wrong: it must not stop all others till then.
const MOST_SKEW: Duration = Duration::from_secs(30);
/// Sums of fractions miss whole numbers by less than this.
const ROUNDING: f64 = 1e-9;

impl Bucket {
    /// A full one.
    pub fn new(limit: Limit, now: UnixMillis) -> Self {
        Self { level: limit.burst(), at_ms: now, held: Vec::new(), written_by: 0 }
    }

    /// One that begins with a single permit: for a process that can't know what others use.
    pub fn nearly_empty(now: UnixMillis) -> Self {
        Self { level: 1.0, at_ms: now, held: Vec::new(), written_by: 0 }
    }

    /// Decides on an ask. What the asker spent counts as told only if the change is written.
    pub fn ask(bucket: Option<Self>, ask: &Ask, limit: Limit, now: UnixMillis) -> (Change<Self>, Answer) {
        let mut bucket = bucket.unwrap_or_else(|| Self::new(limit, now));
        if bucket.at_ms > now + MOST_SKEW {
            bucket = Self::nearly_empty(now);
        }
        if let Some(spent) = &ask.spent {
            bucket.settle(spent, limit, now);
        }
        bucket.advance(limit, now);
        let there = if bucket.at_ms > now { 0 } else { whole(bucket.level) };
        if there < ask.waiting {
            return bucket.promise(there, ask, limit, now);
        }
        let permits = ask.want.clamp(1, there);
        let until = match permits <= ask.waiting {
            true => slot_lapse(now + ask.lead + limit.slack()),
            false => lapse(now + USE_WITHIN),
        };
        let lump = Lump { permits, until };
        bucket.level -= f64::from(permits);
        bucket.hold(lump);
        bucket.written_by = ask.writer;
        (Change::Write(bucket), Answer::Granted { lump, left: there - permits })
    }

    /// Decides on an ask of more callers than there are permits.
    fn promise(mut self, there: u32, ask: &Ask, limit: Limit, now: UnixMillis) -> (Change<Self>, Answer) {
        // A busy process with one caller at a time lets permits gather: a slot for each would cost a write for each. Where
        // others took slots, it would wait for ever.
        if there == 0 && ask.waiting == 1 && ask.want > 1 && self.at_ms <= now {
            let mut later = self;
            later.advance_to_one(limit);
            return (Change::Keep, Answer::Wait(later.at_ms.since(now)));
        }
        let (ready, end) = (now + ask.lead, now + ask.patience.min(MOST_AHEAD));
        self.advance(limit, ready);
        let (mut slots, mut ahead) = (Vec::new(), self.clone());
        let next = loop {
            ahead.advance_to_one(limit);
            let from = ahead.at_ms.max(ready);
            // What is there now may be used at once, by those who have no patience as well.
            if slots.len() >= ask.waiting as usize || from > end.max(ready) {
                break from;
            }
            let slot = Slot { from, until: slot_lapse(from + limit.slack()) };
            ahead.level -= 1.0;
            ahead.hold(Lump { permits: 1, until: slot.until });
            slots.push(slot);
            self = ahead.clone();
        };
        if slots.is_empty() {
            return (Change::Keep, Answer::Promised { slots, next });
        }
        self.written_by = ask.writer;
        (Change::Write(self), Answer::Promised { slots, next })
    }

    /// Lets time pass: permits flow in up to the burst, and what was held lapses.
    fn advance(&mut self, limit: Limit, now: UnixMillis) {
        while let Some(until) = self.held.iter().map(|held| held.until_ms).min().filter(|until| *until <= now) {
            self.fill(limit, until);
            self.held.retain(|held| held.until_ms > until);
        }
        self.fill(limit, now);
    }

    fn fill(&mut self, limit: Limit, to: UnixMillis) {
        let room = (limit.burst() - self.held()).max(0.0);
        self.level = (self.level + limit.rate() * to.since(self.at_ms).as_secs_f64()).min(room);
        // A process whose clock is behind fills nothing, and takes nothing back.
        self.at_ms = self.at_ms.max(to);
    }

    /// Takes what was spent out of what is held, when it was spent, and puts back what was not, unless it has lapsed.
    fn settle(&mut self, spent: &Spent, limit: Limit, now: UnixMillis) {
        for (at, permits) in &spent.uses {
            self.advance(limit, (*at).min(now));
            self.release(spent.lump.until, *permits);
        }
        self.advance(limit, now);
        let back = self.release(spent.lump.until, spent.unspent());
        self.level += f64::from(back);
    }

    fn hold(&mut self, lump: Lump) {
        match self.held.iter_mut().find(|held| held.until_ms == lump.until) {
            Some(held) => held.permits = held.permits.saturating_add(lump.permits),
            None => self.held.push(Held { until_ms: lump.until, permits: lump.permits }),
        }
    }

    /// No longer held: how many of them were.
    fn release(&mut self, until: UnixMillis, permits: u32) -> u32 {
        let Some(held) = self.held.iter_mut().find(|held| held.until_ms == until) else { return 0 };
        let released = permits.min(held.permits);
        held.permits -= released;
        self.held.retain(|held| held.permits > 0);
        released
    }

    fn held(&self) -> f64 {
        self.held.iter().map(|held| f64::from(held.permits)).sum()
    }

    /// Lets time pass until there is one, if nobody says that he used his before they lapse.
    fn advance_to_one(&mut self, limit: Limit) {
        while whole(self.level) == 0 {
            let missing = (1.0 - self.level).max(0.0) / limit.rate();
            let filled = self.at_ms + Duration::from_secs_f64(missing) + Duration::from_millis(1);
            let lapse = self.held.iter().map(|held| held.until_ms).min();
            let has_room = limit.burst() - self.held() >= 1.0;
            let next = match lapse {
                Some(lapse) if !has_room || lapse < filled => lapse,
                _ => filled,
            };
            self.advance(limit, next.max(self.at_ms));
        }
    }
}

/// Permits that are there whole.
fn whole(level: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts to integers saturate")]
    let whole = (level + ROUNDING).floor() as u32;
    whole
}

fn slot_lapse(end: UnixMillis) -> UnixMillis {
    UnixMillis(end.0.div_euclid(SLOTS_LAPSE_EVERY_MS).saturating_mul(SLOTS_LAPSE_EVERY_MS))
}

fn lapse(end: UnixMillis) -> UnixMillis {
    UnixMillis(end.0.div_euclid(LAPSE_EVERY_MS).saturating_mul(LAPSE_EVERY_MS))
}
