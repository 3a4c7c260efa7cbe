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
//! that are not spent yet. Lumps and rates leave the level when they are promised; the level's own refill is capped
//! below `max` by all that may be held unspent. So a call that has its points is not throttled.

use std::{collections::BTreeMap, time::Duration};

use resilience::{UnixMillis, shared::Change};
use serde::{Deserialize, Serialize};

use super::{Lease, Status};

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
    /// Points of leases that were given back or used up, since the document was made.
    pub settled: f64,
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
}

/// What a process asks for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The next call's points, without which nothing helps.
    pub need: f64,
    /// Points that it could use now.
    pub lump: f64,
    /// The least lump that is worth a write, if there is no rate to live on.
    pub least: f64,
    /// Points a second that it could use.
    pub rate: f64,
    /// Points of its rate that may gather unused.
    pub hold: f64,
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

/// Leases end on multiples of this, so that few sums describe them all.
const END_EVERY: Duration = Duration::from_secs(30);
/// The share of the refill that may be promised as rates; the rest serves lumps.
const MOST_RATE: f64 = 0.85;
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
            settled: 0.0,
            costs: BTreeMap::new(),
        }
    }

    /// Decides on an ask.
    pub fn ask(bucket: Option<Self>, ask: &Ask, now: UnixMillis) -> (Change<Self>, Answer) {
        let mut bucket = bucket.unwrap_or_else(|| Self::new(now));
        bucket.advance(now);
        if let Some((lease, unspent)) = &ask.previous {
            bucket.settle(lease, *unspent);
        }
        if let Some(seen) = &ask.seen {
            bucket.calibrate(seen, ask.previous.as_ref().and_then(|(lease, _)| lease.settled), now);
        }
        let refill = bucket.refill();
        let headroom = bucket.level - if ask.is_background { bucket.max * FOREGROUND_RESERVE } else { 0.0 };
        let wait = Duration::try_from_secs_f64(((ask.need - headroom) / refill).max(0.0)).unwrap_or(Duration::MAX);
        // A background call takes what lies there and never points to come: these are the foreground's.
        if wait > if ask.is_background { Duration::ZERO } else { ask.patience } {
            return (Change::Keep, Answer::Wait(wait));
        }
        let rate = ask.rate.min((bucket.restore * MOST_RATE - bucket.promised_rate()) / 2.0).max(0.0);
        let lives_on_rate = rate * END_EVERY.as_secs_f64() >= ask.least;
        let least = if lives_on_rate || ask.is_background { ask.need } else { ask.least.max(ask.need) };
        let lump = ask.lump.min(headroom / 2.0).max(least);
        let lease = Lease {
            until: lease_end(now),
            rate,
            hold: ask.hold,
            lump,
            ready: headroom.min(lump),
            refill: refill - rate,
            granted_at: now,
            settled: Some(bucket.settled),
        };
        bucket.promise(&lease);
        (Change::Write(bucket), Answer::Granted(lease))
    }

    /// Remembers the requested cost of an operation.
    pub fn learn(&mut self, costs: &BTreeMap<String, u32>) {
        for (operation, cost) in costs {
            if self.costs.len() < MOST_COSTS || self.costs.contains_key(operation) {
                self.costs.insert(operation.clone(), *cost);
            }
        }
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
        match self.promised.iter_mut().find(|promised| promised.until == lease.until) {
            Some(promised) => {
                promised.rate += lease.rate;
                promised.held += lease.held();
            }
            None => {
                let Lease { until, rate, .. } = *lease;
                self.promised.push(Promised { until, rate, held: lease.held() });
            }
        }
    }

    /// Takes a promise back. What its lease left unspent is still in Shopify's bucket, even if the lease ended before.
    fn settle(&mut self, lease: &Lease, unspent: f64) {
        if let Some(promised) = self.promised.iter_mut().find(|promised| promised.until == lease.until) {
            promised.rate = (promised.rate - lease.rate).max(0.0);
            promised.held = (promised.held - lease.held()).max(0.0);
        }
        self.settled += lease.held();
        self.rise(unspent.max(0.0));
        self.level += unspent.min(0.0);
    }

    /// Takes over what Shopify said, and mends the level by it: it lies between what is there beside all that may be
    /// held, and what is there.
    fn calibrate(&mut self, seen: &Status, settled_then: Option<f64>, now: UnixMillis) {
        if seen.at > self.status_at {
            (self.max, self.restore, self.status_at) = (seen.max, seen.restore, seen.at);
        }
        let age = now.since(seen.at).as_secs_f64();
        let most = (seen.available + self.restore * age).min(self.max);
        self.level = self.level.min(most).min(self.max - self.held().min(self.max));
        // Leases that were settled since may have been spent since: without knowing them, nothing is added.
        if let Some(then) = settled_then.filter(|then| *then <= self.settled) {
            let least = seen.available + (self.restore - self.promised_rate()).min(0.0) * age;
            self.level = self.level.max(least - self.held() - (self.settled - then));
        }
    }

    /// Points a second that no rate was promised of. Never quite zero: leases end.
    fn refill(&self) -> f64 {
        (self.restore - self.promised_rate()).max(self.restore * (1.0 - MOST_RATE)).max(0.1)
    }

    fn promised_rate(&self) -> f64 {
        self.promised.iter().map(|promised| promised.rate).sum()
    }

    fn held(&self) -> f64 {
        self.promised.iter().map(|promised| promised.held).sum()
    }
}

/// One to two steps from now.
fn lease_end(now: UnixMillis) -> UnixMillis {
    let step = i64::try_from(END_EVERY.as_millis()).unwrap_or(i64::MAX);
    UnixMillis((now.0.div_euclid(step) + 2) * step)
}
