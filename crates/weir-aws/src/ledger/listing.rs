//! Many partitions of an index as one list, the newest event first.

use std::{
    cmp::Reverse,
    collections::{HashMap, VecDeque},
};

use futures_util::{StreamExt, TryStreamExt, stream};
use weir_core::{
    UnixMillis,
    ledger::{
        Key, Record,
        index::{Bucket, Unsettled, day},
    },
};

use super::{Entry, Index, IndexPage, Partition, ReadError, Spent};

/// When events were received: both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The earliest.
    pub since: UnixMillis,
    /// The latest.
    pub until: UnixMillis,
}

/// A place in the list: that of an event. It stays where it is, whatever comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// When the event was received.
    pub received_at: UnixMillis,
    /// Which event.
    pub key: Key,
}

impl Entry {
    /// Its place in the list.
    pub fn position(&self) -> Position {
        Position { received_at: self.received_at, key: self.key.clone() }
    }

    /// What the list is sorted by, the newest first; the key parts those of one millisecond.
    fn order(&self) -> (Reverse<UnixMillis>, &Key) {
        (Reverse(self.received_at), &self.key)
    }
}

/// So many records are read at once, at most.
pub const RECORDS_AT_ONCE: usize = 100;

/// What is read by the indexes: DynamoDB, and a store in memory that tests count the queries of.
pub trait Indexes {
    /// Where a page starts.
    type Start: Send;

    /// A page of at most `limit` entries of a partition, the newest first.
    fn page(
        &self,
        partition: &Partition,
        range: Range,
        start: Option<Self::Start>,
        limit: i32,
    ) -> impl Future<Output = Result<IndexPage<Self::Start>, ReadError>> + Send;

    /// The records of these keys, of which there are at most [`RECORDS_AT_ONCE`], with what that cost. One that ran out
    /// in the meantime is not there. They are read as they were a moment ago, for half the price.
    fn records(&self, keys: &[Key]) -> impl Future<Output = Result<(HashMap<Key, Record>, Spent), ReadError>> + Send;
}

/// So many queries are under way at once.
const AT_ONCE: usize = 16;

/// A page grows to this: more than fit into the megabyte that DynamoDB gives at once.
const LARGEST_PAGE: i32 = 20_000;

const DAY_MS: i64 = 86_400_000;

/// The list. Reads no more than it must for the next event.
pub struct Listing<'a, P: Indexes> {
    pages: &'a P,
    range: Range,
    after: Option<Position>,
    /// How many entries a partition's first page has: about as many as are asked for.
    first_page: i32,
    /// What is merged now.
    sources: Vec<Source<P::Start>>,
    /// What comes after that: of the index by day, day by day.
    buckets: Vec<Bucket>,
    next_day: Option<UnixMillis>,
    spent: Spent,
}

struct Source<S> {
    partition: Partition,
    /// Read and not handed out, the newest first.
    entries: VecDeque<Entry>,
    next: Next<S>,
    page: i32,
}

enum Next<S> {
    Unread,
    /// There is more, none of it newer than this.
    More(S, UnixMillis),
    End,
}

impl<S> Source<S> {
    fn new(partition: Partition, page: i32) -> Self {
        Self { partition, entries: VecDeque::new(), next: Next::Unread, page }
    }

    /// Whether it may have, unread, an entry that comes before this one.
    fn may_precede(&self, head: Option<&Entry>) -> bool {
        match &self.next {
            Next::End => false,
            Next::Unread => true,
            Next::More(_, bound) => head.is_none_or(|head| *bound >= head.received_at),
        }
    }
}

impl<'a, P: Indexes> Listing<'a, P> {
    /// Every event of a range that is in these buckets. `expected` is how many are wanted, about.
    pub fn by_day(pages: &'a P, buckets: Vec<Bucket>, range: Range, expected: u32) -> Self {
        Self::new(pages, Vec::new(), buckets, Some(range.until), range, expected)
    }

    /// Those of a range that are unsettled now.
    pub fn by_unsettled(pages: &'a P, states: &[Unsettled], buckets: &[Bucket], range: Range, expected: u32) -> Self {
        let partition = |state| move |bucket: &Bucket| Partition { index: Index::ByUnsettled, key: bucket.with(state) };
        let partitions = states.iter().flat_map(|state| buckets.iter().map(partition(*state))).collect();
        Self::new(pages, partitions, Vec::new(), None, range, expected)
    }

    fn new(
        pages: &'a P,
        partitions: Vec<Partition>,
        buckets: Vec<Bucket>,
        next_day: Option<UnixMillis>,
        range: Range,
        expected: u32,
    ) -> Self {
        let first_page = i32::try_from(expected).unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE);
        let sources = partitions.into_iter().map(|partition| Source::new(partition, first_page)).collect();
        Self { pages, range, after: None, first_page, sources, buckets, next_day, spent: Spent::default() }
    }

    /// Only what comes after this place.
    #[must_use]
    pub fn after(mut self, after: Option<Position>) -> Self {
        if let Some(after) = &after {
            self.range.until = self.range.until.min(after.received_at);
            self.next_day = self.next_day.map(|_| self.range.until);
        }
        self.after = after;
        self
    }

    /// What was read so far.
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// Whether it is known to be at its end.
    pub fn has_ended(&self) -> bool {
        let is_empty = |source: &Source<_>| source.entries.is_empty() && matches!(source.next, Next::End);
        self.sources.iter().all(is_empty) && self.next_day.is_none_or(|at| at < self.range.since)
    }

    /// The next event.
    ///
    /// # Errors
    /// If DynamoDB can't be asked: then the list is at its end.
    pub async fn next(&mut self) -> Result<Option<Entry>, ReadError> {
        loop {
            let Some(entry) = self.merged().await? else { return Ok(None) };
            if self.after.as_ref().is_none_or(|after| entry.order() > (Reverse(after.received_at), &after.key)) {
                return Ok(Some(entry));
            }
        }
    }

    async fn merged(&mut self) -> Result<Option<Entry>, ReadError> {
        loop {
            let heads = self.sources.iter().enumerate().filter_map(|(at, source)| Some((source.entries.front()?, at)));
            let first = heads.min_by(|(a, _), (b, _)| a.order().cmp(&b.order()));
            let head = first.map(|(entry, _)| entry);
            let blocked = self.sources.iter().any(|source| source.may_precede(head));
            if blocked {
                let head = head.cloned();
                self.read_on(head.as_ref()).await?;
                continue;
            }
            if let Some(at) = first.map(|(_, at)| at) {
                return Ok(self.sources[at].entries.pop_front());
            }
            let Some(sources) = self.next_day() else { return Ok(None) };
            self.sources = sources;
        }
    }

    /// The partitions of the next older day; `None` after the last.
    fn next_day(&mut self) -> Option<Vec<Source<P::Start>>> {
        let at = self.next_day.take().filter(|at| *at >= self.range.since)?;
        let before = UnixMillis(at.0.div_euclid(DAY_MS) * DAY_MS - 1);
        self.next_day = Some(before);
        let day = day(at);
        let partition = |bucket: &Bucket| Partition { index: Index::ByDay, key: bucket.on(&day) };
        Some(self.buckets.iter().map(partition).map(|partition| Source::new(partition, self.first_page)).collect())
    }

    /// Reads a page of every partition that may precede `head`.
    async fn read_on(&mut self, head: Option<&Entry>) -> Result<(), ReadError> {
        let (pages, range) = (self.pages, self.range);
        let behind = self.sources.iter_mut().filter(|source| source.may_precede(head));
        let reads = behind.map(|source| async move {
            let start = match std::mem::replace(&mut source.next, Next::End) {
                Next::More(start, _) => Some(start),
                Next::Unread | Next::End => None,
            };
            let page = pages.page(&source.partition, range, start, source.page).await?;
            // What one page did not answer, a larger one may: fewer calls for as many items.
            source.page = source.page.saturating_mul(4).min(LARGEST_PAGE);
            // A page may be empty though there is more: then nothing is known of what comes.
            let bound = page.entries.last().map_or(range.until, |entry| entry.received_at);
            source.entries.extend(page.entries);
            source.entries.make_contiguous().sort_by(|a, b| a.order().cmp(&b.order()));
            source.next = page.next.map_or(Next::End, |start| Next::More(start, bound));
            Ok::<_, ReadError>(page.spent)
        });
        let reads: Vec<_> = reads.collect();
        let spent: Vec<Spent> = stream::iter(reads).buffer_unordered(AT_ONCE).try_collect().await?;
        spent.into_iter().for_each(|spent| self.spent += spent);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
