//! Between a process and a service: time, loss, and the places where a process may die.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep},
};

use crate::{
    dice::Dice,
    environment::{Environment, Service},
    faults::Faults,
};

/// An invocation as the network sees it: it dies at most once, and then calls nobody.
#[derive(Debug, Default)]
pub(crate) struct Process {
    /// Counted from one.
    pub(crate) number: u64,
    is_dead: AtomicBool,
    died: Notify,
}

impl Process {
    pub(crate) fn new(number: u64) -> Self {
        Self { number, ..Self::default() }
    }

    /// Returns when it died.
    pub(crate) async fn died(&self) {
        while !self.is_dead.load(Ordering::SeqCst) {
            self.died.notified().await;
        }
    }

    /// Dies here: whoever called goes no further.
    async fn die<T>(&self) -> T {
        self.is_dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
        std::future::pending().await
    }
}

/// The network of one run.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) dice: Dice,
    pub(crate) faults: Faults,
    /// When faults end, so that what was begun can come to its end.
    calm: AtomicBool,
    /// Counts the places where a process may die; one of them may be chosen.
    crash_points: AtomicU64,
    crash_at: Option<u64>,
    /// Until when nothing answers.
    brownout_until: Mutex<Option<Instant>>,
    /// Which service refuses the role, and between when.
    denied: Option<(Service, Instant, Instant)>,
}

/// A call did not succeed, after the attempts that the SDK makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed(pub(crate) &'static str);

/// The role lacks the permission.
const DENIED: Failed = Failed("AccessDeniedException");

/// The SDK's attempts, and how long it waits for one.
const ATTEMPTS: u32 = 3;
const ATTEMPT: Duration = Duration::from_secs(4);
const WHOLE: Duration = Duration::from_secs(10);

/// What a caller gave up lands so long after that at most: nearly all the time that the lease leaves for it.
const LATEST: Duration = weir_core::IN_FLIGHT_GRACE.saturating_sub(Duration::from_millis(100));

impl Network {
    pub(crate) fn new(seed: u64, faults: Faults, environment: &Environment, crash_at: Option<u64>) -> Self {
        let (calm, crash_points) = (AtomicBool::new(false), AtomicU64::new(0));
        let begun = Instant::now();
        let denied = environment.denied.map(|(service, from, lasts)| (service, begun + from, begun + from + lasts));
        Self { dice: Dice::new(seed), faults, calm, crash_points, crash_at, brownout_until: Mutex::default(), denied }
    }

    /// From now on nothing goes wrong.
    pub(crate) fn calm_down(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    /// How many places there were so far where a process might have died.
    pub(crate) fn crash_points(&self) -> u64 {
        self.crash_points.load(Ordering::SeqCst)
    }

    pub(crate) fn faults(&self) -> Faults {
        if self.calm.load(Ordering::SeqCst) { Faults::NONE } else { self.faults }
    }

    /// One call of a service, with the SDK's attempts. `effect` is what it does there, whenever it lands; the service may refuse it.
    pub(crate) async fn call<T>(
        self: &Arc<Self>,
        process: &Process,
        service: Service,
        effect: impl Fn() -> Result<T, Failed> + Clone + Send + 'static,
    ) -> Result<T, Failed>
    where
        T: Send + 'static,
    {
        let attempts = async {
            let mut failed = Failed("not sent");
            for attempt in 1..=ATTEMPTS {
                let (network, effect) = (self.clone(), effect.clone());
                let answer = move || if network.denies(service) { Err(DENIED) } else { effect() };
                match self.attempt(process, answer).await.flatten() {
                    Ok(reply) => return Ok(reply),
                    // The SDK knows that this answer would be the same.
                    Err(DENIED) => return Err(DENIED),
                    Err(why) => failed = why,
                }
                sleep(Duration::from_millis(50) * attempt).await;
            }
            Err(failed)
        };
        tokio::time::timeout(WHOLE, attempts).await.unwrap_or(Err(Failed("no reply in time")))
    }

    /// One attempt: the only one of a call that is not the SDK's.
    pub(crate) async fn attempt<T>(
        self: &Arc<Self>,
        process: &Process,
        effect: impl Fn() -> T + Send + 'static,
    ) -> Result<T, Failed>
    where
        T: Send + 'static,
    {
        self.may_die(process).await;
        sleep(self.latency()).await;
        let faults = self.faults();
        if self.is_brownout() || self.dice.hits(faults.throttled) {
            return Err(Failed("throttled"));
        }
        if self.dice.hits(faults.lands_late) {
            let late = self.dice.between(Duration::ZERO, LATEST);
            let (waiting, given_up) = oneshot::channel::<()>();
            // On its way, whatever becomes of the caller.
            tokio::spawn(async move {
                drop(given_up.await);
                sleep(late).await;
                effect();
            });
            sleep(ATTEMPT).await;
            drop(waiting);
            return Err(Failed("no reply in time"));
        }
        let reply = effect();
        self.may_die(process).await;
        sleep(self.latency()).await;
        if self.dice.hits(faults.reply_lost) { Err(Failed("the reply was lost")) } else { Ok(reply) }
    }

    fn denies(&self, service: Service) -> bool {
        self.denied.is_some_and(|(denied, from, until)| denied == service && (from..until).contains(&Instant::now()))
    }

    fn is_brownout(&self) -> bool {
        let mut until = self.brownout_until.lock().unwrap_or_else(PoisonError::into_inner);
        if self.dice.hits(self.faults().brownout) {
            *until = Some(Instant::now() + self.dice.between(Duration::from_secs(1), Duration::from_secs(20)));
        }
        until.is_some_and(|until| Instant::now() < until)
    }

    /// A place where the process may die.
    async fn may_die(&self, process: &Process) {
        let point = self.crash_points.fetch_add(1, Ordering::SeqCst);
        let chosen = self.crash_at == Some(point);
        if process.is_dead.load(Ordering::SeqCst) || chosen || self.dice.hits(self.faults().crash) {
            process.die::<()>().await;
        }
    }

    /// How long something takes that is not a call of the SDK's: nothing, as a rule.
    pub(crate) fn stall(&self) -> Duration {
        let stalls = self.dice.hits(self.faults().stalls);
        if stalls { self.dice.between(Duration::from_secs(1), Duration::from_secs(40)) } else { Duration::ZERO }
    }

    /// Some milliseconds, seldom some hundred.
    fn latency(&self) -> Duration {
        let slow = self.dice.hits(10);
        let most = Duration::from_millis(if slow { 400 } else { 12 });
        self.dice.between(Duration::from_millis(1), most)
    }
}
