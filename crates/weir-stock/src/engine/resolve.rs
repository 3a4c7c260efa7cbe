//! Resolving pushes that an earlier worker left open: the same call under the same key, until Shopify says what became of it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use weir_core::{Failure, UnixMillis};

use super::{Broken, Engine, Outcome, Publish, read::MAX_CONCURRENT_SHOPS};
use crate::{
    Blocked, Levels, Pool, PushId, SetAnswer, key_ends,
    pool::Settled,
    store::{PoolStore, PushRecord},
};

/// What is known of an open push.
pub(super) enum Resolved {
    /// Its answer, with its rows: the SKUs that others must settle.
    Answered(SetAnswer, BTreeSet<String>),
    /// Its call was never made.
    NeverMade,
    /// Shopify has forgotten the key: nobody can tell.
    KeyExpired,
}

impl<S: PoolStore, L: Levels, P: Publish> Engine<S, L, P> {
    /// Asks what became of each open push of these pools.
    pub(super) async fn resolve(
        &self,
        pools: &[Pool],
        outcome: &mut Outcome,
    ) -> Result<BTreeMap<PushId, Resolved>, Failure> {
        let now = self.clock.now();
        let mut open: BTreeMap<PushId, i64> = BTreeMap::new();
        for (level, intent) in pools.iter().flat_map(Pool::intents) {
            if self.set_delays.rest(&level.shop, now).is_some() {
                continue;
            }
            open.insert(intent.push.clone(), intent.begun_at_ms);
        }
        let asked: Vec<_> =
            open.into_iter().map(|(push, begun)| self.resolve_one(push, UnixMillis(begun), now)).collect();
        let mut asked = stream::iter(asked).buffer_unordered(MAX_CONCURRENT_SHOPS);
        let mut resolved = BTreeMap::new();
        while let Some(one) = asked.next().await {
            let (push, answer) = one?;
            outcome.pushes += usize::from(matches!(answer, Resolved::Answered(..)));
            resolved.insert(push, answer);
        }
        Ok(resolved)
    }

    async fn resolve_one(
        &self,
        push: PushId,
        begun: UnixMillis,
        now: UnixMillis,
    ) -> Result<(PushId, Resolved), Failure> {
        if self.broken == Broken::LosesIntents {
            return Ok((push, Resolved::NeverMade));
        }
        let resolved = match self.store.resolve(&push).await? {
            PushRecord::Abandoned => Resolved::NeverMade,
            PushRecord::Sealed(_) if now >= key_ends(begun) => Resolved::KeyExpired,
            PushRecord::Sealed(mut sealed) => {
                if self.broken == Broken::RepeatsUnderNewKey {
                    sealed.id = (self.new_push)();
                }
                let skus = sealed.rows.iter().map(|row| row.sku.clone()).collect();
                let answer = self.levels.set(&sealed).await;
                if let SetAnswer::Unknown(delay) | SetAnswer::Blocked(Blocked::For(delay)) = &answer {
                    self.set_delays.note(&sealed.shop.0, *delay, self.clock.now());
                }
                Resolved::Answered(answer, skus)
            }
        };
        Ok((push, resolved))
    }
}

/// What an answer means for a row that this push has, by its place. `None`: it is not known yet.
pub(super) fn settled(answer: &SetAnswer, place: usize) -> Option<Settled> {
    use crate::RowVerdict;
    match answer {
        SetAnswer::Applied { at_s } => Some(Settled::Applied { at_s: *at_s }),
        SetAnswer::Refused(verdicts) => match verdicts.get(place) {
            Some(RowVerdict::Bad(code)) => Some(Settled::Refused(code.clone())),
            _ => Some(Settled::NotApplied),
        },
        // A push that could not be called is unsealed: nobody will make its call.
        SetAnswer::NotApplied | SetAnswer::Blocked(_) => Some(Settled::NotApplied),
        SetAnswer::Unknown(_) => None,
    }
}
