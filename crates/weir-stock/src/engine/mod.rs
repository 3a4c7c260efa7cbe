//! The engine: takes hints, reads levels, absorbs, pushes and settles, in rounds until nothing is left to do.
//!
//! A pool is loaded before its levels are read, and saved on condition of the version that was loaded. So a reading is never
//! absorbed over a change that is newer than it. A worker may die at every call: an intent is resolved by the next one that
//! loads the pool.

mod delays;
mod limits;
mod lines;
mod publish;
mod push;
mod read;
mod resolve;
mod round;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use resilience::Clock;
use shopify_webhook::ShopDomain;
use weir_core::{Failure, UnixMillis};

pub use self::{
    delays::Delays,
    limits::Limits,
    lines::SkuLine,
    publish::{NoPublisher, Publish},
};
use crate::{LevelKey, Levels, PushId, store::PoolStore};

/// So often levels are read and set for a hint before it comes back later. A level that is sold all the time is stale once or
/// twice.
const MAX_ROUNDS: u32 = 6;

/// A reading that may be older than what is known is made again after this long.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// A pool that others change all the time is tried again after this long.
const CROWDED: Duration = Duration::from_secs(1);

/// What the engine works with.
pub struct Engine<S, L, P> {
    /// Where pools are stored.
    pub store: S,
    /// Levels in Shopify.
    pub levels: L,
    /// Where events go.
    pub publisher: P,
    /// How much one round may move.
    pub limits: Limits,
    /// The clock.
    pub clock: Clock,
    /// Shops whose levels can't be read for a while.
    pub read_delays: Delays,
    /// Shops whose levels can't be set for a while. They may still be read: what they sell must reach the others.
    pub set_delays: Delays,
    /// Draws the keys of pushes.
    pub new_push: fn() -> PushId,
    /// Rules that are broken on purpose, to see that a test finds it.
    pub broken: Broken,
}

/// A protocol that is wrong on purpose. The simulation shows that each is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Broken {
    /// The protocol as it should be.
    #[default]
    Nothing,
    /// A level with an open push is absorbed.
    AbsorbsDuringPush,
    /// A push whose result is unknown is repeated under a new key.
    RepeatsUnderNewKey,
    /// An intent that a dead worker left is dropped.
    LosesIntents,
}

/// What became of a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Its pool is as it should be, or what is left needs no hint.
    Done,
    /// Its level is in no pool.
    NotShared,
    /// It has to come again after this long.
    Again(Duration),
}

/// What a call of the engine did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The ending of each hint, in their order.
    pub endings: Vec<Ending>,
    /// Queries of levels.
    pub queries: usize,
    /// Calls that set levels.
    pub pushes: usize,
    /// Levels that were set.
    pub pushed: usize,
    /// Levels that had changed since they were read.
    pub stale: usize,
    /// Levels that Shopify refuses to set.
    pub refused: usize,
    /// Changes of pools.
    pub changes: usize,
    /// Pools that were held for their movement.
    pub held: usize,
    /// Shops that need somebody to act, with the reason.
    pub blocked: BTreeMap<ShopDomain, String>,
    /// For each pool that changed and was pushed to its last member: from Shopify's time of the change to that of the push.
    pub latencies: Vec<Duration>,
}

/// What is left to do for a pool.
#[derive(Debug, Default)]
struct Todo {
    /// Levels to read.
    read: BTreeSet<LevelKey>,
    /// When the change that is to be pushed was made, by Shopify's clock.
    changed_at: Option<UnixMillis>,
}

impl<S: PoolStore, L: Levels, P: Publish> Engine<S, L, P> {
    /// Looks at levels, and pushes what follows.
    ///
    /// # Errors
    /// If the store fails. Everything may be repeated.
    pub async fn look(&self, hints: &[LevelKey]) -> Result<Outcome, Failure> {
        let skus = self.store.skus(hints).await?;
        let mut todo: BTreeMap<String, Todo> = BTreeMap::new();
        for (level, sku) in &skus {
            todo.entry(sku.clone()).or_default().read.insert(level.clone());
        }
        let mut outcome = Outcome::default();
        let later = self.settle_pools(todo, &mut outcome).await?;
        let ending = |level: &LevelKey| match skus.get(level) {
            None => Ending::NotShared,
            Some(sku) => later.get(sku).map_or(Ending::Done, |delay| Ending::Again(*delay)),
        };
        outcome.endings = hints.iter().map(ending).collect();
        Ok(outcome)
    }

    /// Pushes what pools need, after an operator changed them. Their endings are in the order of the SKUs.
    ///
    /// # Errors
    /// If the store fails. Everything may be repeated.
    pub async fn push(&self, skus: &[String]) -> Result<Outcome, Failure> {
        let todo = skus.iter().map(|sku| (sku.clone(), Todo::default())).collect();
        let mut outcome = Outcome::default();
        let later = self.settle_pools(todo, &mut outcome).await?;
        let ending = |sku: &String| later.get(sku).map_or(Ending::Done, |delay| Ending::Again(*delay));
        outcome.endings = skus.iter().map(ending).collect();
        Ok(outcome)
    }

    /// Goes on until every pool is as it should be. Returns those that are not, with when to come back.
    async fn settle_pools(
        &self,
        mut todo: BTreeMap<String, Todo>,
        outcome: &mut Outcome,
    ) -> Result<BTreeMap<String, Duration>, Failure> {
        let mut later = BTreeMap::new();
        for _round in 0..MAX_ROUNDS {
            if todo.is_empty() {
                return Ok(later);
            }
            todo = self.round(todo, &mut later, outcome).await?;
        }
        for sku in todo.into_keys() {
            comes_back(&mut later, sku, CROWDED);
        }
        Ok(later)
    }
}

/// Notes that a pool is to be looked at again: the longest delay counts.
fn comes_back(later: &mut BTreeMap<String, Duration>, sku: String, delay: Duration) {
    let noted = later.entry(sku).or_default();
    *noted = delay.max(*noted);
}
