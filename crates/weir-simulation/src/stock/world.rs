//! The shops, the pools, the workers, and the course of a run.

use std::{
    cell::Cell,
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use resilience::{Clock, MemoryState, UnixMillis};
use shopify_client::{Settings, budget::Priority};
use shopify_sim::{Options, ShopSeed, Sim};
use shopify_webhook::ShopDomain;
use tokio::time::{sleep, timeout};
use weir_core::Failure;
use weir_stock::{
    Ending, Engine, LevelKey, Limits, Pool, PushId, Reading,
    engine::{Delays, Publish},
    event::Outgoing,
    pool::Draft,
    shopify::ShopifyLevels,
    store::{MemoryStore, PoolStore},
};
use weir_testkit::shopify::{InProcess, Shared, tokens_of};

use super::{
    Protocol, Size, actors,
    audit::{self, Report},
    faults::{Mortal, disturb},
    hints::{Hint, Hints},
    levels::{MortalLevels, OneClient, PushLog},
    store::MortalStore,
    truth::Truth,
};

/// 2026-11-27T05:00:00Z
const START_MS: i64 = 1_795_755_600_000;

/// A message of a dead worker comes back after this long.
const HIDDEN: Duration = Duration::from_secs(20);

/// All levels are looked at as often as this.
const SWEEP: Duration = Duration::from_secs(45);

/// A pool of the run.
pub(super) struct DeclaredPool {
    pub(super) sku: String,
    pub(super) levels: Vec<LevelKey>,
}

/// Everything of a run.
pub(super) struct World {
    pub(super) sim: Sim,
    pub(super) shops: Vec<ShopDomain>,
    pub(super) pools: Vec<DeclaredPool>,
    pub(super) store: Arc<MemoryStore>,
    pub(super) hints: Hints,
    pub(super) log: Arc<Mutex<PushLog>>,
    pub(super) crashes: Mutex<usize>,
    pub(super) latencies: Mutex<Vec<Duration>>,
    truths: Vec<Mutex<Truth>>,
    orders: AtomicU64,
    clock: Clock,
}

impl World {
    pub(super) fn truth(&self, pool: usize) -> MutexGuard<'_, Truth> {
        self.truths[pool].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn next_order(&self) -> u64 {
        self.orders.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    fn sweep(&self) {
        for level in self.pools.iter().flat_map(|pool| &pool.levels) {
            let there = self.sim.available(&level.shop, level.item, level.location).unwrap_or(0);
            self.hints.put(Hint::Level(level.clone(), there), Duration::ZERO);
        }
    }
}

/// Takes every event.
struct Bus;

impl Publish for Bus {
    async fn publish(&self, events: &[Outgoing]) -> Vec<Result<(), Failure>> {
        vec![Ok(()); events.len()]
    }
}

thread_local! {
    /// A run has a thread for itself, so the same seed draws the same keys.
    static PUSHES: Cell<u32> = const { Cell::new(0) };
}

fn new_push() -> PushId {
    let number = PUSHES.get();
    PUSHES.set(number + 1);
    PushId(format!("push-{number:06}"))
}

/// Runs a seed to its end.
pub(super) async fn run(seed: u64, size: Size, protocol: Protocol) -> Report {
    let mut rng = fastrand::Rng::with_seed(seed);
    PUSHES.set(0);
    // The client draws its jitter from this thread's generator.
    fastrand::seed(seed);
    let clock = shopify_sim::Clock::new(START_MS, 1.0);
    let options =
        Options { seed, latency: Duration::from_millis(60), jitter: Duration::from_millis(90), ..Options::default() };
    let sim = Sim::new(clock, options);
    let (world, clients) = declare(&sim, &mut rng, size).await;
    let world = Arc::new(world);
    disturb(&sim);
    let believed = (protocol == Protocol::TrustsWebhooks).then(Arc::default);
    let mortals: Vec<Mortal> = (0..2).map(|_| Mortal::new(rng.u64(..), 0.004)).collect();
    let workers: Vec<_> = mortals
        .iter()
        .map(|mortal| {
            let levels = MortalLevels {
                clients: Arc::clone(&clients),
                mortal: mortal.clone(),
                log: Arc::clone(&world.log),
                copies: Arc::default(),
                rng: Arc::new(Mutex::new(rng.fork())),
                compares: protocol != Protocol::PushesWithoutComparing,
                believed: believed.clone(),
                sim: sim.clone(),
            };
            tokio::spawn(work(Arc::clone(&world), levels, protocol))
        })
        .collect();
    let end = tokio::time::Instant::now() + size.acting;
    let mut swept = tokio::time::Instant::now();
    while tokio::time::Instant::now() < end {
        actors::act(&world, &mut rng);
        sleep(size.pause.mul_f64(rng.f64() * 2.0)).await;
        if swept.elapsed() > SWEEP {
            swept = tokio::time::Instant::now();
            world.sweep();
        }
    }
    mortals.iter().for_each(Mortal::save);
    sim.clear_script();
    // As long as a message of a dead worker, a late webhook and a lagging copy take, and then some.
    for _ in 0..6 {
        sleep(Duration::from_secs(40)).await;
        world.sweep();
    }
    drain(&world).await;
    let before = world.log.lock().unwrap_or_else(PoisonError::into_inner).set.len();
    world.sweep();
    drain(&world).await;
    let quiet = world.log.lock().unwrap_or_else(PoisonError::into_inner).set.len() - before;
    workers.iter().for_each(tokio::task::JoinHandle::abort);
    audit::judge(&world, quiet).await
}

async fn drain(world: &World) {
    for _ in 0..600 {
        sleep(Duration::from_secs(1)).await;
        if world.hints.is_empty() {
            break;
        }
    }
    sleep(Duration::from_secs(40)).await;
}

type Clients = Arc<HashMap<ShopDomain, ShopifyLevels<OneClient>>>;

async fn declare(sim: &Sim, rng: &mut fastrand::Rng, size: Size) -> (World, Clients) {
    let transport = InProcess::new(sim.clone());
    let clock = Clock::starting_at(UnixMillis(START_MS));
    let state = Arc::new(MemoryState::default());
    let (mut shops, mut clients) = (Vec::new(), HashMap::new());
    for number in 0..size.shops {
        let Some(domain) = ShopDomain::parse(&format!("shop-{number}.myshopify.com")) else { continue };
        let products = u32::try_from(size.pools).unwrap_or(1);
        let seed = ShopSeed { products, variants_per_product: 1, locations: 1, ..ShopSeed::new(domain.clone()) };
        let installed = sim.install(seed);
        let shared = Shared {
            state: state.clone(),
            tokens: tokens_of(&installed),
            clock,
            endpoint: transport.endpoint(),
            transport: Arc::new(transport.clone()),
        };
        let client = shared.client(&installed, &format!("simulation-{number}"), Settings::default());
        let call_time = Duration::from_secs(15);
        let levels = ShopifyLevels { clients: OneClient(client), call_time, priority: Priority::Foreground };
        clients.insert(domain.clone(), levels);
        shops.push(domain);
    }
    let (store, mut pools, mut truths) = (Arc::new(MemoryStore::default()), Vec::new(), Vec::new());
    for number in 0..size.pools {
        let (sku, units) = (format!("SKU-{number}"), rng.i64(0..=30));
        let mut drafts = Vec::new();
        for shop in &shops {
            let (items, locations) = sim.inventory(shop);
            let level = LevelKey { shop: shop.clone(), item: items[number], location: locations[0] };
            sim.set_available(shop, level.item, level.location, units);
            let reading = Some(Reading { available: units, updated_s: START_MS / 1000 });
            drafts.push(Draft { level, app: "default".to_owned(), buffer: 0, reading });
        }
        let levels: Vec<LevelKey> = drafts.iter().map(|draft| draft.level.clone()).collect();
        if let Ok(pool) = Pool::declare(sku.clone(), Some(units), drafts, UnixMillis(START_MS)) {
            // In memory nothing fails.
            drop(store.save(&pool, 0, &[], &[]).await);
            drop(store.assign(&levels, Some(&sku)).await);
        }
        let mut truth = Truth::default();
        truth.change(units);
        truths.push(Mutex::new(truth));
        pools.push(DeclaredPool { sku, levels });
    }
    let world = World {
        sim: sim.clone(),
        shops,
        pools,
        store,
        hints: Hints::default(),
        log: Arc::default(),
        crashes: Mutex::default(),
        latencies: Mutex::default(),
        truths,
        orders: AtomicU64::new(1),
        clock,
    };
    (world, Arc::new(clients))
}

/// A worker: one batch after the other, born again when it dies.
async fn work(world: Arc<World>, levels: MortalLevels, protocol: Protocol) {
    let mortal = levels.mortal.clone();
    loop {
        let hints = world.hints.take(60);
        if hints.is_empty() {
            sleep(Duration::from_millis(500)).await;
            continue;
        }
        let engine = Engine {
            store: MortalStore { inner: Arc::clone(&world.store), mortal: mortal.clone() },
            levels: levels.clone(),
            publisher: Bus,
            limits: Limits {
                zeroed_skus: usize::MAX,
                zeroed_percent: 100,
                moved_percent: 100,
                skus: world.pools.len(),
            },
            clock: world.clock,
            read_delays: Delays::default(),
            set_delays: Delays::default(),
            new_push,
            broken: protocol.broken(),
        };
        if let Some(believed) = &levels.believed {
            let mut believed = believed.lock().unwrap_or_else(PoisonError::into_inner);
            for hint in &hints {
                if let Hint::Level(level, available) = hint {
                    believed.insert(level.clone(), *available);
                }
            }
        }
        let handled = tokio::select! {
            biased;
            handled = timeout(Duration::from_secs(90), handle(&engine, &hints, &world)) => handled.ok(),
            () = mortal.death.notified() => None,
        };
        let Some(endings) = handled else {
            *world.crashes.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            hints.into_iter().for_each(|hint| world.hints.put(hint, HIDDEN));
            continue;
        };
        for (hint, ending) in hints.into_iter().zip(endings) {
            if let Ending::Again(delay) = ending {
                world.hints.put(hint, delay.max(Duration::from_millis(200)));
            }
        }
    }
}

/// The ending of each hint, in their order.
async fn handle<S, L, P>(engine: &Engine<S, L, P>, hints: &[Hint], world: &World) -> Vec<Ending>
where
    S: PoolStore,
    L: weir_stock::Levels,
    P: Publish,
{
    let mut endings = vec![Ending::Again(Duration::from_secs(5)); hints.len()];
    let (mut levels, mut lines) = (Vec::new(), Vec::new());
    let (mut of_levels, mut of_lines) = (Vec::new(), Vec::new());
    for (place, hint) in hints.iter().enumerate() {
        match hint {
            Hint::Level(level, _) => {
                levels.push(level.clone());
                of_levels.push(place);
            }
            Hint::Line(line) => {
                lines.push(line.clone());
                of_lines.push(place);
            }
        }
    }
    for (places, outcome) in [(of_lines, engine.allocate(&lines).await), (of_levels, engine.look(&levels).await)] {
        let Ok(outcome) = outcome else { continue };
        world.latencies.lock().unwrap_or_else(PoisonError::into_inner).extend(outcome.latencies);
        for (place, ending) in places.into_iter().zip(outcome.endings) {
            endings[place] = ending;
        }
    }
    endings
}
