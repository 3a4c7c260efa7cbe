//! `cargo xtask simulate`: the worker over simulated AWS, seed after seed.

use std::{
    io::{IsTerminal, Write},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Result, bail};
use clap::ValueEnum;
use serde::Serialize;
use weir_simulation::{Latencies, Outcome, Setup, run, scenario};

/// Run the worker's real code over a simulated SQS, DynamoDB and EventBridge, in virtual time, with faults drawn from a
/// seed: lost replies, throttling, late landings, crashes, clocks apart, messages twice and in any order.
///
/// Each run is audited: nothing lost, nothing completed twice, nothing out of order. A seed that breaks a promise is printed,
/// and --seed runs it again, to the last millisecond.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask simulate --seeds 10000\n  cargo xtask simulate --seed 4711\n  cargo xtask simulate outage --json"
)]
pub(crate) struct Simulate {
    /// What is simulated
    #[arg(value_enum, default_value_t = Scenario::Chaos)]
    scenario: Scenario,
    /// How many seeds, from --seed on
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Only this seed; with --seeds, the first one
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Eighty events of few resources, and everything goes wrong
    Chaos,
    /// A destination down for an hour while 5,000 events come
    Outage,
    /// One shop sends a hundred times its share
    Flood,
}

/// What came of all seeds.
#[derive(Default, Serialize)]
struct Report {
    seeds: u64,
    accepted: usize,
    done: usize,
    stale: usize,
    dead_lettered: usize,
    invocations: u64,
    crashes: u64,
    parked: usize,
    bus_repeats: usize,
    reruns: usize,
    simulated_seconds: u64,
    /// Seeds that broke a promise, with the first of what they broke.
    broken: Vec<(u64, String)>,
}

/// What two runs of one load came to, with and without what is tried.
#[derive(Serialize)]
struct Comparison {
    seed: u64,
    dead_lettered: usize,
    parked: usize,
    violations: usize,
    /// Of those that should notice nothing.
    p99_ms: u128,
    baseline_p99_ms: u128,
}

impl Simulate {
    pub(crate) fn run(&self) -> Result<()> {
        match self.scenario {
            Scenario::Chaos => self.chaos(),
            Scenario::Outage => {
                let setup = scenario::OUTAGE;
                self.compare(setup, setup.without_outage(), |latencies| &latencies.second)
            }
            Scenario::Flood => {
                let setup = scenario::FLOOD;
                self.compare(setup, setup.without_flood(), |latencies| &latencies.quiet)
            }
        }
    }

    fn chaos(&self) -> Result<()> {
        let first = self.seed.unwrap_or(0);
        // A seed alone means that one.
        let count = if self.seed.is_some() && self.seeds == 1_000 { 1 } else { self.seeds };
        let (next, report) = (AtomicU64::new(0), Mutex::new(Report { seeds: count, ..Report::default() }));
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= count {
                            return;
                        }
                        let outcome = run(first + number, scenario::CHAOS);
                        report.lock().unwrap_or_else(PoisonError::into_inner).add(first + number, &outcome);
                        show_progress(number, count);
                    }
                });
            }
        });
        let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
        report.broken.sort();
        if self.json {
            println!("{}", serde_json::to_string(&report)?)
        } else {
            report.print()
        }
        if let Some((seed, what)) = report.broken.first() {
            bail!(
                "{} of {count} seeds broke a promise, the first: {what}\nhint: cargo xtask simulate --seed {seed}",
                report.broken.len()
            );
        }
        Ok(())
    }

    fn compare(&self, setup: Setup, baseline: Setup, of: fn(&Latencies) -> &Vec<Duration>) -> Result<()> {
        let seed = self.seed.unwrap_or(0);
        let (tried, baseline) = (run(seed, setup), run(seed, baseline));
        let p99 = |outcome: &Outcome| Latencies::percentile(of(&outcome.latencies), 99).as_millis();
        let comparison = Comparison {
            seed,
            dead_lettered: tried.audit.dead_lettered,
            parked: tried.audit.parked,
            violations: tried.audit.violations.len(),
            p99_ms: p99(&tried),
            baseline_p99_ms: p99(&baseline),
        };
        if self.json {
            println!("{}", serde_json::to_string(&comparison)?);
        } else {
            let Comparison { dead_lettered, parked, violations, p99_ms, baseline_p99_ms, .. } = comparison;
            println!(
                "{} events; parked {parked} times; dead-lettered {dead_lettered}; broken promises {violations}\n\
                 p99 of those that should notice nothing: {p99_ms} ms, and {baseline_p99_ms} ms without",
                tried.audit.accepted
            );
        }
        if comparison.violations > 0
            || comparison.dead_lettered > 0
            || comparison.p99_ms > 2 * comparison.baseline_p99_ms
        {
            bail!("a promise is broken: nothing may be dead-lettered, and p99 may at most double");
        }
        Ok(())
    }
}

impl Report {
    fn add(&mut self, seed: u64, outcome: &Outcome) {
        let audit = &outcome.audit;
        self.accepted += audit.accepted;
        self.done += audit.done;
        self.stale += audit.stale;
        self.dead_lettered += audit.dead_lettered;
        self.invocations += audit.invocations;
        self.crashes += audit.crashes;
        self.parked += audit.parked;
        self.bus_repeats += audit.bus_repeats;
        self.reruns += audit.reruns;
        self.simulated_seconds += outcome.simulated.as_secs();
        if let Some(violation) = audit.violations.first() {
            self.broken.push((seed, format!("{violation:?}")));
        }
    }

    fn print(&self) {
        let rows = [
            ("seeds", self.seeds),
            ("accepted", self.accepted as u64),
            ("done", self.done as u64),
            ("stale", self.stale as u64),
            ("dead-lettered", self.dead_lettered as u64),
            ("invocations", self.invocations),
            ("crashes", self.crashes),
            ("parked", self.parked as u64),
            ("repeats on the bus", self.bus_repeats as u64),
            ("handlers run again", self.reruns as u64),
            ("simulated hours", self.simulated_seconds / 3600),
            ("broken promises", self.broken.len() as u64),
        ];
        for (name, value) in rows {
            println!("{name:<20}{value:>12}");
        }
    }
}

/// On a terminal, one line that is overwritten.
pub(crate) fn show_progress(number: u64, count: u64) {
    let mut stderr = std::io::stderr();
    if count > 20 && number.is_multiple_of(20) && stderr.is_terminal() {
        // Progress that can't be shown is no reason to stop.
        drop(write!(stderr, "\r{number} of {count} seeds "));
        drop(stderr.flush());
    }
}
