//! Setting levels: intents, and what becomes of them.

use std::time::Duration;

use weir_core::UnixMillis;

use super::{Intent, Pool, Refused};
use crate::{LevelKey, PushId};

/// A level that Shopify refuses to set is tried again after this long.
const REFUSED_FOR: Duration = Duration::from_secs(3600);

/// What became of a push, for one of its levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The level is set, at this time by Shopify's clock, in whole seconds since 1970.
    Applied {
        /// When.
        at_s: i64,
    },
    /// Nothing was set.
    NotApplied,
    /// Nothing was set, because Shopify refuses this level: its code.
    Refused(String),
}

impl Pool {
    /// Levels that are not what they should be, each with its units before and after. None while the pool is held.
    #[must_use]
    pub fn due(&self, now: UnixMillis) -> Vec<(LevelKey, i64, i64)> {
        if self.hold.is_some() {
            return Vec::new();
        }
        let due = |member: &super::Member| {
            let (from, to) = member.due(self.available, now)?;
            Some((member.level.clone(), from, to))
        };
        self.members.iter().filter_map(due).collect()
    }

    /// Writes an intent. `false` if the level has one already, or is no member.
    pub fn begin(&mut self, level: &LevelKey, push: PushId, from: i64, to: i64, now: UnixMillis) -> bool {
        match self.member_mut(level) {
            Some(member) if member.intent.is_none() => {
                member.intent = Some(Intent { push, from, to, begun_at_ms: now.0 });
                true
            }
            _ => false,
        }
    }

    /// Records what became of an intent. `false` if the level has no intent of this push: it is settled already.
    pub fn settle(&mut self, level: &LevelKey, push: &PushId, settled: &Settled, now: UnixMillis) -> bool {
        let Some(member) = self.member_mut(level) else { return false };
        let Some(intent) = member.intent.take_if(|intent| intent.push == *push) else { return false };
        match settled {
            Settled::Applied { at_s } => {
                member.known = intent.to;
                member.known_at_s = member.known_at_s.max(*at_s);
                member.refused = None;
            }
            Settled::NotApplied => {}
            Settled::Refused(code) => {
                member.refused = Some(Refused { code: code.clone(), until_ms: (now + REFUSED_FOR).0 });
            }
        }
        true
    }

    /// The open intents, with their levels.
    pub fn intents(&self) -> impl Iterator<Item = (&LevelKey, &Intent)> {
        self.members.iter().filter_map(|member| Some((&member.level, member.intent.as_ref()?)))
    }
}
