//! The whole table, for a ledger that has items from before it had indexes.

use std::cmp::Reverse;

use weir_aws::ledger::Spent;
use weir_core::ledger::Record;

use super::{asked::Asked, common, find::Found};
use crate::target::LedgerTarget;

/// Reads every item, and keeps those that are wanted.
pub(super) async fn scan(target: &LedgerTarget, asked: &Asked) -> anyhow::Result<Found> {
    let is_wanted = |record: &Record| {
        // All of time, unless a range was given: that is what a scan is for.
        let is_within = asked.is_default_range || record.received_at >= asked.range.since;
        is_within && record.received_at <= asked.range.until && asked.wanted.is(record, asked.now)
    };
    let (mut records, mut spent, mut page) = (Vec::new(), Spent::default(), None);
    loop {
        let mut next = target.ledger.scan(page).await.map_err(|error| common::unreadable(&error, target))?;
        spent += next.spent;
        records.extend(next.records.drain(..).filter(is_wanted));
        if !next.has_more() {
            break;
        }
        page = Some(next);
    }
    records.sort_by(|a, b| (Reverse(a.received_at), &a.key).cmp(&(Reverse(b.received_at), &b.key)));
    records.truncate(asked.limit);
    Ok(Found { records, after: None, spent })
}
