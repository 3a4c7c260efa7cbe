//! The Shopify client measured against the simulated Shopify, in one process and on simulated time: a minute takes
//! seconds, and figures don't depend on the machine. They differ a little from run to run, for the client's jitter is
//! drawn anew.

pub(crate) mod budget;
pub(crate) mod export;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use resilience::MemoryState;
use shopify_client::{Client, Settings};
use shopify_sim::{Installed, Options, Plan, ShopSeed, Sim};
use shopify_webhook::ShopDomain;
use weir_testkit::shopify::{InProcess, Shared, clock_of, tokens_of};

/// An arbitrary moment.
const START_MS: i64 = 1_795_755_600_000;

/// Runs on a clock that moves on whenever all wait.
fn on_simulated_time<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.context("could not start the simulation")?.block_on(work)
}

/// A Shopify whose answers take a tenth of a second, more or less.
fn shopify(seed: u64) -> Sim {
    let clock = shopify_sim::Clock::new(START_MS, 1.0);
    let latency = (Duration::from_millis(80), Duration::from_millis(60));
    Sim::new(clock, Options { latency: latency.0, jitter: latency.1, seed, ..Options::default() })
}

/// A shop, and what processes that call it have in common.
struct Shop {
    installed: Installed,
    shared: Shared,
    state: Arc<MemoryState>,
}

impl Shop {
    fn new(sim: &Sim, name: &str, plan: Plan, products: u32) -> Result<Self> {
        let domain = ShopDomain::parse(&format!("{name}.myshopify.com")).context("not a shop's name")?;
        let installed = sim.install(ShopSeed { plan, products, ..ShopSeed::new(domain) });
        // A table of DynamoDB answers within milliseconds.
        let state = Arc::new(MemoryState::with_latency(Duration::from_millis(5)));
        let transport = InProcess::new(sim.clone());
        let shared = Shared {
            state: Arc::<MemoryState>::clone(&state),
            tokens: tokens_of(&installed),
            clock: clock_of(sim),
            endpoint: transport.endpoint(),
            transport: Arc::new(transport),
        };
        Ok(Self { installed, shared, state })
    }

    /// A process of its own.
    fn client(&self, number: u32) -> Client {
        self.shared.client(&self.installed, &format!("process {number}"), Settings::default())
    }

    /// The shop's domain.
    fn domain(&self) -> &ShopDomain {
        &self.installed.shop
    }
}
