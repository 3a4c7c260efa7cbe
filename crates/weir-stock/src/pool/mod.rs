//! A pool: the stock of one SKU that several members share. Pure: every change is a function of the pool, an input and the
//! time, and leaves a journal entry.

mod absorb;
mod hold;
mod journal;
mod operate;
mod oversold;
mod push;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use weir_core::UnixMillis;

use crate::{LevelKey, PushId};

pub use absorb::Absorbed;
pub use hold::Hold;
pub use journal::{Cause, Entry, MAX_RECENT, PAGE};
pub use operate::{Draft, PoolError};
pub use oversold::{Line, LineId, NamedLine};
pub use push::Settled;

/// The stock of one SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// The SKU.
    pub sku: String,
    /// Units that can still be sold; below zero where more was sold than there was.
    pub available: i64,
    /// Its members.
    pub members: Vec<Member>,
    /// The newest journal entries, the oldest first. Their numbers have no gap.
    pub recent: Vec<Entry>,
    /// The number of the next journal entry.
    pub next_entry: u64,
    /// Entries below this number are published.
    pub published: u64,
    /// Order lines that are named as sold beyond the stock.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<NamedLine>,
    /// Why nothing is pushed, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Whether an operator let the next round pass, however much it moves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_released: bool,
}

/// A member of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its level in Shopify.
    pub level: LevelKey,
    /// The app whose token reads and sets it.
    pub app: String,
    /// What feeds it.
    #[serde(default)]
    pub feed: Feed,
    /// Units that it must not offer.
    #[serde(default)]
    pub buffer: i64,
    /// The level in Shopify that the pool has accounted for.
    pub known: i64,
    /// When Shopify last changed the level, as far as the pool knows: in whole seconds since 1970.
    #[serde(default)]
    pub known_at_s: i64,
    /// A push whose result is not recorded yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// Why Shopify refuses to set it, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// Where the changes of a member come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// Its level in Shopify, which weir reads and sets.
    #[default]
    Level,
    /// The lines of its orders: it has no level that is tracked.
    Orders,
}

/// A push that was begun and whose result is not recorded yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The call.
    pub push: PushId,
    /// Units before.
    pub from: i64,
    /// Units after.
    pub to: i64,
    /// When it was written.
    pub begun_at_ms: i64,
}

/// A level that Shopify refuses to set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Shopify's code.
    pub code: String,
    /// When it is tried again.
    pub until_ms: i64,
}

impl Member {
    /// Whether weir reads and sets its level.
    #[must_use]
    pub fn is_level(&self) -> bool {
        self.feed == Feed::Level
    }

    /// Units that the member should offer: the pool's less its buffer, never below zero.
    #[must_use]
    pub fn target(&self, available: i64) -> i64 {
        available.saturating_sub(self.buffer).max(0)
    }

    /// The push that it needs now. A level below zero is left alone while the pool has nothing to give: what was sold too
    /// much there must stay visible to the merchant.
    #[must_use]
    pub fn due(&self, available: i64, now: UnixMillis) -> Option<(i64, i64)> {
        let target = self.target(available);
        let is_barred = self.intent.is_some() || self.refused.as_ref().is_some_and(|refused| now.0 < refused.until_ms);
        let is_oversold = self.known < 0 && target == 0;
        (self.is_level() && !is_barred && !is_oversold && target != self.known).then_some((self.known, target))
    }
}

impl Pool {
    /// The member of a level.
    #[must_use]
    pub fn member(&self, level: &LevelKey) -> Option<&Member> {
        self.members.iter().find(|member| member.level == *level)
    }

    fn member_mut(&mut self, level: &LevelKey) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.level == *level)
    }

    /// Whether every level is what it should be, or can't be.
    #[must_use]
    pub fn is_settled(&self, now: UnixMillis) -> bool {
        self.members.iter().all(|member| member.intent.is_none() && member.due(self.available, now).is_none())
    }
}
