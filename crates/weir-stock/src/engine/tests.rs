use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering},
};

use weir_core::Failure;

use super::*;
use crate::{
    Blocked, Pool, Push, Reading, SetAnswer,
    event::Outgoing,
    pool::Draft,
    store::{MemoryStore, PoolStore},
};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

/// A Shopify whose shop `b` is throttled, which counts its calls.
#[derive(Default)]
struct Throttled {
    calls: Mutex<Vec<String>>,
}

impl Throttled {
    fn call(&self, shop: &ShopDomain) -> Result<(), Blocked> {
        self.calls.lock().unwrap().push(shop.as_str().to_owned());
        if shop.as_str().starts_with("b.") { Err(Blocked::For(Duration::from_secs(5))) } else { Ok(()) }
    }

    fn calls_of(&self, shop: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|called| called.starts_with(shop)).count()
    }
}

impl Levels for Throttled {
    async fn read(&self, _: &str, shop: &ShopDomain, levels: &[LevelKey]) -> Result<Vec<Option<Reading>>, Blocked> {
        self.call(shop)?;
        let reading = Reading { available: 8, updated_s: NOW.as_seconds() };
        Ok(vec![Some(reading); levels.len()])
    }

    async fn set(&self, push: &Push) -> SetAnswer {
        match self.call(&push.shop.0) {
            Ok(()) => SetAnswer::Applied { at_s: NOW.as_seconds() },
            Err(blocked) => SetAnswer::Blocked(blocked),
        }
    }
}

struct Nowhere;

impl Publish for Nowhere {
    async fn publish(&self, events: &[Outgoing]) -> Vec<Result<(), Failure>> {
        vec![Ok(()); events.len()]
    }
}

fn level(shop: &str) -> LevelKey {
    format!("{shop}.myshopify.com/1/1").parse().unwrap()
}

/// No two pushes have one key.
fn new_push() -> PushId {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    PushId(NEXT.fetch_add(1, Ordering::Relaxed).to_string())
}

async fn engine() -> Engine<MemoryStore, Throttled, Nowhere> {
    let store = MemoryStore::default();
    let reading = Some(Reading { available: 10, updated_s: NOW.as_seconds() - 100 });
    let levels = ["a", "b", "c"].map(level);
    let draft = |level: &LevelKey| Draft { level: level.clone(), app: "default".into(), buffer: 0, reading };
    let pool = Pool::declare("TEA".into(), Some(10), levels.iter().map(draft).collect(), NOW).unwrap();
    store.save(&pool, 0, &[], &[]).await.unwrap();
    store.assign(&levels, Some("TEA")).await.unwrap();
    Engine {
        store,
        levels: Throttled::default(),
        publisher: Nowhere,
        limits: Limits::default(),
        clock: Clock::starting_at(NOW),
        read_delays: Delays::default(),
        set_delays: Delays::default(),
        new_push,
        broken: Broken::Nothing,
    }
}

#[tokio::test(start_paused = true)]
async fn throttled_shop_is_called_once_and_delays_no_other() {
    let engine = engine().await;
    let outcome = engine.look(&[level("a")]).await.unwrap();
    assert_eq!(outcome.endings, [Ending::Again(Duration::from_secs(5))]);
    let found = engine.store.load(&["TEA".into()]).await.unwrap().remove(0).pool;
    let known: Vec<i64> = found.members.iter().map(|member| member.known).collect();
    assert_eq!((found.available, known), (8, vec![8, 10, 8]), "c has the number, and b can wait");
    assert_eq!(found.intents().count(), 0, "nothing stays open of a call that was not made");
    assert_eq!(engine.levels.calls_of("b."), 1);

    engine.look(&[level("a"), level("b")]).await.unwrap();
    assert_eq!(engine.levels.calls_of("b."), 2, "it is read, and not set, for five seconds");
    engine.look(&[level("a"), level("b")]).await.unwrap();
    assert_eq!(engine.levels.calls_of("b."), 2, "the reading failed as well: it is left alone");
    tokio::time::advance(Duration::from_secs(6)).await;
    engine.look(&[level("a")]).await.unwrap();
    assert_eq!(engine.levels.calls_of("b."), 3, "and asked again then");
}

#[tokio::test(start_paused = true)]
async fn level_of_no_pool_is_not_read() {
    let engine = engine().await;
    assert_eq!(engine.look(&[level("z")]).await.unwrap().endings, [Ending::NotShared]);
    assert_eq!(engine.levels.calls_of("z."), 0);
}
