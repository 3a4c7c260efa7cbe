//! Many processes and one bucket of Shopify's, in simulated time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::join_all;
use resilience::{Clock, MemoryState, UnixMillis};
use shopify_webhook::ShopDomain;
use tokio::time::Instant;

use super::{Budget, Cost, NotWithin, Priority, ThrottleStatus};

const START: UnixMillis = UnixMillis(1_800_000_000_000);
const MINUTE: Duration = Duration::from_secs(60);

/// Shopify's bucket, by its rules: the requested cost must be there, and what was not used comes back at the end.
struct Shopify {
    level: f64,
    at: Instant,
    max: f64,
    restore: f64,
    used: f64,
    throttled: usize,
    served: usize,
}

impl Shopify {
    fn new(max: f64, restore: f64) -> Arc<Mutex<Self>> {
        let at = Instant::now();
        Arc::new(Mutex::new(Self { level: max, at, max, restore, used: 0.0, throttled: 0, served: 0 }))
    }

    fn advance(&mut self) {
        self.level = (self.level + self.at.elapsed().as_secs_f64() * self.restore).min(self.max);
        self.at = Instant::now();
    }

    fn begin(&mut self, requested: f64) -> bool {
        self.advance();
        if self.level < requested {
            self.throttled += 1;
            return false;
        }
        self.level -= requested;
        true
    }

    fn end(&mut self, requested: u32, actual: u32) -> Cost {
        self.advance();
        self.level = (self.level + f64::from(requested - actual)).min(self.max);
        self.used += f64::from(actual);
        self.served += 1;
        Cost {
            requested,
            actual: Some(actual),
            throttle_status: ThrottleStatus {
                maximum_available: self.max,
                currently_available: self.level,
                restore_rate: self.restore,
            },
        }
    }
}

struct World {
    state: Arc<MemoryState>,
    clock: Clock,
    shopify: Arc<Mutex<Shopify>>,
    shop: ShopDomain,
}

const REQUESTED: u32 = 12;
const ACTUAL: u32 = 10;

impl World {
    fn new(max: f64, restore: f64) -> Self {
        Self {
            state: Arc::new(MemoryState::with_latency(Duration::from_millis(5))),
            clock: Clock::starting_at(START),
            shopify: Shopify::new(max, restore),
            shop: ShopDomain::parse("a.myshopify.com").unwrap(),
        }
    }

    fn process(&self) -> Arc<Budget> {
        Arc::new(Budget::new("app", &self.shop, self.clock, self.state.clone()))
    }

    /// One call with the budget's leave.
    async fn call(&self, budget: &Arc<Budget>, priority: Priority, patience: Duration) -> Result<(), NotWithin> {
        let reserved = budget.reserve("Op", 20, priority, Instant::now() + patience).await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
        let passed = self.shopify.lock().unwrap().begin(f64::from(REQUESTED));
        tokio::time::sleep(Duration::from_millis(80)).await;
        let cost = passed.then(|| self.shopify.lock().unwrap().end(REQUESTED, ACTUAL));
        reserved.settle("Op", cost, self.clock.now()).await;
        Ok(())
    }

    /// A process that wants a call every `every`, from a moment of its own, until the minute is over.
    async fn client(&self, number: u32, of: u32, every: impl Fn(Instant) -> Duration, until: Instant) {
        let budget = self.process();
        tokio::time::sleep(every(Instant::now()) * number / of).await;
        let mut next = Instant::now();
        while Instant::now() < until {
            // The wait for points is not its fault: it catches up.
            let _late = self.call(&budget, Priority::Foreground, MINUTE / 2).await;
            next += every(next);
            tokio::time::sleep_until(next).await;
        }
    }

    fn writes_per_call(&self) -> f64 {
        self.state.writes() as f64 / self.shopify.lock().unwrap().served as f64
    }

    fn throttled(&self) -> usize {
        self.shopify.lock().unwrap().throttled
    }

    fn used(&self) -> f64 {
        self.shopify.lock().unwrap().used
    }
}

/// How often each of `processes` must call, so that all together use `share` of `restore`.
fn every(processes: u32, restore: f64, share: f64) -> Duration {
    Duration::from_secs_f64(f64::from(ACTUAL) * f64::from(processes) / (restore * share))
}

async fn run(world: &World, processes: u32, every: Duration) {
    let until = Instant::now() + MINUTE;
    join_all((0..processes).map(|number| world.client(number, processes, |_| every, until))).await;
}

#[tokio::test(start_paused = true)]
async fn fifty_processes_use_ninety_percent_and_none_is_throttled() {
    let world = World::new(2_000.0, 100.0);
    run(&world, 50, every(50, 100.0, 0.9)).await;
    assert_eq!(world.throttled(), 0);
    assert!(world.used() > 0.85 * 100.0 * 60.0, "used {}", world.used());
    assert!(world.writes_per_call() <= 0.2, "{} writes a call", world.writes_per_call());
}

#[tokio::test(start_paused = true)]
async fn those_that_want_three_times_too_much_get_all_there_is_and_no_more() {
    let world = World::new(2_000.0, 100.0);
    run(&world, 50, every(50, 100.0, 3.0)).await;
    assert_eq!(world.throttled(), 0);
    assert!(world.used() > 0.95 * 100.0 * 60.0, "used {}", world.used());
    assert!(world.writes_per_call() <= 0.2, "{} writes a call", world.writes_per_call());
}

#[tokio::test(start_paused = true)]
async fn one_process_alone_can_use_nearly_everything() {
    let world = World::new(2_000.0, 100.0);
    run(&world, 1, every(1, 100.0, 0.95)).await;
    assert_eq!(world.throttled(), 0);
    assert!(world.used() > 0.9 * 100.0 * 60.0, "used {}", world.used());
    assert!(world.writes_per_call() <= 0.2, "{} writes a call", world.writes_per_call());
}

#[tokio::test(start_paused = true)]
async fn a_flood_waits_in_line() {
    let world = World::new(2_000.0, 100.0);
    run(&world, 2, Duration::from_secs(1)).await; // so that the costs are known
    let process = |_| async {
        let budget = world.process();
        join_all((0..8).map(|_| world.call(&budget, Priority::Foreground, 2 * MINUTE))).await
    };
    let ended = join_all((0..50).map(process)).await;
    let late: Vec<_> = ended.iter().flatten().filter_map(|ended| ended.err()).collect();
    assert!(late.is_empty(), "within two minutes there are points for all: {late:?}");
    assert_eq!(world.throttled(), 0);
}

/// Fifty processes want 90 percent of what the plan restores; after a minute it is another plan. How much of that is
/// used in the second minute.
async fn used_after_a_change(from: (f64, f64), to: (f64, f64)) -> f64 {
    let world = World::new(from.0, from.1);
    let change = Instant::now() + MINUTE;
    let wanted = |at| every(50, if at < change { from.1 } else { to.1 }, 0.9);
    let clients = join_all((0..50).map(|number| world.client(number, 50, wanted, change + MINUTE)));
    let changed = async {
        tokio::time::sleep_until(change).await;
        let mut shopify = world.shopify.lock().unwrap();
        shopify.advance();
        (shopify.max, shopify.restore) = to;
        shopify.level = shopify.level.min(to.0);
        shopify.used
    };
    let (_, before) = tokio::join!(clients, changed);
    assert_eq!(world.throttled(), 0);
    assert!(world.writes_per_call() <= 0.2, "{} writes a call", world.writes_per_call());
    (world.used() - before) / (to.1 * 60.0)
}

#[tokio::test(start_paused = true)]
async fn a_larger_plan_is_used_as_soon_as_it_is_seen() {
    let used = used_after_a_change((2_000.0, 100.0), (4_000.0, 200.0)).await;
    assert!(used > 0.85, "used {used}");
}

#[tokio::test(start_paused = true)]
async fn a_smaller_plan_throttles_nobody() {
    let used = used_after_a_change((4_000.0, 200.0), (2_000.0, 100.0)).await;
    assert!(used > 0.85, "used {used}");
}

#[tokio::test(start_paused = true)]
async fn caller_without_time_learns_when_to_return() {
    let world = World::new(2_000.0, 100.0);
    let budget = world.process();
    let hurry = |_| world.call(&budget, Priority::Foreground, Duration::from_secs(2));
    let ended = join_all((0..300).map(hurry)).await;
    let late: Vec<_> = ended.iter().filter_map(|ended| ended.err()).collect();
    assert!(late.len() > 20, "{} came late", late.len());
    assert!(late.iter().all(|wait| wait.0 >= Duration::from_millis(500) && wait.0 <= MINUTE), "{late:?}");
    assert_eq!(world.throttled(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_foreground_finds_its_reserve_however_much_the_background_wants() {
    let world = World::new(2_000.0, 100.0);
    let background = world.process();
    let calls = (0..400).map(|_| world.call(&background, Priority::Background, MINUTE));
    let foreground = async {
        let budget = world.process();
        tokio::time::sleep(Duration::from_secs(20)).await;
        for _ in 0..40 {
            let began = Instant::now();
            world.call(&budget, Priority::Foreground, MINUTE).await.unwrap();
            assert!(began.elapsed() < Duration::from_millis(200), "waited {:?}", began.elapsed());
        }
    };
    tokio::join!(join_all(calls), foreground);
    assert_eq!(world.throttled(), 0);
}

#[tokio::test(start_paused = true)]
async fn grants_of_dead_processes_return_after_a_while() {
    let world = World::new(2_000.0, 100.0);
    for _ in 0..60 {
        let budget = world.process();
        world.call(&budget, Priority::Foreground, MINUTE).await.unwrap();
    }
    tokio::time::sleep(2 * MINUTE).await;
    let budget = world.process();
    for _ in 0..20 {
        let began = Instant::now();
        world.call(&budget, Priority::Foreground, MINUTE).await.unwrap();
        assert!(began.elapsed() < Duration::from_millis(200), "waited {:?}", began.elapsed());
    }
    assert_eq!(world.throttled(), 0);
}

#[tokio::test(start_paused = true)]
async fn another_user_of_the_apps_bucket_is_noticed() {
    let world = World::new(2_000.0, 100.0);
    let budget = world.process();
    world.call(&budget, Priority::Foreground, MINUTE).await.unwrap();
    let other = async {
        let until = Instant::now() + MINUTE;
        while Instant::now() < until {
            world.shopify.lock().unwrap().level -= 50.0;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let until = Instant::now() + MINUTE;
    tokio::join!(other, world.client(0, 1, |_| Duration::from_millis(125), until));
    let (throttled, served) = (world.throttled(), world.shopify.lock().unwrap().served);
    assert!(throttled * 20 <= served, "{throttled} throttled of {served}");
}

/// What one process does with chance: bursts and pauses, dear calls and cheap ones, quick ones and slow ones; and dies.
async fn erratic(world: &World, seed: u64, until: Instant) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut budget = world.process();
    while Instant::now() < until {
        if rng.u8(..10) == 0 {
            budget = world.process();
        }
        let calls: Vec<_> = (0..rng.u32(1..40)).map(|_| (rng.u32(2..60), rng.f64(), rng.f64())).collect();
        let calls = calls.into_iter().map(|(requested, part, pace)| {
            let budget = &budget;
            async move {
                // Told by its name: what Shopify asks for an operation doesn't change.
                let operation = format!("Op{requested}");
                let deadline = Instant::now() + MINUTE / 4;
                let Ok(reserved) = budget.reserve(&operation, 60, Priority::Foreground, deadline).await else { return };
                tokio::time::sleep(Duration::from_secs_f64(0.3 * pace)).await;
                let passed = world.shopify.lock().unwrap().begin(f64::from(requested));
                tokio::time::sleep(Duration::from_secs_f64(1.2 * pace)).await;
                let actual = (f64::from(requested) * part).ceil() as u32;
                let cost = passed.then(|| world.shopify.lock().unwrap().end(requested, actual));
                reserved.settle(&operation, cost, world.clock.now()).await;
            }
        });
        join_all(calls).await;
        tokio::time::sleep(Duration::from_secs_f64(rng.f64() * 6.0)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn processes_that_share_a_budget_are_not_throttled() {
    for seed in 0..60 {
        let (max, restore) = [(2_000.0, 100.0), (4_000.0, 200.0), (20_000.0, 1_000.0)][seed as usize % 3];
        let world = World::new(max, restore);
        let until = Instant::now() + MINUTE;
        let processes = 1 + seed * 7 % 25;
        join_all((0..processes).map(|number| erratic(&world, seed << 8 | number, until))).await;
        assert_eq!(world.throttled(), 0, "seed {seed}, {processes} processes");
        assert!(world.used() > 0.0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_in_the_middle_of_a_call_holds_nothing_for_ever() {
    let world = World::new(2_000.0, 100.0);
    let budget = world.process();
    world.call(&budget, Priority::Foreground, MINUTE).await.unwrap();
    for _ in 0..20 {
        let call = world.call(&budget, Priority::Foreground, MINUTE);
        // In the middle of its way to Shopify.
        drop(tokio::time::timeout(Duration::from_millis(15), call).await);
    }
    assert_eq!(budget.in_flight(), 0.0);
}
