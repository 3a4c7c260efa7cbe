//! The budget as calls meet it: waits for points, reserves them, settles them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use resilience::{
    Clock, SharedState, UnixMillis,
    shared::{self, Change, SharedStateError},
};
use shopify_webhook::ShopDomain;
use tokio::time::Instant;
use tracing::warn;

use super::{
    Cost, Lease, Priority, Status,
    bucket::{Answer, Ask, Bucket},
    pace::{Pace, Take},
};

/// The points of one call. Dropped without a word, as when its caller gives up, it counts as spent: Shopify may have
/// charged it.
#[must_use = "tell it what the call cost"]
pub struct Reserved {
    /// What was taken for it.
    points: f64,
    priority: Priority,
    budget: Arc<Budget>,
    is_settled: bool,
}

/// The points are not there within the caller's time: come back after this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotWithin(pub Duration);

/// The budget of one app at one shop, as one process sees it.
pub struct Budget {
    key: String,
    clock: Clock,
    state: Arc<dyn SharedState>,
    foreground: Queue,
    background: Queue,
    /// Requested costs by operation, learned from replies.
    costs: Mutex<BTreeMap<String, u32>>,
    has_asked: AtomicBool,
    /// Whether a cost was learned that others may not know.
    has_news: AtomicBool,
}

/// Callers of one priority, served in the order in which they came.
struct Queue {
    /// Whose turn it is to wait for points.
    turn: tokio::sync::Mutex<()>,
    pace: Mutex<Pace>,
    /// Points that callers here wait for.
    waiting: AtomicU64,
}

impl Queue {
    fn new(now: UnixMillis) -> Self {
        Self {
            turn: tokio::sync::Mutex::default(),
            pace: Mutex::new(Pace::new(now, fastrand::f64())),
            waiting: AtomicU64::new(0),
        }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long the shared state keeps a bucket that nobody uses: it is full again long before.
const KEEP: Duration = Duration::from_secs(24 * 3600);
/// A caller that was sent away asks again not before this, and not after that: others may have left.
const LEAST_NAP: Duration = Duration::from_millis(500);
const MOST_NAP: Duration = Duration::from_secs(15);
/// What a caller is told at least: it comes back through a queue, whose delays are seconds.
const LEAST_WAIT: Duration = Duration::from_secs(1);
/// A lease that a process gives itself when the shared state can't be reached.
const ALONE_FOR: Duration = Duration::from_secs(15);

impl Budget {
    /// The budget of `app` at `shop`.
    pub fn new(app: &str, shop: &ShopDomain, clock: Clock, state: Arc<dyn SharedState>) -> Self {
        Self::with_key(Self::key(app, shop), clock, state)
    }

    fn with_key(key: String, clock: Clock, state: Arc<dyn SharedState>) -> Self {
        Self {
            key,
            clock,
            state,
            foreground: Queue::new(clock.now()),
            background: Queue::new(clock.now()),
            costs: Mutex::default(),
            has_asked: AtomicBool::new(false),
            has_news: AtomicBool::new(false),
        }
    }

    /// The key under which the shared state has the bucket.
    pub fn key(app: &str, shop: &ShopDomain) -> String {
        format!("budget/{app}/{shop}")
    }

    /// The key of the bucket of REST calls.
    pub fn rest_key(app: &str, shop: &ShopDomain) -> String {
        format!("rest-budget/{app}/{shop}")
    }

    /// Waits until `operation` has its points. `guess` is used for its cost until Shopify has told it.
    pub async fn reserve(
        self: &Arc<Self>,
        operation: &str,
        guess: u32,
        priority: Priority,
        deadline: Instant,
    ) -> Result<Reserved, NotWithin> {
        let queue = self.queue(priority);
        if self.cost(operation).is_none() {
            self.ask_others().await;
        }
        let cost = f64::from(self.cost(operation).unwrap_or(guess)).max(1.0);
        let _waiting = Waiting::new(&queue.waiting, cost);
        let Ok(_turn) = tokio::time::timeout_at(deadline, queue.turn.lock()).await else {
            // Those before it are served at the rate of the bucket.
            let restore = queue.pace().status().map_or(100.0, |status| status.restore);
            let ahead = queue.waiting.load(Ordering::Relaxed) as f64 / restore;
            return Err(NotWithin(Duration::from_secs_f64(ahead.clamp(1.0, 60.0))));
        };
        loop {
            let patience = deadline.saturating_duration_since(Instant::now());
            let backlog = (queue.waiting.load(Ordering::Relaxed) as f64 - cost).max(0.0);
            let take = queue.pace().take(cost, backlog, patience, self.clock.now());
            let wait = match take {
                Take::Go => {
                    let budget = Arc::clone(self);
                    return Ok(Reserved { points: cost, priority, budget, is_settled: false });
                }
                Take::Wait(wait) => wait,
                Take::Ask(ask) => {
                    let ask = Ask { is_background: priority == Priority::Background, ..*ask };
                    match self.lease(&ask, queue).await? {
                        None => continue,
                        Some(nap) => nap,
                    }
                }
            };
            if wait > patience {
                return Err(NotWithin(wait.max(LEAST_WAIT)));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Gets a lease from the shared bucket; `None` when it is there, else how long to wait before the next try.
    async fn lease(&self, ask: &Ask, queue: &Queue) -> Result<Option<Duration>, NotWithin> {
        match self.ask(ask).await {
            Ok(Answer::Granted(lease)) => queue.pace().granted(lease, self.clock.now()),
            Ok(Answer::Wait(wait)) if wait > ask.patience => return Err(NotWithin(wait.max(LEAST_WAIT))),
            Ok(Answer::Wait(wait)) => {
                return Ok(Some(wait.clamp(LEAST_NAP, MOST_NAP).mul_f64(0.75 + fastrand::f64() / 2.0)));
            }
            Err(error) => {
                warn!(key = self.key, %error, "The shared budget is unavailable: using a small one of this process");
                let now = self.clock.now();
                let mut pace = queue.pace();
                if !pace.could_bear(ask.need) {
                    return Err(NotWithin(ALONE_FOR));
                }
                let lease = alone(ask, pace.status(), now);
                pace.granted(lease, now);
            }
        }
        Ok(None)
    }

    /// Tells other processes what an operation costs, if none of them knew: one write for an operation and shop, so
    /// that not each process has to find out by itself.
    async fn share_news(&self) {
        if !self.has_news.swap(false, Ordering::Relaxed) {
            return;
        }
        let known = self.costs().clone();
        let shared = shared::update(&*self.state, &self.key, KEEP, |bucket: Option<Bucket>| {
            let learned = bucket.and_then(|mut bucket| bucket.learn(&known).then_some(bucket));
            (learned.map_or(Change::Keep, Change::Write), ())
        });
        if let Err(error) = shared.await {
            warn!(key = self.key, %error, "The costs of operations could not be shared");
        }
    }

    async fn ask(&self, ask: &Ask) -> Result<Answer, SharedStateError> {
        let known = self.costs().clone();
        let clock = self.clock;
        shared::update(&*self.state, &self.key, KEEP, |bucket: Option<Bucket>| {
            let (change, answer) = Bucket::ask(bucket, ask, clock.now());
            let change = match change {
                Change::Write(mut bucket) => {
                    bucket.learn(&known);
                    Change::Write(bucket)
                }
                keep => keep,
            };
            (change, answer)
        })
        .await
    }

    /// Learns what other processes know of costs: once, with the first operation that this one does not know.
    async fn ask_others(&self) {
        if self.has_asked.swap(true, Ordering::Relaxed) {
            return;
        }
        match shared::peek::<Bucket>(&*self.state, &self.key).await {
            Ok(bucket) => {
                let mut costs = self.costs();
                for (operation, cost) in bucket.map(|bucket| bucket.costs).unwrap_or_default() {
                    costs.entry(operation).or_insert(cost);
                }
            }
            Err(error) => warn!(key = self.key, %error, "The costs of operations could not be loaded: using estimates"),
        }
    }

    /// Points of calls under way, of callers who wait.
    #[cfg(test)]
    pub(super) fn in_flight(&self) -> f64 {
        self.foreground.pace().in_flight()
    }

    fn cost(&self, operation: &str) -> Option<u32> {
        self.costs().get(operation).copied()
    }

    fn costs(&self) -> MutexGuard<'_, BTreeMap<String, u32>> {
        self.costs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self, priority: Priority) -> &Queue {
        match priority {
            Priority::Foreground => &self.foreground,
            Priority::Background => &self.background,
        }
    }
}

impl Reserved {
    /// A reply came, or none did: `cost` is `None` where nothing is known of what the call cost.
    pub async fn settle(mut self, operation: &str, cost: Option<Cost>, now: UnixMillis) {
        if let Some(cost) = cost
            && self.budget.costs().insert(operation.to_owned(), cost.requested).is_none()
        {
            self.budget.has_news.store(true, Ordering::Relaxed);
        }
        self.is_settled = true;
        let actual = cost.and_then(|cost| cost.actual).map(f64::from);
        self.budget.queue(self.priority).pace().settle(self.points, actual, cost.map(|cost| cost.status(now)));
        self.budget.share_news().await;
    }

    /// The call was not made, or not charged.
    pub fn give_back(mut self) {
        self.is_settled = true;
        self.budget.queue(self.priority).pace().give_back(self.points);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.is_settled {
            self.budget.queue(self.priority).pace().settle(self.points, None, None);
        }
    }
}

/// What a process allows itself while the shared bucket can't be reached: a twentieth of the refill, for others do
/// the same.
fn alone(ask: &Ask, status: Option<Status>, now: UnixMillis) -> Lease {
    let restore = status.map_or(100.0, |status| status.restore);
    Lease {
        until: now + ALONE_FOR,
        lump_until: now + ALONE_FOR,
        rate: restore / 20.0,
        hold: ask.hold,
        carried: 0.0,
        lump: ask.need,
        ready: ask.need,
        refill: 0.0,
        restore,
        is_scarce: true,
        granted_at: now,
        gone: None,
    }
}

/// Counts a caller's points as waited for, until it is dropped.
struct Waiting<'a> {
    count: &'a AtomicU64,
    points: u64,
}

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicU64, cost: f64) -> Self {
        let points = cost as u64;
        count.fetch_add(points, Ordering::Relaxed);
        Self { count, points }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(self.points, Ordering::Relaxed);
    }
}

/// The budgets of one app, by shop: of its points, or of its REST calls.
pub struct Budgets {
    app: String,
    key: fn(&str, &ShopDomain) -> String,
    clock: Clock,
    state: Arc<dyn SharedState>,
    known: Mutex<HashMap<ShopDomain, Arc<Budget>>>,
}

impl Budgets {
    /// Those of its points. None yet.
    pub fn new(app: String, clock: Clock, state: Arc<dyn SharedState>) -> Self {
        Self { app, key: Budget::key, clock, state, known: Mutex::default() }
    }

    /// Those of its REST calls. None yet.
    pub fn of_rest_calls(app: String, clock: Clock, state: Arc<dyn SharedState>) -> Self {
        Self { key: Budget::rest_key, ..Self::new(app, clock, state) }
    }

    /// The budget at a shop.
    pub fn of(&self, shop: &ShopDomain) -> Arc<Budget> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = || (self.key)(&self.app, shop);
        let make = || Arc::new(Budget::with_key(key(), self.clock, Arc::clone(&self.state)));
        Arc::clone(known.entry(shop.clone()).or_insert_with(make))
    }
}
