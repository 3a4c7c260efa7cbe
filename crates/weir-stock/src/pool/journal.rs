//! The journal of a pool: why its number is what it is.

use serde::{Deserialize, Serialize};
use weir_core::UnixMillis;

use super::{NamedLine, Pool};
use crate::LevelKey;

/// So many entries are in the pool itself at most. A pool is read and written with each of its changes.
pub const MAX_RECENT: usize = 16;

/// So many entries go into an item of their own at once, the oldest first.
pub const PAGE: usize = 12;

/// A change of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts the pool's entries from 0.
    pub number: u64,
    /// When.
    pub at_ms: i64,
    /// Why.
    pub cause: Cause,
    /// Units more; below zero, less.
    pub delta: i64,
    /// Units afterwards.
    pub available: i64,
}

/// The cause of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Cause {
    /// The pool was declared.
    Declared,
    /// A level in Shopify changed: a sale, a restock, or a change by hand.
    Level {
        /// The level.
        level: LevelKey,
        /// When it changed, by Shopify's clock: in whole seconds since 1970.
        updated_s: i64,
    },
    /// A line of an order in a shop that has no level.
    Order {
        /// The line: `north.myshopify.com/ORDER/LINE`.
        line: String,
    },
    /// An operator set the number.
    Set {
        /// The reason that was given.
        why: String,
    },
    /// An operator restored the number of an earlier time.
    Restored {
        /// That time.
        to_ms: i64,
    },
    /// Order lines beyond the stock are other ones now.
    Oversold {
        /// The lines. None: the stock covers all of them again.
        lines: Vec<NamedLine>,
    },
    /// Pushes were held.
    Held {
        /// The reason.
        why: String,
    },
    /// An operator released the pool.
    Released,
}

impl Pool {
    /// Changes the number, and records why.
    pub(super) fn record(&mut self, cause: Cause, delta: i64, now: UnixMillis) {
        self.available = self.available.saturating_add(delta);
        let entry = Entry { number: self.next_entry, at_ms: now.0, cause, delta, available: self.available };
        self.next_entry += 1;
        self.recent.push(entry);
    }

    /// Entries that are not published yet, the oldest first.
    #[must_use]
    pub fn unpublished(&self) -> &[Entry] {
        let from = self.recent.partition_point(|entry| entry.number < self.published);
        &self.recent[from..]
    }

    /// Removes the oldest entries if there are too many. The caller stores them with the pool. What is not published stays.
    #[must_use]
    pub fn take_page(&mut self) -> Vec<Entry> {
        if self.recent.len() <= MAX_RECENT {
            return Vec::new();
        }
        let published = self.recent.partition_point(|entry| entry.number < self.published);
        if published < PAGE { Vec::new() } else { self.recent.drain(..PAGE).collect() }
    }
}
