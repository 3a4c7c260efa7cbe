//! What an operator does to a pool: declare it, change its members, set or restore its number.

use weir_core::UnixMillis;

use super::{Cause, Feed, Member, Pool};
use crate::{LevelKey, Reading};

/// A member that is declared, with what Shopify shows of its level; `None` for one that is fed by orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its level.
    pub level: LevelKey,
    /// The app whose token is used.
    pub app: String,
    /// Units that it must not offer.
    pub buffer: i64,
    /// Its level as it is.
    pub reading: Option<Reading>,
}

/// A change that a pool does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// No pool can have fewer units by an operator's will.
    #[error("{0} units are below zero")]
    Negative(i64),
    /// Two members are one level.
    #[error("{0} is a member twice")]
    MemberTwice(LevelKey),
    /// A pool needs a member.
    #[error("a pool needs at least one member")]
    NoMembers,
    /// Its result is not known yet.
    #[error("a push to {0} is open: try again when its result is known")]
    OpenPush(LevelKey),
}

impl Member {
    fn of(draft: Draft) -> Self {
        let (feed, known, known_at_s) = match draft.reading {
            Some(reading) => (Feed::Level, reading.available, reading.updated_s),
            None => (Feed::Orders, 0, 0),
        };
        let Draft { level, app, buffer, .. } = draft;
        Self { level, app, feed, buffer, known, known_at_s, intent: None, refused: None }
    }
}

fn check(drafts: &[Draft]) -> Result<(), PoolError> {
    if drafts.is_empty() {
        return Err(PoolError::NoMembers);
    }
    for (place, draft) in drafts.iter().enumerate() {
        if draft.buffer < 0 {
            return Err(PoolError::Negative(draft.buffer));
        }
        if drafts[..place].iter().any(|other| other.level == draft.level) {
            return Err(PoolError::MemberTwice(draft.level.clone()));
        }
    }
    Ok(())
}

impl Pool {
    /// A new pool. Without a number it begins with the lowest level of its members, but not below zero: nothing that is not
    /// there is offered.
    ///
    /// # Errors
    /// If the number is below zero, or the members are none, or one twice.
    pub fn declare(
        sku: String,
        available: Option<i64>,
        drafts: Vec<Draft>,
        now: UnixMillis,
    ) -> Result<Self, PoolError> {
        check(&drafts)?;
        let lowest = drafts.iter().filter_map(|draft| Some(draft.reading?.available)).min();
        let available = match available {
            Some(units) if units < 0 => return Err(PoolError::Negative(units)),
            Some(units) => units,
            None => lowest.unwrap_or(0).max(0),
        };
        let mut pool = Self {
            sku,
            available: 0,
            members: drafts.into_iter().map(Member::of).collect(),
            recent: Vec::new(),
            next_entry: 0,
            published: 0,
            named: Vec::new(),
            hold: None,
            is_released: false,
        };
        pool.record(Cause::Declared, available, now);
        Ok(pool)
    }

    /// Gives the pool these members. One that stays keeps what is known of it; a new one is known as it was read, and brings
    /// no units.
    ///
    /// # Errors
    /// If the members are none, or one twice, or one that leaves has an open push.
    pub fn set_members(&mut self, drafts: Vec<Draft>) -> Result<(), PoolError> {
        check(&drafts)?;
        let leaves = |member: &&Member| !drafts.iter().any(|draft| draft.level == member.level);
        if let Some(open) = self.members.iter().filter(leaves).find(|member| member.intent.is_some()) {
            return Err(PoolError::OpenPush(open.level.clone()));
        }
        let members = drafts.into_iter().map(|draft| match self.member(&draft.level) {
            Some(stays) => Member { buffer: draft.buffer, app: draft.app, ..stays.clone() },
            None => Member::of(draft),
        });
        self.members = members.collect();
        Ok(())
    }

    /// Sets the number.
    ///
    /// # Errors
    /// If it is below zero.
    pub fn set(&mut self, units: i64, why: String, now: UnixMillis) -> Result<(), PoolError> {
        self.set_because(units, Cause::Set { why }, now)
    }

    /// Sets the number to that of an earlier time.
    ///
    /// # Errors
    /// If it is below zero: what was sold too much is not undone by restoring it.
    pub fn restore(&mut self, units: i64, to: UnixMillis, now: UnixMillis) -> Result<(), PoolError> {
        self.set_because(units, Cause::Restored { to_ms: to.0 }, now)
    }

    fn set_because(&mut self, units: i64, cause: Cause, now: UnixMillis) -> Result<(), PoolError> {
        if units < 0 {
            return Err(PoolError::Negative(units));
        }
        let delta = units - self.available;
        self.record(cause, delta, now);
        Ok(())
    }
}
