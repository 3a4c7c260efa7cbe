//! The records that are wanted, found by the indexes.

use std::time::{Duration, Instant};

use weir_aws::ledger::{Entry, Indexes, Position, RECORDS_AT_ONCE, ReadError, Spent};
use weir_core::ledger::{Key, Record};

use super::asked::Asked;

/// Work that takes longer than this shows that it goes on.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    /// The newest first.
    pub(super) records: Vec<Record>,
    /// The place to go on after, if there may be more.
    pub(super) after: Option<Position>,
    /// What was read.
    pub(super) spent: Spent,
}

/// Reads on until there are as many as asked for. `tell` is told from time to time how far it got.
pub(super) async fn find<I: Indexes>(
    indexes: &I,
    asked: &Asked,
    mut tell: impl FnMut(String),
) -> Result<Found, ReadError> {
    let (mut listing, mut records, mut spent) = (asked.listing(indexes), Vec::new(), Spent::default());
    let mut told_at = Instant::now();
    loop {
        // Of most lists every entry is wanted: then no record is read for nothing.
        let most = (asked.limit - records.len()).clamp(1, RECORDS_AT_ONCE);
        let mut entries: Vec<Entry> = Vec::new();
        while entries.len() < most {
            let Some(entry) = listing.next().await? else { break };
            if told_at.elapsed() >= TELL_EVERY {
                told_at = Instant::now();
                tell(format!(
                    "back to {}: {} items read, {} found",
                    entry.received_at,
                    listing.spent().items,
                    records.len()
                ));
            }
            if asked.wanted.may_be(&entry) {
                entries.push(entry);
            }
        }
        let keys: Vec<Key> = entries.iter().map(|entry| entry.key.clone()).collect();
        let is_last = keys.len() < most;
        if !keys.is_empty() {
            let (mut read, cost) = indexes.records(&keys).await?;
            spent += cost;
            let there = entries.iter().filter_map(|entry| read.remove(&entry.key));
            records.extend(there.filter(|record| asked.wanted.is(record, asked.now)));
        }
        let is_full = records.len() >= asked.limit;
        if is_full || is_last {
            spent += listing.spent();
            let may_be_more = is_full && !listing.has_ended();
            // The list goes on after the last entry that was looked at, not after the last that was wanted.
            let after = entries.last().filter(|_| may_be_more).map(Entry::position);
            return Ok(Found { records, after, spent });
        }
    }
}
