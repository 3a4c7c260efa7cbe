//! Reading levels, a query for each shop and 250 levels, all at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use shopify_webhook::ShopDomain;
use weir_core::UnixMillis;

use super::{Engine, Outcome, Publish};
use crate::{Blocked, LevelKey, Levels, MAX_ROWS, Pool, Reading, store::PoolStore};

/// So many shops are called at once.
pub(super) const MAX_CONCURRENT_SHOPS: usize = 16;

/// What was read.
#[derive(Default)]
pub(super) struct Readings {
    /// Levels that are there, with the time before the query.
    pub(super) levels: BTreeMap<LevelKey, (Reading, UnixMillis)>,
    /// Shops that could not be called for a while.
    pub(super) delayed: BTreeMap<ShopDomain, Duration>,
}

impl<S: PoolStore, L: Levels, P: Publish> Engine<S, L, P> {
    /// Reads levels of pools. A shop that somebody has to act on is noted in `outcome`.
    pub(super) async fn read(&self, pools: &[Pool], wanted: &BTreeSet<LevelKey>, outcome: &mut Outcome) -> Readings {
        let mut readings = Readings::default();
        let mut by_shop: BTreeMap<(String, ShopDomain), Vec<LevelKey>> = BTreeMap::new();
        for member in pools.iter().flat_map(|pool| &pool.members) {
            if wanted.contains(&member.level) && member.is_level() {
                let shop = &member.level.shop;
                if let Some(rest) = self.read_delays.rest(shop, self.clock.now()) {
                    readings.delayed.insert(shop.clone(), rest);
                    continue;
                }
                by_shop.entry((member.app.clone(), shop.clone())).or_default().push(member.level.clone());
            }
        }
        let mut queries = Vec::new();
        for ((app, shop), levels) in by_shop {
            for levels in levels.chunks(MAX_ROWS) {
                queries.push(self.query(app.clone(), shop.clone(), levels.to_vec()));
            }
        }
        let mut answers = stream::iter(queries).buffer_unordered(MAX_CONCURRENT_SHOPS);
        while let Some((shop, asked, answer, levels)) = answers.next().await {
            outcome.queries += 1;
            match answer {
                Ok(found) => {
                    let found = levels.into_iter().zip(found);
                    let there = found.filter_map(|(level, reading)| Some((level, (reading?, asked))));
                    readings.levels.extend(there);
                }
                Err(Blocked::For(delay)) => {
                    self.read_delays.note(&shop, delay, self.clock.now());
                    let noted = readings.delayed.entry(shop).or_default();
                    *noted = delay.max(*noted);
                }
                Err(Blocked::Until(reason)) => {
                    outcome.blocked.insert(shop, reason);
                }
            }
        }
        readings
    }

    async fn query(
        &self,
        app: String,
        shop: ShopDomain,
        levels: Vec<LevelKey>,
    ) -> (ShopDomain, UnixMillis, Result<Vec<Option<Reading>>, Blocked>, Vec<LevelKey>) {
        let asked = self.clock.now();
        let answer = self.levels.read(&app, &shop, &levels).await;
        (shop, asked, answer, levels)
    }
}
