//! Planning pushes, making their calls, and settling them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use shopify_webhook::ShopDomain;
use tokio::sync::Mutex;
use weir_core::{Failure, UnixMillis};

use super::{
    CROWDED, Engine, Outcome, Publish, Todo, comes_back, read::MAX_CONCURRENT_SHOPS, resolve::settled, round::Work,
};
use crate::{
    Blocked, Levels, MAX_ROWS, Push, Row, RowVerdict, SetAnswer, ShopName,
    pool::Settled,
    store::{PoolStore, Saved},
};

/// A pool that others write all the time is written so often before its settlement is left to whoever comes next.
const MAX_WRITES: usize = 8;

impl<S: PoolStore, L: Levels, P: Publish> Engine<S, L, P> {
    /// Puts what is due into calls, and writes the intents. Shops that can't be called are left out: for a while, and the
    /// pool comes back, or until somebody acts.
    pub(super) fn plan(
        &self,
        work: &mut [Work],
        barred: &BTreeSet<ShopDomain>,
        later: &mut BTreeMap<String, Duration>,
    ) -> Vec<Push> {
        let now = self.clock.now();
        let mut by_shop: BTreeMap<(String, ShopDomain), Vec<Row>> = BTreeMap::new();
        for one in work.iter() {
            let pool = &one.found.pool;
            for (level, from, to) in pool.due(now) {
                if let Some(rest) = self.set_delays.rest(&level.shop, now) {
                    comes_back(later, pool.sku.clone(), rest);
                    continue;
                }
                let Some(member) = pool.member(&level).filter(|_| !barred.contains(&level.shop)) else { continue };
                let rows = by_shop.entry((member.app.clone(), level.shop.clone())).or_default();
                rows.push(Row { sku: pool.sku.clone(), level, from, to });
            }
        }
        let mut pushes = Vec::new();
        for ((app, shop), rows) in by_shop {
            for rows in rows.chunks(MAX_ROWS) {
                let (id, rows) = ((self.new_push)(), rows.to_vec());
                let shop = ShopName(shop.clone());
                pushes.push(Push { id, app: app.clone(), shop, begun_at_ms: now.0, rows });
            }
        }
        let mut by_sku: BTreeMap<&str, Vec<(&Row, &Push)>> = BTreeMap::new();
        for push in &pushes {
            push.rows.iter().for_each(|row| by_sku.entry(&row.sku).or_default().push((row, push)));
        }
        for one in work {
            let pool = &mut one.found.pool;
            for (row, push) in by_sku.remove(pool.sku.as_str()).unwrap_or_default() {
                one.is_changed |= pool.begin(&row.level, push.id.clone(), row.from, row.to, now);
            }
            one.is_changed |= std::mem::take(&mut pool.is_released);
        }
        pushes
    }

    /// Makes the calls, all shops at once, and settles each as its answer comes: a slow shop delays no other.
    pub(super) async fn make(
        &self,
        pushes: Vec<Push>,
        work: Vec<Work>,
        later: &mut BTreeMap<String, Duration>,
        next: &mut BTreeMap<String, Todo>,
        outcome: &mut Outcome,
    ) -> Result<(), Failure> {
        let pools: BTreeMap<String, Mutex<Work>> =
            work.into_iter().map(|one| (one.found.pool.sku.clone(), Mutex::new(one))).collect();
        let calls: Vec<_> = pushes.iter().map(|push| self.make_one(push, &pools)).collect();
        let mut calls = stream::iter(calls).buffer_unordered(MAX_CONCURRENT_SHOPS);
        let mut pushed_at: BTreeMap<String, Option<i64>> = BTreeMap::new();
        while let Some(call) = calls.next().await {
            let (push, answer) = call?;
            outcome.pushes += 1;
            note(push, &answer, later, next, &mut pushed_at, outcome);
        }
        drop(calls);
        let work: Vec<Work> = pools.into_values().map(Mutex::into_inner).collect();
        for one in &work {
            let pushed = pushed_at.get(&one.found.pool.sku);
            if let (Some(changed), Some(Some(at_s))) = (one.todo.changed_at, pushed) {
                outcome.latencies.push(UnixMillis(at_s.saturating_mul(1000)).since(changed));
            }
        }
        self.store_watermarks(work).await
    }

    /// Makes a call, and settles its rows.
    async fn make_one<'a>(
        &self,
        push: &'a Push,
        pools: &BTreeMap<String, Mutex<Work>>,
    ) -> Result<(&'a Push, SetAnswer), Failure> {
        let answer = self.call(push).await?;
        for (place, row) in push.rows.iter().enumerate() {
            if let (Some(settled), Some(pool)) = (settled(&answer, place), pools.get(&row.sku)) {
                self.settle(&mut *pool.lock().await, row, push, &settled).await?;
            }
        }
        Ok((push, answer))
    }

    /// Makes the call of a push that is new.
    async fn call(&self, push: &Push) -> Result<SetAnswer, Failure> {
        if self.store.seal(push).await? == Saved::Lost {
            return Ok(SetAnswer::NotApplied);
        }
        let answer = self.levels.set(push).await;
        if let SetAnswer::Unknown(delay) | SetAnswer::Blocked(Blocked::For(delay)) = &answer {
            self.set_delays.note(&push.shop.0, *delay, self.clock.now());
        }
        // A shop that can't be called for days must not leave intents that nobody can resolve.
        if let SetAnswer::Blocked(_) = answer
            && !self.store.unseal(&push.id).await?
        {
            return Ok(SetAnswer::Unknown(CROWDED));
        }
        Ok(answer)
    }

    /// Settles a row. If others write the pool all the time, its intent stays open, and the next worker resolves it.
    async fn settle(&self, one: &mut Work, row: &Row, push: &Push, settled: &Settled) -> Result<(), Failure> {
        for _write in 0..MAX_WRITES {
            let now = self.clock.now();
            let is_open = one.found.pool.settle(&row.level, &push.id, settled, now);
            if !is_open && !one.is_changed {
                return Ok(());
            }
            if self.write(&mut one.found).await? == Saved::Written {
                one.is_changed = false;
                return Ok(());
            }
            let loaded = self.store.load(std::slice::from_ref(&row.sku)).await?;
            let Some(found) = loaded.into_iter().next() else { return Ok(()) };
            (one.found, one.is_changed) = (found, false);
        }
        Ok(())
    }
}

/// Notes what an answer leaves to do.
fn note(
    push: &Push,
    answer: &SetAnswer,
    later: &mut BTreeMap<String, Duration>,
    next: &mut BTreeMap<String, Todo>,
    pushed_at: &mut BTreeMap<String, Option<i64>>,
    outcome: &mut Outcome,
) {
    for (place, row) in push.rows.iter().enumerate() {
        let latest = pushed_at.entry(row.sku.clone()).or_insert(Some(0));
        if let SetAnswer::Applied { at_s } = answer {
            *latest = latest.map(|at| at.max(*at_s));
            outcome.pushed += 1;
            continue;
        }
        *latest = None;
        match answer {
            SetAnswer::Refused(verdicts) => match verdicts.get(place) {
                Some(RowVerdict::Bad(_)) => outcome.refused += 1,
                verdict => {
                    let todo = next.entry(row.sku.clone()).or_default();
                    if verdict == Some(&RowVerdict::Stale) {
                        outcome.stale += 1;
                        todo.read.insert(row.level.clone());
                    }
                }
            },
            SetAnswer::NotApplied => drop(next.entry(row.sku.clone()).or_default().read.insert(row.level.clone())),
            SetAnswer::Unknown(delay) | SetAnswer::Blocked(Blocked::For(delay)) => {
                comes_back(later, row.sku.clone(), *delay);
            }
            SetAnswer::Blocked(Blocked::Until(reason)) => {
                outcome.blocked.insert(push.shop.0.clone(), reason.clone());
            }
            SetAnswer::Applied { .. } => {}
        }
    }
}
