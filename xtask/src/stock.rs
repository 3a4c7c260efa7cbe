//! `cargo xtask stock`: shared stock over a simulated Shopify, seed after seed.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use anyhow::{Result, bail};
use clap::ValueEnum;
use weir_simulation::stock::{Protocol, Report, Size, run_stock};

use crate::simulate::show_progress;

/// Run the stock engine's real code against a simulated Shopify, in virtual time: five shops sell from fifty pools while
/// webhooks are lost, late, repeated and reordered, Shopify throttles, and workers die at any call.
///
/// Each run is judged by what was sold, returned and changed in the simulated Shopify. JSON with the sums is printed last. A
/// wrong protocol shows that the judgement finds it.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask stock --seeds 2000\n  cargo xtask stock --seed 4711\n  cargo xtask stock --seeds 50 --protocol loses-intents"
)]
pub(crate) struct Stock {
    /// How many seeds, from --seed on
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Only this seed; with --seeds, the first one
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// The protocol that is run
    #[arg(long, value_enum, default_value_t = Name::Right)]
    protocol: Name,
    /// Print nothing but the JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// As it should be
    Right,
    /// Absorbs a level while a push to it is open
    AbsorbsDuringPush,
    /// Repeats a push whose result is unknown under a new key
    RepeatsUnderNewKey,
    /// Overwrites a level whatever is there
    PushesWithoutComparing,
    /// Drops the intents that a dead worker left
    LosesIntents,
    /// Believes the number that a webhook carries
    TrustsWebhooks,
}

impl From<Name> for Protocol {
    fn from(name: Name) -> Self {
        match name {
            Name::Right => Self::Right,
            Name::AbsorbsDuringPush => Self::AbsorbsDuringPush,
            Name::RepeatsUnderNewKey => Self::RepeatsUnderNewKey,
            Name::PushesWithoutComparing => Self::PushesWithoutComparing,
            Name::LosesIntents => Self::LosesIntents,
            Name::TrustsWebhooks => Self::TrustsWebhooks,
        }
    }
}

impl Stock {
    pub(crate) fn run(&self) -> Result<()> {
        let first = self.seed.unwrap_or(0);
        // A seed alone means that one.
        let count = if self.seed.is_some() && self.seeds == 100 { 1 } else { self.seeds };
        let next = AtomicU64::new(0);
        let found = Mutex::new((Report::default(), Vec::new()));
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= count {
                            return;
                        }
                        let report = run_stock(first + number, Size::FULL, self.protocol.into());
                        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                        if report.is_broken() {
                            found.1.push(first + number);
                        }
                        found.0.add(report);
                        drop(found);
                        show_progress(number, count);
                    }
                });
            }
        });
        let (report, mut broken) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        broken.sort_unstable();
        if !self.json && !broken.is_empty() {
            println!("{} of {count} seeds broke a promise: {broken:?}", broken.len());
        }
        println!("{}", serde_json::to_string(&report)?);
        if let Some(seed) = broken.first() {
            bail!(
                "{} of {count} seeds broke a promise\nhint: cargo xtask stock --seed {seed} runs the first again",
                broken.len()
            );
        }
        Ok(())
    }
}
