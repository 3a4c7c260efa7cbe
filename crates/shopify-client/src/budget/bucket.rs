//! The shared side of the budget: one document an app and shop, and what is decided about it.
//!
//! Shopify has a bucket an app and shop: `max` points, refilled by `restore` points a second. This document keeps
//! `level`, the points of it that nobody has been promised. What processes were promised is of two kinds, so that
//! fifty slow ones don't hold the whole bucket between them:
//!
//! - a **lump**, points for now. Where the level doesn't reach, they come in as the bucket refills (the level goes
//!   below zero), in the order in which they were promised.
//! - a **rate**, points a second until the lease ends, of which at most `hold` may gather unused.
//!
//! Invariant, if nobody else uses the app's bucket: Shopify's bucket holds at least `level` plus all promised points
//! that it has not charged yet. Lumps and rates leave the level when they are promised; the level's own refill is capped
//! below `max` by all that may be held unspent. So a call that has its points is not throttled.

use std::{collections::BTreeMap, time::Duration};

use resilience::{UnixMillis, shared::Change};
use serde::{Deserialize, Serialize};

use super::{Lease, Status};

#[cfg(test)]
mod tests;

/// The document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Points promised to nobody; below zero, points promised ahead.
    pub level: f64,
    /// When it was that.
    pub at: UnixMillis,
    /// Size of Shopify's bucket.
    pub max: f64,
    /// Points a second that flow into it.
    pub restore: f64,
    /// When Shopify said these two.
    pub status_at: UnixMillis,
    /// What is promised, summed up by the end of the leases.
    pub promised: Vec<Promised>,
    /// Lumps that were given back or used up, in points, since the document was made.
    pub gone: f64,
    /// The requested cost of operations, as last seen: a new process starts with what others learned.
    pub costs: BTreeMap<String, u32>,
}

/// Leases that end at the same time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promised {
    /// Their end.
    pub until: UnixMillis,
    /// Points a second, of all of them.
    pub rate: f64,
    /// Points that they may hold unspent, of all of them.
    pub held: f64,
    /// How many have a rate.
    pub rates: u32,
}

/// What a process asks for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The next call's points, without which nothing helps.
    pub need: f64,
    /// Points that it could use now.
    pub lump: f64,
    /// Points for which callers wait already, the need among them.
    pub waited_for: f64,
    /// Points a second that it could use.
    pub rate: f64,
    /// Points of its rate that may gather unused.
    pub hold: f64,
    /// Points of calls that are under way: Shopify may not have charged them yet.
    pub in_flight: f64,
    /// How long it can wait for its need.
    pub patience: Duration,
    /// Whether it leaves the foreground's reserve alone, and waits for its turn.
    pub is_background: bool,
    /// The lease that this one replaces, and what of it was not spent.
    pub previous: Option<(Lease, f64)>,
    /// The last status that Shopify told this process.
    pub seen: Option<Status>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Promised.
    Granted(Lease),
    /// Not within its patience: the need would be there after this long.
    Wait(Duration),
}

/// Rates end on multiples of this, and lumps of that: so that few sums describe them all.
const RATES_END_EVERY: Duration = Duration::from_secs(45);
const LUMPS_END_EVERY: Duration = Duration::from_secs(5);
/// Points to come are promised so far ahead at most: a lump must come in before it ends.
const LONGEST_AHEAD: Duration = Duration::from_secs(2);
/// The share of the refill that may be promised as rates; the rest serves lumps.
const MOST_RATE: f64 = 0.95;
/// The share of the bucket that background calls leave to the foreground.
const FOREGROUND_RESERVE: f64 = 0.25;
/// Operations whose cost is remembered: keeps the document below a write unit.
const MOST_COSTS: usize = 16;

impl Bucket {
    /// A bucket of which nothing is known yet: the smallest plan's, full.
    pub fn new(now: UnixMillis) -> Self {
        let (max, restore) = (2_000.0, 100.0);
        Self {
            level: max,
            at: now,
            max,
            restore,
            status_at: UnixMillis(0),
            promised: Vec::new(),
            gone: 0.0,
            costs: BTreeMap::new(),
        }
    }

    /// Decides on an ask.
    pub fn ask(bucket: Option<Self>, ask: &Ask, now: UnixMillis) -> (Change<Self>, Answer) {
        let mut bucket = bucket.unwrap_or_else(|| Self::new(now));
        bucket.advance(now);
        let news = ask.seen.filter(|seen| seen.at > bucket.status_at && bucket.is_other_plan(seen)).map(|seen| {
            // Without the settling: who is sent away settles when it comes again.
            let mut bucket = bucket.clone();
            bucket.calibrate(&seen, ask.in_flight, now);
            bucket
        });
        if let Some((lease, unspent)) = &ask.previous {
            bucket.settle(lease, *unspent);
        }
        if let Some(seen) = &ask.seen {
            bucket.calibrate(seen, ask.in_flight, now);
        }
        let until = end(RATES_END_EVERY, now);
        let headroom = bucket.level - if ask.is_background { bucket.max * FOREGROUND_RESERVE } else { 0.0 };
        let wait = bucket.time_to_gain(ask.need - headroom);
        // A background call takes what lies there and never points to come: these are the foreground's.
        let longest = if ask.is_background { Duration::ZERO } else { ask.patience.min(LONGEST_AHEAD) };
        if wait > longest {
            // A larger plan must be known while it waits, or the level rises no further than the smaller one's bucket, which
            // may hold less than what the larger leaves to the foreground.
            return (news.map_or(Change::Keep, Change::Write), Answer::Wait(wait));
        }
        let free = bucket.restore * MOST_RATE - bucket.promised_rate();
        // Those who have just come get little of it, and those who stay come to a fair share with time.
        let leases = bucket.promised.iter().map(|promised| promised.rates).sum::<u32>();
        let fair = bucket.restore * MOST_RATE / f64::from(leases + 1);
        let rate = ask.rate.min(free).min(fair.max(free / 4.0)).max(0.0);
        // Nobody waits for these points yet: they lie idle, so that they come from what is plenty, shared by many.
        let idle = (headroom / 2.0).min((bucket.max - bucket.held()) / 8.0);
        let lump = ask.lump.min(idle.max(ask.waited_for.min(headroom))).max(ask.need);
        let lease = Lease {
            until,
            lump_until: end(LUMPS_END_EVERY, now),
            rate,
            hold: if rate > 0.0 { ask.hold } else { 0.0 },
            carried: ask.in_flight,
            lump,
            ready: headroom.min(lump),
            // As fast as it takes for the need to be there when it was said to be.
            refill: if wait.is_zero() { 0.0 } else { (ask.need - headroom) / wait.as_secs_f64() },
            restore: bucket.restore,
            is_scarce: headroom < bucket.max / 8.0,
            granted_at: now,
            gone: Some(bucket.gone),
        };
        bucket.promise(&lease);
        (Change::Write(bucket), Answer::Granted(lease))
    }

    /// Remembers the requested costs of operations. Whether it learned of one that it did not know.
    pub fn learn(&mut self, costs: &BTreeMap<String, u32>) -> bool {
        let before = self.costs.len();
        for (operation, cost) in costs {
            if self.costs.len() < MOST_COSTS || self.costs.contains_key(operation) {
                self.costs.insert(operation.clone(), *cost);
            }
        }
        self.costs.len() > before
    }

    /// Lets time pass: the level rises by what is not promised, and leases end.
    pub fn advance(&mut self, now: UnixMillis) {
        while self.at < now {
            let end = self.promised.iter().map(|promised| promised.until).min().map_or(now, |end| end.min(now));
            let seconds = end.since(self.at).as_secs_f64();
            let free = self.restore - self.promised_rate();
            if free < 0.0 {
                self.level += free * seconds;
            } else {
                self.rise(free * seconds);
            }
            self.at = self.at.max(end);
            self.promised.retain(|promised| promised.until > end);
        }
    }

    /// Adds to the level, up to what Shopify's bucket could hold beside all that is held.
    fn rise(&mut self, points: f64) {
        let cap = self.max - self.held();
        self.level = self.level.max((self.level + points).min(cap));
    }

    fn promise(&mut self, lease: &Lease) {
        self.level -= lease.lump;
        for part in lease.parts() {
            match self.promised.iter_mut().find(|promised| promised.until == part.until) {
                Some(promised) => {
                    promised.rate += part.rate;
                    promised.held += part.held;
                    promised.rates += part.rates;
                }
                None => self.promised.push(part),
            }
        }
    }

    /// Takes a promise back. What its lease left unspent is still in Shopify's bucket, even if the lease ended before.
    fn settle(&mut self, lease: &Lease, unspent: f64) {
        let shrunk = (self.restore / lease.restore).min(1.0);
        for part in lease.parts() {
            if let Some(promised) = self.promised.iter_mut().find(|promised| promised.until == part.until) {
                promised.rate = (promised.rate - part.rate * shrunk).max(0.0);
                promised.held = (promised.held - part.held).max(0.0);
                promised.rates = promised.rates.saturating_sub(part.rates);
            }
        }
        self.gone += lease.lump;
        self.rise(unspent.max(0.0));
        self.level += unspent.min(0.0);
    }

    fn is_other_plan(&self, seen: &Status) -> bool {
        (self.max, self.restore) != (seen.max, seen.restore)
    }

    /// Takes over what Shopify said, and mends the level by it.
    fn calibrate(&mut self, seen: &Status, in_flight: f64, now: UnixMillis) {
        if seen.at > self.status_at {
            // Rates of a larger plan are promises that can't be kept: their processes notice, too, and ask anew.
            let shrunk = (seen.restore / self.restore).min(1.0);
            self.promised.iter_mut().for_each(|promised| promised.rate *= shrunk);
            (self.max, self.restore, self.status_at) = (seen.max, seen.restore, seen.at);
        }
        // It can't be more than what is there: somebody else may use the app's bucket, too.
        let age = now.since(seen.at).as_secs_f64();
        let most = (seen.available + self.restore * age).min(self.max);
        self.level = self.level.min(most).min(self.max - self.held().min(self.max));
        // Points that were promised and never spent are there, too: lumps that lapsed, processes that died. What may be
        // spent or charged after Shopify's word is what is held now, what of lumps is gone since, and what the rates
        // have under way. If a promise ended in between, nothing is known of it, and nothing is added.
        let is_same_slot = end(LUMPS_END_EVERY, seen.at) == end(LUMPS_END_EVERY, now);
        if let Some(gone) = seen.gone.filter(|gone| is_same_slot && *gone <= self.gone) {
            let drain = (self.promised_rate() - self.restore).max(0.0) * age;
            let rates = self.promised.iter().filter(|promised| promised.rates > 0);
            // A rate holds two calls; one of each is under way, and charged or not.
            let under_way: f64 = rates.map(|promised| promised.held / 2.0).sum();
            let spent = drain + self.held() + under_way + in_flight + self.gone - gone;
            self.level = self.level.max(seen.available - spent);
        }
    }

    /// How long until the level has risen by so many points.
    fn time_to_gain(&self, points: f64) -> Duration {
        let (mut missing, mut from, mut rate) = (points, self.at, self.promised_rate());
        let mut ends: Vec<_> = self.promised.iter().map(|promised| (promised.until, promised.rate)).collect();
        ends.sort_by_key(|(until, _)| *until);
        let mut seconds = 0.0;
        for (until, ended) in ends {
            let (length, refill) = (until.since(from).as_secs_f64(), (self.restore - rate).max(0.0));
            if missing <= refill * length {
                break;
            }
            (missing, seconds, from, rate) = (missing - refill * length, seconds + length, until, rate - ended);
        }
        let last = missing.max(0.0) / (self.restore - rate).max(0.1);
        Duration::try_from_secs_f64(seconds + last).unwrap_or(Duration::MAX)
    }

    fn promised_rate(&self) -> f64 {
        self.promised.iter().map(|promised| promised.rate).sum()
    }

    fn held(&self) -> f64 {
        self.promised.iter().map(|promised| promised.held).sum()
    }
}

/// One to two steps from now.
fn end(step: Duration, now: UnixMillis) -> UnixMillis {
    let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
    UnixMillis((now.0.div_euclid(step) + 2) * step)
}

impl Lease {
    /// What of it ends when.
    fn parts(&self) -> [Promised; 2] {
        [
            Promised { until: self.lump_until, rate: 0.0, held: self.lump + self.carried, rates: 0 },
            Promised { until: self.until, rate: self.rate, held: self.hold, rates: 1 },
        ]
    }
}
