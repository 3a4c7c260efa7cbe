//! `weir events list --follow`: new events, and what becomes of those that are not done.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use anyhow::Context;
use tokio::time::{MissedTickBehavior, interval};
use weir_aws::ledger::{Entry, Indexes, Listing, RECORDS_AT_ONCE, Range, ReadError, Spent};
use weir_core::{
    UnixMillis,
    ledger::{Key, Record, State, index::Trouble},
};

use super::{asked::Asked, common, find, view::EventView};
use crate::{exit::ExitStatus, printer::Printer, signals::Signals, target::LedgerTarget};

/// How often it looks.
const TICK: Duration = Duration::from_secs(2);

/// How far back it looks each time: an index follows its table in less.
const LOOK_BACK: Duration = Duration::from_secs(120);

/// How far back it looks every [`DEEP_EVERY`] looks: an event stands in the ledger only once a worker takes it up, and has
/// its place in the list by when it was received. One that waited longer in its lane is missed.
const DEEP: Duration = Duration::from_secs(3600);
const DEEP_EVERY: u32 = 30;

/// How long what nobody tries by itself is not looked at.
const SELDOM: Duration = Duration::from_secs(60);

pub(super) async fn run(target: &LedgerTarget, asked: &Asked, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let mut signals = Signals::listen().context("could not listen for Ctrl-C")?;
    let failed = |error: ReadError| common::unreadable(&error, target);
    let mut follower = Follower::new(&target.ledger, asked);
    let newest = find::find(&target.ledger, asked, |line| printer.note(line)).await.map_err(failed)?;
    for record in newest.records.iter().rev() {
        show(record, asked.now, printer)?;
    }
    follower.begin(&newest.records, asked.now).await.map_err(failed)?;
    printer.note("following; Ctrl-C ends it");
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let look = async {
            tick.tick().await;
            let now = UnixMillis::now();
            follower.look(now).await.map(|records| (records, now))
        };
        let (records, now) = tokio::select! {
            _ = signals.next() => {
                let Spent { requests, items, units } = follower.spent;
                printer.note(format!("{items} items read in {requests} requests, {units} read units"));
                return Ok(ExitStatus::Done);
            }
            found = look => found.map_err(failed)?,
        };
        for record in &records {
            show(record, now, printer)?;
        }
    }
}

fn show(record: &Record, now: UnixMillis, printer: &Printer) -> anyhow::Result<()> {
    let event = EventView::new(record, now);
    printer.item(&event, EventView::line)?;
    Ok(())
}

/// What of a record is told when it changes.
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

/// Knows what it told already.
struct Follower<'a, I> {
    indexes: &'a I,
    asked: &'a Asked,
    /// How far back a deep look goes.
    deep: Duration,
    /// Those of the deep look's range that need not be read again, and when they were received.
    seen: HashMap<Key, UnixMillis>,
    open: HashMap<Key, Open>,
    looks: u32,
    spent: Spent,
}

impl<'a, I: Indexes> Follower<'a, I> {
    fn new(indexes: &'a I, asked: &'a Asked) -> Self {
        let deep = if asked.is_default_range { DEEP } else { asked.now.since(asked.range.since).max(LOOK_BACK) };
        let (seen, open) = (HashMap::new(), HashMap::new());
        Self { indexes, asked, deep, seen, open, looks: 0, spent: Spent::default() }
    }

    /// Takes for told what is there, and keeps an eye on what of it may change. What came in after `told` was read is new.
    async fn begin(&mut self, told: &[Record], now: UnixMillis) -> Result<(), ReadError> {
        let newest = told.iter().map(|record| record.received_at).max();
        let newest = newest.map_or(now - LOOK_BACK, |newest| newest.max(now - LOOK_BACK));
        for record in told {
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
        changing.extend(self.troubled(now).await?);
        for record in self.records(changing).await? {
            self.keep(&record, now);
        }
        Ok(())
    }

    /// What is new or has changed since the last look, in the order of time.
    async fn look(&mut self, now: UnixMillis) -> Result<Vec<Record>, ReadError> {
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
            if before != Some(mark(&record)) && self.asked.wanted.is(&record, now) {
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
        let mut listing = Listing::by_day(self.indexes, self.asked.wanted.buckets(), range, 1_000);
        let mut entries = Vec::new();
        while let Some(entry) = listing.next().await? {
            if self.asked.wanted.may_become(&entry) {
                entries.push(entry);
            }
        }
        self.spent += listing.spent();
        Ok(entries)
    }

    async fn troubled(&mut self, now: UnixMillis) -> Result<Vec<Key>, ReadError> {
        let range = Range { since: now - self.deep, until: now + LOOK_BACK };
        let buckets = self.asked.wanted.buckets();
        let mut listing = Listing::by_trouble(self.indexes, &Trouble::ALL, &buckets, range, 1_000);
        let mut keys = Vec::new();
        while let Some(entry) = listing.next().await? {
            keys.extend(self.asked.wanted.may_become(&entry).then_some(entry.key));
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
