use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use fastrand::Rng;
use weir_core::{EventShop, Lane};

use super::*;

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

/// An index in memory, a page of which has at most so many entries.
#[derive(Default)]
struct Memory {
    partitions: BTreeMap<String, Vec<Entry>>,
    largest_page: usize,
    queries: AtomicU64,
}

impl Memory {
    fn put(&mut self, event: &str, received_at: UnixMillis) {
        let key = Key { event: event.to_owned(), generation: 0 };
        let (topic, app, resource, last_error) = (None, None, None, None);
        let (event_id, webhook_id, last_webhook_id) = (None, None, None);
        let lane = Lane::Bulk;
        let entry =
            Entry { key, received_at, topic, app, lane, resource, event_id, webhook_id, last_webhook_id, last_error };
        let partition = self.partitions.entry(Bucket::of(event).on(&day(received_at))).or_default();
        partition.push(entry);
        // DynamoDB sorts by the sort key alone: entries of one millisecond come in any order.
        partition.sort_by_key(|entry| Reverse(entry.received_at));
    }

    fn all(&self, range: Range) -> Vec<Entry> {
        let mut all: Vec<Entry> = self.partitions.values().flatten().cloned().collect();
        all.retain(|entry| (range.since..=range.until).contains(&entry.received_at));
        all.sort_by(|a, b| a.order().cmp(&b.order()));
        all
    }

    fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }
}

impl Indexes for Memory {
    type Start = usize;

    async fn page(
        &self,
        partition: &Partition,
        range: Range,
        start: Option<usize>,
        limit: i32,
    ) -> Result<IndexPage<usize>, ReadError> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let within = self.partitions.get(&partition.key).into_iter().flatten();
        let within: Vec<&Entry> =
            within.filter(|entry| (range.since..=range.until).contains(&entry.received_at)).collect();
        let (start, limit) = (start.unwrap_or(0), usize::try_from(limit).unwrap().min(self.largest_page));
        let entries: Vec<Entry> = within.iter().skip(start).take(limit).map(|entry| (*entry).clone()).collect();
        let end = start + entries.len();
        // As DynamoDB does: a page that was cut off has a next one, though nothing may be left for it.
        let next = (entries.len() == limit).then_some(end);
        let spent = Spent { requests: 1, items: entries.len() as u64, units: 0.5 };
        Ok(IndexPage { entries, next, spent })
    }

    async fn records(&self, _keys: &[Key]) -> Result<(HashMap<Key, Record>, Spent), ReadError> {
        Ok((HashMap::new(), Spent::default()))
    }
}

/// `count` events of `shops` shops, spread over so many days, many of them in one millisecond.
fn filled(count: usize, shops: usize, days: i64, seed: u64) -> Memory {
    let mut rng = Rng::with_seed(seed);
    let mut memory = Memory { largest_page: 5_000, ..Memory::default() };
    for index in 0..count {
        let at = UnixMillis(NOW.0 - rng.i64(0..days * DAY_MS) / 3_600_000 * 3_600_000);
        memory.put(&format!("shop-{}.myshopify.com#{index}", rng.usize(0..shops)), at);
    }
    memory
}

fn days(days: i64) -> Range {
    Range { since: UnixMillis(NOW.0 - days * DAY_MS), until: NOW }
}

async fn take(listing: &mut Listing<'_, Memory>, count: usize) -> Vec<Entry> {
    let mut taken = Vec::new();
    while taken.len() < count
        && let Some(entry) = listing.next().await.unwrap()
    {
        taken.push(entry);
    }
    taken
}

#[tokio::test]
async fn every_event_of_the_range_is_listed_once_and_the_newest_first() {
    for (seed, largest_page) in [(1, 1), (2, 3), (3, 10), (4, 5_000)] {
        let memory = Memory { largest_page, ..filled(700, 9, 3, seed) };
        let range = Range { since: UnixMillis(NOW.0 - 2 * DAY_MS - 7), until: UnixMillis(NOW.0 - 1_000) };
        let mut listing = Listing::by_day(&memory, Bucket::all(), range, 4);
        assert_eq!(take(&mut listing, usize::MAX).await, memory.all(range), "pages of {largest_page}");
        assert!(listing.has_ended());
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_whatever_comes_in() {
    let mut memory = Memory { largest_page: 7, ..filled(300, 5, 2, 5) };
    let (range, expected) = (days(2), filled(300, 5, 2, 5).all(days(2)));
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let mut listing = Listing::by_day(&memory, Bucket::all(), range, 20).after(after.take());
        let page = take(&mut listing, 20).await;
        let Some(last) = page.last() else { break };
        after = Some(last.position());
        pages.extend(page);
        memory.put(&format!("late.myshopify.com#{}", pages.len()), UnixMillis(NOW.0 + 1));
        memory.put(&format!("new.myshopify.com#{}", pages.len()), NOW);
    }
    assert_eq!(pages, expected);
}

#[tokio::test]
async fn a_shop_costs_two_queries_a_day_and_one_for_each_further_page() {
    let memory = filled(2_000, 40, 7, 6);
    let mut listing = Listing::by_day(
        &memory,
        Bucket::of_shop(&EventShop::from_stored("shop-1.myshopify.com")).into(),
        days(7),
        20_000,
    );
    let listed = take(&mut listing, usize::MAX).await;
    assert!(listed.iter().any(|entry| entry.key.event.starts_with("shop-1.myshopify.com#")));
    // Seven times 24 hours touch eight days.
    assert_eq!((memory.queries(), listing.spent().requests), (16, 16));

    // Newest first, as many as asked for: the days before are not read.
    let memory = filled(20_000, 40, 7, 6);
    let mut listing =
        Listing::by_day(&memory, Bucket::of_shop(&EventShop::from_stored("shop-1.myshopify.com")).into(), days(7), 20);
    take(&mut listing, 20).await;
    assert_eq!(memory.queries(), 2);
}

#[tokio::test]
async fn the_newest_of_all_shops_are_had_without_reading_the_rest() {
    let memory = filled(100_000, 300, 7, 7);
    let mut listing = Listing::by_day(&memory, Bucket::all(), days(7), 20);
    assert_eq!(take(&mut listing, 20).await, memory.all(days(7))[..20]);
    assert_eq!(memory.queries(), 64, "one page of each bucket of today");
    assert!(listing.spent().items <= 64 * 20, "{:?}", listing.spent());
}

#[tokio::test]
async fn an_empty_range_costs_one_look_at_each_partition() {
    let memory = Memory { largest_page: 10, ..Memory::default() };
    let mut listing =
        Listing::by_unsettled(&memory, &Unsettled::ALL, &Bucket::of_shop(&EventShop::from_stored("a")), days(30), 20);
    assert_eq!(listing.next().await.unwrap(), None);
    assert_eq!(memory.queries(), 4);
}
