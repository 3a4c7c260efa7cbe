//! The records that match, found by the indexes.

use weir_aws::ledger::{Entry, Indexes, Position, RECORDS_AT_ONCE, ReadError, Spent};
use weir_core::{
    UnixMillis,
    ledger::{Key, Record},
};

use super::query::EventQuery;

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// The newest first.
    pub records: Vec<Record>,
    /// The place to continue after, if there may be more.
    pub after: Option<Position>,
    /// What was read.
    pub spent: Spent,
}

/// How far a search got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchProgress {
    /// When the event was received that was read last.
    pub back_to: UnixMillis,
    /// Items of the index that were read.
    pub items: u64,
    /// Events that were found.
    pub found: usize,
}

/// Reads until there are as many as asked for. `progress` is called for each entry of the index.
///
/// # Errors
/// If the ledger can't be read.
pub async fn search<I: Indexes>(
    indexes: &I,
    query: &EventQuery,
    mut progress: impl FnMut(SearchProgress),
) -> Result<Found, ReadError> {
    let (mut listing, mut records, mut spent) = (query.listing(indexes), Vec::new(), Spent::default());
    loop {
        // Of most lists every entry is wanted: then no record is read for nothing.
        let most = (query.limit - records.len()).clamp(1, RECORDS_AT_ONCE);
        let mut entries: Vec<Entry> = Vec::new();
        while entries.len() < most {
            let Some(entry) = listing.next().await? else { break };
            progress(SearchProgress { back_to: entry.received_at, items: listing.spent().items, found: records.len() });
            if query.filter.may_match(&entry) {
                entries.push(entry);
            }
        }
        let keys: Vec<Key> = entries.iter().map(|entry| entry.key.clone()).collect();
        let is_last = keys.len() < most;
        if !keys.is_empty() {
            let (mut read, cost) = indexes.records(&keys).await?;
            spent += cost;
            let there = entries.iter().filter_map(|entry| read.remove(&entry.key));
            records.extend(there.filter(|record| query.filter.matches(record, query.now)));
        }
        let is_full = records.len() >= query.limit;
        if is_full || is_last {
            spent += listing.spent();
            let may_be_more = is_full && !listing.has_ended();
            // The list continues after the last entry that was read, not after the last that matched.
            let after = entries.last().filter(|_| may_be_more).map(Entry::position);
            return Ok(Found { records, after, spent });
        }
    }
}
