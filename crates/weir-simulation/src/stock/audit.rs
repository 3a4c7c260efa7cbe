//! The judgement of a run.

use std::{collections::BTreeMap, sync::PoisonError, time::Duration};

use serde::Serialize;
use weir_stock::store::{PoolStore, Versioned};

use super::world::World;

/// What a run, or several, came to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Runs.
    pub seeds: u64,
    /// Units that a pool lacks at the end.
    pub units_lost: i64,
    /// Units that a pool has too many at the end.
    pub units_invented: i64,
    /// Levels that are not what they should be at the end.
    pub diverged: usize,
    /// Pushes of a number below zero.
    pub below_zero: usize,
    /// Units beyond the stock that are named in no event.
    pub oversold_unnamed: i64,
    /// Units that are named and not beyond the stock.
    pub oversold_false: i64,
    /// Pushes after everything was quiet: the answer to an echo.
    pub echo_pushes: usize,
    /// Pushes of a number that the shops together never had.
    pub odd_pushes: usize,
    /// Levels that were set.
    pub pushes: usize,
    /// Workers that died.
    pub crashes: usize,
    /// Calls that Shopify refused because a level had changed.
    pub stale_pushes: usize,
    /// From a change until the last other shop showed it, in seconds by Shopify's clock: the median.
    pub latency_p50_s: u64,
    /// The 99th percentile.
    pub latency_p99_s: u64,
    #[serde(skip)]
    latencies: Vec<Duration>,
}

impl Report {
    /// Whether a promise is broken.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.units_lost != 0
            || self.units_invented != 0
            || self.diverged > 0
            || self.below_zero > 0
            || self.oversold_unnamed != 0
            || self.oversold_false != 0
            || self.echo_pushes > 0
    }

    /// Adds another run.
    pub fn add(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.units_lost += other.units_lost;
        self.units_invented += other.units_invented;
        self.diverged += other.diverged;
        self.below_zero += other.below_zero;
        self.oversold_unnamed += other.oversold_unnamed;
        self.oversold_false += other.oversold_false;
        self.echo_pushes += other.echo_pushes;
        self.odd_pushes += other.odd_pushes;
        self.pushes += other.pushes;
        self.crashes += other.crashes;
        self.stale_pushes += other.stale_pushes;
        self.latencies.extend(other.latencies);
        self.latencies.sort_unstable();
        let percentile = |percent: usize| {
            let place = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
            self.latencies.get(place).map_or(0, Duration::as_secs)
        };
        (self.latency_p50_s, self.latency_p99_s) = (percentile(50), percentile(99));
    }
}

/// Judges the end. `quiet_pushes` are rows that were set after everything was quiet.
pub(super) async fn judge(world: &World, quiet_pushes: usize) -> Report {
    let mut report = Report { seeds: 1, echo_pushes: quiet_pushes, ..Report::default() };
    report.crashes = *world.crashes.lock().unwrap_or_else(PoisonError::into_inner);
    let latencies = world.latencies.lock().unwrap_or_else(PoisonError::into_inner).clone();
    {
        let log = world.log.lock().unwrap_or_else(PoisonError::into_inner);
        report.stale_pushes = log.stale;
        report.pushes = log.set.len();
        report.below_zero = log.set.iter().filter(|(_, to)| *to < 0).count();
        for (sku, to) in &log.set {
            let pool = world.pools.iter().position(|pool| pool.sku == *sku);
            report.odd_pushes += usize::from(pool.is_some_and(|pool| !world.truth(pool).had.contains(to)));
        }
    }
    let pools: BTreeMap<String, Versioned> = match world.store.list().await {
        Ok(pools) => pools.into_iter().map(|found| (found.pool.sku.clone(), found)).collect(),
        Err(_) => BTreeMap::new(),
    };
    for (number, declared) in world.pools.iter().enumerate() {
        let truth = world.truth(number);
        let Some(found) = pools.get(&declared.sku) else {
            report.diverged += declared.levels.len();
            continue;
        };
        report.units_lost += (truth.available - found.pool.available).max(0);
        report.units_invented += (found.pool.available - truth.available).max(0);
        let target = truth.available.max(0);
        for level in &declared.levels {
            let there = world.sim.available(&level.shop, level.item, level.location).unwrap_or(i64::MIN);
            let is_oversold = there < 0 && target == 0;
            report.diverged += usize::from(there != target && !is_oversold);
        }
        let expected: BTreeMap<String, i64> = truth.oversold().into_iter().collect();
        let named: BTreeMap<String, i64> =
            found.pool.named.iter().map(|line| (line.line.clone(), line.units)).collect();
        for (line, units) in &expected {
            report.oversold_unnamed += (units - named.get(line).copied().unwrap_or(0)).max(0);
        }
        for (line, units) in &named {
            report.oversold_false += (units - expected.get(line).copied().unwrap_or(0)).max(0);
        }
    }
    let mut all = Report::default();
    report.latencies = latencies;
    all.add(report);
    all
}
