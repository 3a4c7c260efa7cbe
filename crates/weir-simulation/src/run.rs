//! One run.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use resilience::{Breakers, Clock, MemoryState, UnixMillis, limit::Limiter};
use serde::Serialize;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep},
};
use weir_consumer::{
    destination::Destination,
    router::{Event, Router},
};
use weir_core::{Topics, envelope::Meta};
use weir_testkit::ModelLedger;

use crate::{
    audit::{Audit, audit},
    environment::Environment,
    faults::Faults,
    history::{History, Ran},
    lambda::Lambda,
    load::Load,
    network::{Network, Process},
    services::{Capacity, SharedServices, SimDestination, SimQueue},
};

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// What comes.
    pub load: Load,
    /// What goes wrong.
    pub faults: Faults,
    /// What AWS bears.
    pub environment: Environment,
    /// Batches that are handled at once.
    pub pollers: usize,
    /// How long the destinations take for a call.
    pub destination_takes: Duration,
    /// From when on, and for how long, the first destination is down.
    pub outage: Option<(Duration, Duration)>,
    /// Whether the queue is fair between shops.
    pub fair: bool,
    /// The place, counted over all calls, at which the process that is there dies.
    pub crash_at: Option<u64>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The figures, and what breaks a promise.
    pub audit: Audit,
    /// How long events of each group took from acceptance to their effect at the destination, ascending.
    #[serde(skip)]
    pub latencies: Latencies,
    /// Places at which a process might have died.
    pub crash_points: u64,
    /// How long it took, by the simulated clock.
    pub simulated: Duration,
}

/// From acceptance to effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Latencies {
    /// Of events for the first destination.
    pub first: Vec<Duration>,
    /// Of events for the second.
    pub second: Vec<Duration>,
    /// Of all but the shop that floods.
    pub quiet: Vec<Duration>,
}

/// When the simulated time begins.
const START: UnixMillis = UnixMillis(1_795_755_600_000);

/// The queue's, as template.yaml has it.
const VISIBILITY: Duration = Duration::from_secs(180);

/// What is not quiet by then is stuck.
const LONGEST: Duration = Duration::from_secs(15 * 24 * 3600);

/// Runs a setup with the chance of a seed.
///
/// # Panics
/// If a runtime can't be started.
#[expect(clippy::expect_used, reason = "without a runtime nothing can be tried")]
pub fn run(seed: u64, setup: Setup) -> Outcome {
    // What the worker's own code draws, it draws from this thread's generator.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime starts").block_on(simulate(seed, setup))
}

async fn simulate(seed: u64, setup: Setup) -> Outcome {
    let begun = Instant::now();
    let clock = Clock::starting_at(START);
    let environment = setup.environment;
    let network = Arc::new(Network::new(seed, setup.faults, &environment, setup.crash_at));
    let history = Arc::new(History::default());
    let tables = Arc::new(ModelLedger::default());
    let queue = SimQueue::new(VISIBILITY, environment.max_receives);
    let queue = queue.bounded(environment.in_flight, environment.retention);
    let queue = if setup.fair { queue } else { queue.unfair() };
    let is_down = Arc::new(AtomicBool::new(false));
    let destination = |name, is_down: &Arc<AtomicBool>| {
        let (takes, is_down) = (setup.destination_takes, is_down.clone());
        SimDestination { name, takes, is_down, history: history.clone(), network: network.clone() }
    };
    let destinations = [destination(FIRST, &is_down), destination(SECOND, &Arc::default())];
    let state = Arc::new(MemoryState::default());
    let breakers = Arc::new(Breakers::new(resilience::breaker::Settings::default(), clock, state.clone()));
    let limiter = Arc::new(Limiter::new(clock, state));
    let capacity = Arc::new(Capacity::new(environment.table_writes, environment.key_writes));
    let services = SharedServices {
        network: network.clone(),
        history: history.clone(),
        tables: tables.clone(),
        capacity,
        queue: queue.clone(),
        environment,
    };
    let lambda = Lambda {
        services,
        executions: Arc::new(Semaphore::new(environment.executions)),
        topics: Topics::built_in(),
        router: Arc::new({
            let (history, network) = (history.clone(), network.clone());
            move |process: &Arc<Process>| router(process, &history, &network, &destinations, &breakers, &limiter)
        }),
        clock,
    };
    let mut pollers = JoinSet::new();
    for _ in 0..setup.pollers {
        pollers
            .spawn(lambda.clone().poll(environment.disabled.map(|(from, lasts)| (begun + from, begun + from + lasts))));
    }
    let outage = async {
        if let Some((from, lasts)) = setup.outage {
            sleep(from).await;
            is_down.store(true, std::sync::atomic::Ordering::SeqCst);
            sleep(lasts).await;
            is_down.store(false, std::sync::atomic::Ordering::SeqCst);
        }
    };
    tokio::join!(setup.load.send(&network.dice, &queue, &history, START), outage);
    // What was begun amid faults may go on amid them for a while; then it must come to its end.
    sleep(Duration::from_secs(600)).await;
    network.calm_down();
    let stuck = Instant::now() + LONGEST;
    while !queue.is_empty() && Instant::now() < stuck {
        sleep(Duration::from_secs(60)).await;
    }
    pollers.abort_all();
    let book = history.book();
    Outcome {
        audit: audit(&book, &tables, &queue.dead()),
        latencies: Latencies::of(&book),
        crash_points: network.crash_points(),
        simulated: begun.elapsed(),
    }
}

/// The names of the destinations.
const FIRST: &str = "erp";
const SECOND: &str = "crm";

/// Half of all events go to each.
fn goes_to(meta: &Meta) -> usize {
    meta.webhook_id.as_str().bytes().map(usize::from).sum::<usize>() % 2
}

fn router(
    process: &Arc<Process>,
    history: &Arc<History>,
    network: &Arc<Network>,
    destinations: &[SimDestination; 2],
    breakers: &Arc<Breakers>,
    limiter: &Arc<Limiter>,
) -> Router {
    let doors = destinations.clone().map(|to| {
        let door = Destination::new(to.name, breakers.clone(), limiter.clone());
        (to, door)
    });
    let (process, history, network, doors) = (process.clone(), history.clone(), network.clone(), Arc::new(doors));
    Router::new().on_as("deliver", "*", move |event: Event| {
        let (process, history, network, doors) = (process.clone(), history.clone(), network.clone(), doors.clone());
        async move {
            let webhook_id = event.meta().webhook_id.as_str();
            let _running = Running::start(&history, webhook_id, process.number);
            sleep(network.stall()).await;
            let (to, door) = &doors[goes_to(event.meta())];
            to.deliver(&process, door, &event).await
        }
    })
}

/// A handler's run in the book, from its start to wherever it is dropped.
struct Running {
    history: Arc<History>,
    place: usize,
}

impl Running {
    fn start(history: &Arc<History>, webhook_id: &str, process: u64) -> Self {
        let mut book = history.book();
        let webhook_id = webhook_id.to_owned();
        book.runs.push(Ran { webhook_id, process, begun: Instant::now(), ended: None });
        Self { history: history.clone(), place: book.runs.len() - 1 }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.history.book().runs[self.place].ended.get_or_insert_with(Instant::now);
    }
}

impl Latencies {
    fn of(book: &crate::history::Events) -> Self {
        let mut latencies = Self::default();
        let mut seen = std::collections::HashSet::new();
        let accepted: std::collections::HashMap<_, _> =
            book.accepted.iter().rev().map(|one| (one.webhook_id.as_str(), one)).collect();
        for effect in book.delivered.iter().filter(|effect| seen.insert(effect.webhook_id.as_str())) {
            let Some(one) = accepted.get(effect.webhook_id.as_str()) else { continue };
            let took = effect.at - one.at;
            let of = if effect.as_what == FIRST { &mut latencies.first } else { &mut latencies.second };
            of.push(took);
            if one.shop != crate::load::FLOODER {
                latencies.quiet.push(took);
            }
        }
        for group in [&mut latencies.first, &mut latencies.second, &mut latencies.quiet] {
            group.sort_unstable();
        }
        latencies
    }

    /// The value that so many of a hundred stay below, of an ascending list.
    pub fn percentile(of: &[Duration], percent: usize) -> Duration {
        of.get((of.len() * percent / 100).min(of.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}
