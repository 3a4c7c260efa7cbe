//! A round: load, resolve, read, absorb, plan, save, push.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use shopify_webhook::ShopDomain;
use weir_core::{Failure, UnixMillis};

use super::{
    Broken, CROWDED, Engine, Outcome, Publish, READ_AGAIN, Todo, comes_back,
    read::Readings,
    resolve::{Resolved, settled},
};
use crate::{
    Blocked, LevelKey, Levels, Pool, Push, SetAnswer,
    event::outgoing,
    pool::{Absorbed, Settled},
    store::{PoolStore, Saved, Versioned},
};

/// So many pools are written at once.
pub(super) const MAX_CONCURRENT_WRITES: usize = 16;

/// A pool in a round.
pub(super) struct Work {
    pub(super) found: Versioned,
    pub(super) todo: Todo,
    /// Whether it differs from what is stored.
    pub(super) is_changed: bool,
}

impl<S: PoolStore, L: Levels, P: Publish> Engine<S, L, P> {
    /// Returns what the next round has to do.
    pub(super) async fn round(
        &self,
        mut todo: BTreeMap<String, Todo>,
        later: &mut BTreeMap<String, Duration>,
        outcome: &mut Outcome,
    ) -> Result<BTreeMap<String, Todo>, Failure> {
        let skus: Vec<String> = todo.keys().cloned().collect();
        let loaded = self.store.load(&skus).await?;
        let mut work: Vec<Work> = loaded
            .into_iter()
            .map(|found| Work { todo: todo.remove(&found.pool.sku).unwrap_or_default(), found, is_changed: false })
            .collect();
        let mut next: BTreeMap<String, Todo> = BTreeMap::new();
        if self.broken == Broken::AbsorbsDuringPush {
            self.absorb(&mut work, later, outcome).await;
        }
        self.settle_open(&mut work, later, &mut next, outcome).await?;
        self.absorb(&mut work, later, outcome).await;
        for one in &mut work {
            self.name_oversold(one).await?;
        }
        self.hold_what_moves_too_much(&mut work, outcome);
        let barred: BTreeSet<ShopDomain> = outcome.blocked.keys().cloned().collect();
        let mut pushes = self.plan(&mut work, &barred, later);
        self.save(&mut work, &mut pushes, &mut next, outcome).await?;
        self.publish(&mut work).await;
        self.make(pushes, work, later, &mut next, outcome).await?;
        Ok(next)
    }

    /// Settles what earlier workers left open.
    async fn settle_open(
        &self,
        work: &mut [Work],
        later: &mut BTreeMap<String, Duration>,
        next: &mut BTreeMap<String, Todo>,
        outcome: &mut Outcome,
    ) -> Result<(), Failure> {
        let pools: Vec<Pool> = work.iter().map(|one| one.found.pool.clone()).collect();
        let resolved = self.resolve(&pools, outcome).await?;
        let now = self.clock.now();
        let here: BTreeSet<String> = pools.iter().map(|pool| pool.sku.clone()).collect();
        for one in work.iter() {
            let rests = one.found.pool.intents().filter_map(|(level, _)| self.set_delays.rest(&level.shop, now));
            rests.for_each(|rest| comes_back(later, one.found.pool.sku.clone(), rest));
        }
        for (push, answer) in &resolved {
            for one in work.iter_mut() {
                let pool = &mut one.found.pool;
                let levels: Vec<LevelKey> =
                    pool.intents().filter(|(_, intent)| intent.push == *push).map(|(level, _)| level.clone()).collect();
                for level in levels {
                    match answer {
                        Resolved::NeverMade => {
                            one.is_changed |= pool.settle(&level, push, &Settled::NotApplied, now);
                        }
                        Resolved::KeyExpired => {
                            one.is_changed |= pool.hold(&format!("nobody can tell whether {level} was set"), now);
                        }
                        Resolved::Answered(answer, _) => match open_answer(answer) {
                            Ok(settled) => {
                                one.is_changed |= pool.settle(&level, push, &settled, now);
                                // What it is now, nobody has seen.
                                one.todo.read.insert(level);
                            }
                            Err(delay) => comes_back(later, pool.sku.clone(), delay),
                        },
                    }
                }
            }
            // Rows of other pools have the same answer: they ask for it themselves.
            if let Resolved::Answered(answer, skus) = answer
                && open_answer(answer).is_ok()
            {
                for sku in skus.difference(&here) {
                    next.entry(sku.clone()).or_default();
                }
            }
        }
        Ok(())
    }

    /// Reads levels, and takes them in.
    async fn absorb(&self, work: &mut [Work], later: &mut BTreeMap<String, Duration>, outcome: &mut Outcome) {
        let pools: Vec<Pool> = work.iter().map(|one| one.found.pool.clone()).collect();
        let wanted: BTreeSet<LevelKey> = work.iter().flat_map(|one| one.todo.read.iter().cloned()).collect();
        let Readings { levels, delayed } = self.read(&pools, &wanted, outcome).await;
        for one in work {
            let pool = &mut one.found.pool;
            for level in &one.todo.read {
                let Some((reading, asked)) = levels.get(level) else {
                    if let Some(delay) = delayed.get(&level.shop) {
                        comes_back(later, pool.sku.clone(), *delay);
                    }
                    continue;
                };
                let mut absorbed = pool.absorb(level, *reading, *asked);
                if absorbed == Absorbed::Blocked && self.broken == Broken::AbsorbsDuringPush {
                    absorbed = pool.absorb_during_push(level, *reading, *asked);
                }
                match absorbed {
                    Absorbed::Changed(_) => {
                        one.is_changed = true;
                        let changed_at = UnixMillis(reading.updated_s.saturating_mul(1000));
                        one.todo.changed_at = Some(one.todo.changed_at.map_or(changed_at, |at| at.min(changed_at)));
                        outcome.changes += 1;
                    }
                    Absorbed::TooEarly => comes_back(later, pool.sku.clone(), READ_AGAIN),
                    Absorbed::Unchanged | Absorbed::Blocked | Absorbed::NotRead => {}
                }
            }
        }
    }

    /// Names the order lines that the stock does not cover.
    pub(super) async fn name_oversold(&self, one: &mut Work) -> Result<(), Failure> {
        let pool = &mut one.found.pool;
        if pool.oversold() == 0 && pool.named.is_empty() {
            return Ok(());
        }
        let lines = self.store.newest_lines(&pool.sku, pool.oversold()).await?;
        one.is_changed |= pool.name_oversold(&lines, self.clock.now());
        Ok(())
    }

    fn hold_what_moves_too_much(&self, work: &mut [Work], outcome: &mut Outcome) {
        let now = self.clock.now();
        let moves = work.iter().map(|one| {
            let due = one.found.pool.due(now);
            let is_zeroed = due.iter().any(|(_, from, to)| *to == 0 && *from > 0);
            (&one.found.pool, is_zeroed, !due.is_empty())
        });
        let Some(why) = self.limits.exceeded(moves) else { return };
        for one in work.iter_mut() {
            let pool = &mut one.found.pool;
            if !pool.is_released && !pool.due(now).is_empty() && pool.hold(&why, now) {
                one.is_changed = true;
                outcome.held += 1;
            }
        }
    }

    /// Saves what changed. What somebody else changed meanwhile is left to the next round, and out of the pushes.
    async fn save(
        &self,
        work: &mut Vec<Work>,
        pushes: &mut Vec<Push>,
        next: &mut BTreeMap<String, Todo>,
        outcome: &mut Outcome,
    ) -> Result<(), Failure> {
        let writes: Vec<_> = std::mem::take(work).into_iter().map(|one| self.write_work(one)).collect();
        let writes: Vec<_> = stream::iter(writes).buffer_unordered(MAX_CONCURRENT_WRITES).collect().await;
        for written in writes {
            match written? {
                (Saved::Written, one) => work.push(one),
                (Saved::Lost, one) => {
                    let sku = &one.found.pool.sku;
                    pushes.iter_mut().for_each(|push| push.rows.retain(|row| row.sku != *sku));
                    // The next round reads again, and finds the change again.
                    outcome.changes = outcome.changes.saturating_sub(usize::from(one.todo.changed_at.is_some()));
                    next.entry(sku.clone()).or_default().read.extend(one.todo.read);
                }
            }
        }
        pushes.retain(|push| !push.rows.is_empty());
        Ok(())
    }

    async fn write_work(&self, mut one: Work) -> Result<(Saved, Work), Failure> {
        let saved = if one.is_changed { self.write(&mut one.found).await? } else { Saved::Written };
        one.is_changed &= saved == Saved::Lost;
        Ok((saved, one))
    }

    /// Writes a pool, whose version is the next one then.
    pub(super) async fn write(&self, found: &mut Versioned) -> Result<Saved, Failure> {
        let page = found.pool.take_page();
        let saved = self.store.save(&found.pool, found.version, &page, &[]).await?;
        if saved == Saved::Written {
            found.version += 1;
        }
        Ok(saved)
    }

    /// Publishes the events of pools. What the bus does not take is published by whoever comes next; each pool that has
    /// events is written again, by its settlement if it is pushed.
    async fn publish(&self, work: &mut [Work]) {
        let events: Vec<_> = work.iter().map(|one| outgoing(&one.found.pool)).collect();
        let all: Vec<_> = events.iter().flatten().cloned().collect();
        if all.is_empty() {
            return;
        }
        let mut answers = self.publisher.publish(&all).await.into_iter();
        for (one, events) in work.iter_mut().zip(events) {
            let taken = events.iter().filter(|_| matches!(answers.next(), Some(Ok(())))).count();
            one.is_changed = taken > 0 && taken == events.len();
            if one.is_changed {
                one.found.pool.published = one.found.pool.next_entry;
            }
        }
    }

    /// What is left of the rounds: pools whose watermark is not stored yet.
    pub(super) async fn store_watermarks(&self, work: Vec<Work>) -> Result<(), Failure> {
        // Lost: somebody else publishes the events again, under the same ids.
        let writes: Vec<_> = work.into_iter().map(|one| self.write_work(one)).collect();
        let writes: Vec<_> = stream::iter(writes).buffer_unordered(MAX_CONCURRENT_WRITES).collect().await;
        writes.into_iter().try_for_each(|written| written.map(drop))
    }
}

/// What the answer to a push that was asked for again means for all of its rows; when to ask again if it is not known.
fn open_answer(answer: &SetAnswer) -> Result<Settled, Duration> {
    match answer {
        SetAnswer::Unknown(delay) | SetAnswer::Blocked(Blocked::For(delay)) => Err(*delay),
        // An earlier call may have been made.
        SetAnswer::Blocked(Blocked::Until(_)) => Err(CROWDED),
        // Which row was at fault does not matter: each is read, and pushed anew.
        SetAnswer::Refused(_) => Ok(Settled::NotApplied),
        answer => settled(answer, 0).ok_or(CROWDED),
    }
}
