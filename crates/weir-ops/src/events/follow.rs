//! New events, and what becomes of those that are not done.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use weir_aws::ledger::{Entry, Indexes, Listing, RECORDS_AT_ONCE, Range, ReadError, Spent};
use weir_core::{
    UnixMillis,
    ledger::{Key, Record, State, index::Unsettled},
};

use super::query::EventQuery;

/// How far back it looks each time: an index follows its table in less.
const LOOK_BACK: Duration = Duration::from_secs(120);

/// How far back it looks every [`DEEP_EVERY`] looks: an event stands in the ledger only once a worker takes it up, and has
/// its place in the list by when it was received. One that waited longer in its lane is missed.
const DEEP: Duration = Duration::from_secs(3600);
const DEEP_EVERY: u32 = 30;

/// How long what nobody tries by itself is not looked at.
const SELDOM: Duration = Duration::from_secs(60);

/// A record is returned again when one of these changes.
type Mark = (&'static str, u32, u32);

fn mark(record: &Record) -> Mark {
    (record.state.as_str(), record.attempts, record.parks)
}

/// An event that may still change.
struct Open {
    mark: Mark,
    /// When it is looked at again.
    due: UnixMillis,
}

/// Follows the events of a query: knows which of them it returned already.
pub struct Follower<'a, I> {
    indexes: &'a I,
    query: &'a EventQuery,
    /// How far back a deep look goes.
    deep: Duration,
    /// Those of the deep look's range that need not be read again, and when they were received.
    seen: HashMap<Key, UnixMillis>,
    open: HashMap<Key, Open>,
    looks: u32,
    spent: Spent,
}

impl<'a, I: Indexes> Follower<'a, I> {
    /// Begins with nothing.
    #[must_use]
    pub fn new(indexes: &'a I, query: &'a EventQuery) -> Self {
        let deep = if query.is_default_range { DEEP } else { query.now.since(query.range.since).max(LOOK_BACK) };
        let (seen, open) = (HashMap::new(), HashMap::new());
        Self { indexes, query, deep, seen, open, looks: 0, spent: Spent::default() }
    }

    /// What was read so far.
    #[must_use]
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// Takes these records as returned already, and what is there beside them. What came in after they were read is new.
    ///
    /// # Errors
    /// If the ledger can't be read.
    pub async fn begin(&mut self, known: &[Record], now: UnixMillis) -> Result<(), ReadError> {
        let newest = known.iter().map(|record| record.received_at).max();
        let newest = newest.map_or(now - LOOK_BACK, |newest| newest.max(now - LOOK_BACK));
        for record in known {
            self.seen.insert(record.key.clone(), record.received_at);
            self.keep(record, now);
        }
        // Both indexes may have an event, and DynamoDB refuses a request that names one twice.
        let mut changing = HashSet::new();
        for entry in self.entries(now - self.deep, now).await? {
            if entry.received_at <= newest && self.seen.insert(entry.key.clone(), entry.received_at).is_none() {
                changing.extend((entry.received_at >= now - LOOK_BACK).then_some(entry.key));
            }
        }
        changing.extend(self.unsettled_keys(now).await?);
        for record in self.records(changing).await? {
            self.keep(&record, now);
        }
        Ok(())
    }

    /// What is new or has changed since the last look, in the order of time.
    ///
    /// # Errors
    /// If the ledger can't be read.
    pub async fn look(&mut self, now: UnixMillis) -> Result<Vec<Record>, ReadError> {
        self.looks += 1;
        let is_deep = self.looks.is_multiple_of(DEEP_EVERY);
        let since = now - if is_deep { self.deep } else { LOOK_BACK.min(self.deep) };
        let mut keys: HashSet<Key> = HashSet::new();
        for entry in self.entries(since, now).await? {
            if self.seen.insert(entry.key.clone(), entry.received_at).is_none() {
                keys.insert(entry.key);
            }
        }
        keys.extend(self.open.iter().filter(|(_, open)| open.due <= now).map(|(key, _)| key.clone()));
        let mut told = Vec::new();
        for record in self.records(keys).await? {
            let before = self.open.get(&record.key).map(|open| open.mark);
            self.keep(&record, now);
            if before != Some(mark(&record)) && self.query.filter.matches(&record, now) {
                told.push(record);
            }
        }
        if is_deep {
            let oldest = now - self.deep - LOOK_BACK;
            self.seen.retain(|_, received_at| *received_at >= oldest);
        }
        told.sort_by(|a, b| (a.updated_at, &a.key).cmp(&(b.updated_at, &b.key)));
        Ok(told)
    }

    fn keep(&mut self, record: &Record, now: UnixMillis) {
        let due = match &record.state {
            State::Done | State::Stale | State::Dropped | State::Replaced { .. } => {
                self.open.remove(&record.key);
                return;
            }
            State::Leased { .. } => now,
            State::Parked { until } => *until,
            State::Failed(_) => record.history.last().and_then(|attempt| attempt.comes_back).unwrap_or(now),
        };
        // What is overdue waits for a worker, or lies in a dead-letter queue: looked at ever more seldom.
        let overdue = if due > now { Duration::ZERO } else { (now.since(record.updated_at) / 4).min(SELDOM) };
        let due = due.max(now) + overdue;
        self.open.insert(record.key.clone(), Open { mark: mark(record), due });
    }

    async fn entries(&mut self, since: UnixMillis, now: UnixMillis) -> Result<Vec<Entry>, ReadError> {
        // Ingest's clock may be ahead of this one.
        let range = Range { since, until: now + LOOK_BACK };
        let mut listing = Listing::by_day(self.indexes, self.query.filter.buckets(), range, 1_000);
        let mut entries = Vec::new();
        while let Some(entry) = listing.next().await? {
            if self.query.filter.may_come_to_match(&entry) {
                entries.push(entry);
            }
        }
        self.spent += listing.spent();
        Ok(entries)
    }

    async fn unsettled_keys(&mut self, now: UnixMillis) -> Result<Vec<Key>, ReadError> {
        let range = Range { since: now - self.deep, until: now + LOOK_BACK };
        let buckets = self.query.filter.buckets();
        let mut listing = Listing::by_unsettled(self.indexes, &Unsettled::ALL, &buckets, range, 1_000);
        let mut keys = Vec::new();
        while let Some(entry) = listing.next().await? {
            keys.extend(self.query.filter.may_come_to_match(&entry).then_some(entry.key));
        }
        self.spent += listing.spent();
        Ok(keys)
    }

    async fn records(&mut self, keys: HashSet<Key>) -> Result<Vec<Record>, ReadError> {
        let (keys, mut records) = (Vec::from_iter(keys), Vec::new());
        for keys in keys.chunks(RECORDS_AT_ONCE) {
            let (read, spent) = self.indexes.records(keys).await?;
            self.spent += spent;
            records.extend(read.into_values());
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests;
