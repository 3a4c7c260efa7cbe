//! The whole table, for a ledger that has items from before it had indexes.

use std::cmp::Reverse;

use weir_aws::{
    DynamoLedger,
    ledger::{ReadError, Spent},
};
use weir_core::ledger::Record;

use super::{query::EventQuery, search::Found};

/// Reads every item, and returns those that match. Billed by the item.
///
/// # Errors
/// If the ledger can't be read.
pub async fn scan(ledger: &DynamoLedger, query: &EventQuery) -> Result<Found, ReadError> {
    let matches = |record: &Record| {
        // All of time, unless a range was given: that is what a scan is for.
        let is_within = query.is_default_range || record.received_at >= query.range.since;
        is_within && record.received_at <= query.range.until && query.filter.matches(record, query.now)
    };
    let (mut records, mut spent, mut page) = (Vec::new(), Spent::default(), None);
    loop {
        let mut next = ledger.scan(page).await?;
        spent += next.spent;
        records.extend(next.records.drain(..).filter(matches));
        if !next.has_more() {
            break;
        }
        page = Some(next);
    }
    records.sort_by(|a, b| (Reverse(a.received_at), &a.key).cmp(&(Reverse(b.received_at), &b.key)));
    records.truncate(query.limit);
    Ok(Found { records, after: None, spent })
}
