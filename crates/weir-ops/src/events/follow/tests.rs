use std::sync::Mutex;

use weir_aws::ledger::{IndexPage, Partition};
use weir_core::{
    Failure,
    ledger::index::{Bucket, day},
};

use super::super::{
    filter::EventFilter,
    fixtures::{NOW, attempt, record},
};
use super::*;

/// A ledger in memory, whose index by day shows an event only when it is told to.
#[derive(Default)]
struct Memory {
    records: Mutex<HashMap<Key, Record>>,
    shown: Mutex<HashSet<Key>>,
    reads: Mutex<usize>,
}

impl Memory {
    fn put(&self, id: &str, received_at: UnixMillis, state: State) -> Key {
        let key = Key { event: format!("north.myshopify.com#{id}"), generation: 0 };
        let record = Record { key: key.clone(), received_at, updated_at: received_at, state, ..record() };
        self.records.lock().unwrap().insert(key.clone(), record);
        key
    }

    fn get(&self, key: &Key) -> Record {
        self.records.lock().unwrap()[key].clone()
    }

    fn show(&self, key: &Key) {
        self.shown.lock().unwrap().insert(key.clone());
    }

    fn change(&self, key: &Key, at: UnixMillis, state: State) {
        let mut records = self.records.lock().unwrap();
        let record = records.get_mut(key).unwrap();
        record.attempts += u32::from(matches!(state, State::Leased { .. }));
        (record.updated_at, record.state) = (at, state);
    }
}

impl Indexes for Memory {
    type Start = ();

    async fn page(
        &self,
        partition: &Partition,
        range: Range,
        _start: Option<()>,
        _limit: i32,
    ) -> Result<IndexPage<()>, ReadError> {
        let shown = self.shown.lock().unwrap();
        let is_there = |record: &&Record| {
            let bucket = Bucket::of(&record.key.event);
            let key = match Unsettled::of(&record.state) {
                Some(state) if partition.key == bucket.with(state) => partition.key.clone(),
                _ => bucket.on(&day(record.received_at)),
            };
            shown.contains(&record.key)
                && key == partition.key
                && (range.since..=range.until).contains(&record.received_at)
        };
        let entry = |record: &Record| Entry {
            key: record.key.clone(),
            received_at: record.received_at,
            topic: record.topic.clone(),
            app: record.app.clone(),
            lane: record.lane,
            resource: None,
            event_id: None,
            webhook_id: None,
            last_webhook_id: None,
            last_error: None,
        };
        let mut entries: Vec<Entry> = self.records.lock().unwrap().values().filter(is_there).map(entry).collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.received_at));
        Ok(IndexPage { entries, next: None, spent: Spent::default() })
    }

    async fn records(&self, keys: &[Key]) -> Result<(HashMap<Key, Record>, Spent), ReadError> {
        *self.reads.lock().unwrap() += keys.len();
        assert_eq!(HashSet::<&Key>::from_iter(keys).len(), keys.len(), "DynamoDB refuses keys that stand there twice");
        let records = self.records.lock().unwrap();
        Ok((keys.iter().filter_map(|key| Some((key.clone(), records.get(key)?.clone()))).collect(), Spent::default()))
    }
}

fn query() -> EventQuery {
    let range = Range { since: NOW - DEEP, until: NOW + DEEP };
    let filter = EventFilter::default();
    EventQuery { filter, range, is_default_range: true, after: None, limit: 20, now: NOW }
}

fn leased() -> State {
    State::Leased { until: NOW + DEEP }
}

fn after(seconds: i64) -> UnixMillis {
    UnixMillis(NOW.0 + seconds * 1_000)
}

fn told(records: Vec<Record>) -> Vec<(String, &'static str)> {
    records
        .iter()
        .map(|record| (record.key.event.split_once('#').unwrap().1.to_owned(), record.state.as_str()))
        .collect()
}

#[tokio::test]
async fn each_event_and_each_change_of_its_state_is_told_once() {
    let (memory, query) = (Memory::default(), query());
    let mut follower = Follower::new(&memory, &query);
    follower.begin(&[], NOW).await.unwrap();
    let key = memory.put("1", after(1), leased());
    memory.show(&key);
    assert_eq!(told(follower.look(after(2)).await.unwrap()), [("1".into(), "leased")]);
    assert_eq!(told(follower.look(after(4)).await.unwrap()), []);
    memory.change(&key, after(5), State::Failed(Failure::transient("down")));
    assert_eq!(told(follower.look(after(6)).await.unwrap()), [("1".into(), "failed")]);
    memory.change(&key, after(7), State::Done);
    assert_eq!(told(follower.look(after(8)).await.unwrap()), [("1".into(), "done")]);
    assert_eq!(told(follower.look(after(10)).await.unwrap()), []);
}

#[tokio::test]
async fn an_event_that_the_index_shows_late_is_not_missed() {
    let (memory, query) = (Memory::default(), query());
    let mut follower = Follower::new(&memory, &query);
    let newer = memory.put("newer", after(0), State::Done);
    memory.show(&newer);
    follower.begin(&[memory.get(&newer)], NOW).await.unwrap();
    let late = memory.put("late", after(1), State::Done);
    let waited = memory.put("waited", after(-3_000), State::Done);
    assert_eq!(told(follower.look(after(2)).await.unwrap()), []);
    memory.show(&late);
    memory.show(&waited);
    assert_eq!(told(follower.look(after(60)).await.unwrap()), [("late".into(), "done")]);
    // It lay in its lane for most of an hour before a worker took it up: a deep look finds it.
    let mut found = Vec::new();
    for look in 0..i64::from(DEEP_EVERY) {
        found.extend(told(follower.look(after(62 + 2 * look)).await.unwrap()));
    }
    assert_eq!(found, [("waited".into(), "done")]);
}

#[tokio::test]
async fn follow_prints_changes_of_known_events_only() {
    let (memory, query) = (Memory::default(), query());
    let parked = memory.put("parked", after(-1_800), State::Parked { until: after(30) });
    let done = memory.put("done", after(-10), State::Done);
    [&parked, &done].into_iter().for_each(|key| memory.show(key));
    let mut follower = Follower::new(&memory, &query);
    follower.begin(&[memory.get(&done)], NOW).await.unwrap();
    let reads = *memory.reads.lock().unwrap();
    for look in 1..10 {
        assert_eq!(told(follower.look(after(look)).await.unwrap()), []);
    }
    assert_eq!(*memory.reads.lock().unwrap(), reads, "it is not looked at before it comes back");
    memory.change(&parked, after(31), State::Done);
    assert_eq!(told(follower.look(after(32)).await.unwrap()), [("parked".into(), "done")]);
}

#[tokio::test]
async fn dead_lettered_event_is_polled_rarely() {
    let (memory, query) = (Memory::default(), query());
    let key = memory.put("dead", after(-90), State::Failed(Failure::permanent("not JSON")));
    if let Some(record) = memory.records.lock().unwrap().get_mut(&key) {
        (record.updated_at, record.history) = (after(-600), vec![attempt(1, None)]);
    }
    memory.show(&key);
    let mut follower = Follower::new(&memory, &query);
    follower.begin(&[], NOW).await.unwrap();
    *memory.reads.lock().unwrap() = 0;
    for look in 1..=60 {
        follower.look(after(2 * look)).await.unwrap();
    }
    assert_eq!(*memory.reads.lock().unwrap(), 2, "in two minutes");
}
