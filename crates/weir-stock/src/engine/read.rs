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
        let mut by_shop: BTreeMap<(&str, &ShopDomain), Vec<LevelKey>> = BTreeMap::new();
        for member in pools.iter().flat_map(|pool| &pool.members) {
            if wanted.contains(&member.level) && member.is_level() {
                by_shop.entry((&member.app, &member.level.shop)).or_default().push(member.level.clone());
            }
        }
        let queries = by_shop.into_iter().flat_map(|(of, levels)| {
            levels.chunks(MAX_ROWS).map(<[LevelKey]>::to_vec).map(move |rows| (of, rows)).collect::<Vec<_>>()
        });
        let queries = queries.map(async |((app, shop), levels)| {
            let asked = self.clock.now();
            (shop, asked, self.levels.read(app, shop, &levels).await, levels)
        });
        let mut answers = stream::iter(queries).buffer_unordered(MAX_CONCURRENT_SHOPS);
        let mut readings = Readings::default();
        while let Some((shop, asked, answer, levels)) = answers.next().await {
            outcome.queries += 1;
            match answer {
                Ok(found) => {
                    let found = levels.into_iter().zip(found);
                    let there = found.filter_map(|(level, reading)| Some((level, (reading?, asked))));
                    readings.levels.extend(there);
                }
                Err(Blocked::For(delay)) => {
                    let noted = readings.delayed.entry(shop.clone()).or_default();
                    *noted = delay.max(*noted);
                }
                Err(Blocked::Until(reason)) => {
                    outcome.blocked.insert(shop.clone(), reason);
                }
            }
        }
        readings
    }
}
