//! Order lines: who got the units. In a shop with levels Shopify has taken them already; one without is fed by its lines.

use std::collections::BTreeMap;

use weir_core::Failure;

use super::{CROWDED, Ending, Engine, Outcome, Publish, Todo, comes_back};
use crate::{
    Levels, Pool,
    pool::{Feed, Line},
    store::{PoolStore, Saved},
};

/// A pool that others write all the time is written so often before a line comes back later.
const MAX_WRITES: usize = 8;

/// A line of an order, with the pool that it takes units of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkuLine {
    /// The pool.
    pub sku: String,
    /// The line.
    pub line: Line,
}

impl<S: PoolStore, L: Levels, P: Publish> Engine<S, L, P> {
    /// Takes in lines as they are now: a line that comes again, or an older state of it, changes nothing. Lines of SKUs that
    /// are no pool are ignored. Endings are in the order of the lines.
    ///
    /// # Errors
    /// If the store fails. Everything may be repeated.
    pub async fn allocate(&self, lines: &[SkuLine]) -> Result<Outcome, Failure> {
        let mut skus: Vec<String> = lines.iter().map(|line| line.sku.clone()).collect();
        skus.sort_unstable();
        skus.dedup();
        let pools = self.store.load(&skus).await?;
        let pools: BTreeMap<String, Pool> =
            pools.into_iter().map(|found| (found.pool.sku.clone(), found.pool)).collect();
        let (mut todo, mut later) = (BTreeMap::new(), BTreeMap::new());
        for SkuLine { sku, line } in lines {
            let Some(pool) = pools.get(sku) else { continue };
            if is_fed(pool, line) {
                if !self.feed(sku, line).await? {
                    comes_back(&mut later, sku.clone(), CROWDED);
                }
                todo.insert(sku.clone(), Todo::default());
            } else if self.store.put_line(sku, line).await? || pool.oversold() > 0 || !pool.named.is_empty() {
                todo.insert(sku.clone(), Todo::default());
            }
        }
        // The stock covers the lines of most pools: nothing is named, and nothing is pushed.
        todo.retain(|sku, _| {
            pools.get(sku).is_some_and(|pool| {
                pool.oversold() > 0 || !pool.named.is_empty() || pool.members.iter().any(|one| !one.is_level())
            })
        });
        let mut outcome = Outcome::default();
        later.extend(self.settle_pools(todo, &mut outcome).await?);
        let ending = |line: &SkuLine| match (pools.contains_key(&line.sku), later.get(&line.sku)) {
            (false, _) => Ending::NotShared,
            (true, Some(delay)) => Ending::Again(*delay),
            (true, None) => Ending::Done,
        };
        outcome.endings = lines.iter().map(ending).collect();
        Ok(outcome)
    }

    /// Takes the units of a line from the pool, once for each of its revisions. `false` if others write the pool all the time.
    async fn feed(&self, sku: &str, line: &Line) -> Result<bool, Failure> {
        for _write in 0..MAX_WRITES {
            let Some(mut found) = self.store.load(&[sku.to_owned()]).await?.into_iter().next() else { return Ok(true) };
            let before = self.store.line(sku, &line.id, line.ordered_at_ms).await?;
            if before.as_ref().is_some_and(|before| before.revision >= line.revision) {
                return Ok(true);
            }
            found.pool.absorb_line(before.map_or(0, |before| before.units), line, self.clock.now());
            let page = found.pool.take_page();
            let saved = self.store.save(&found.pool, found.version, &page, std::slice::from_ref(line)).await?;
            if saved == Saved::Written {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn is_fed(pool: &Pool, line: &Line) -> bool {
    pool.members.iter().any(|member| member.feed == Feed::Orders && member.level.shop == line.id.shop)
}
