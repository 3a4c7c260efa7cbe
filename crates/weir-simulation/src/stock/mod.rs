//! Shared stock in virtual time: the real engine against the simulated Shopify, with five shops and fifty pools.
//!
//! ```text
//! buyers, merchants ─▶ shopify-sim ─▶ hints (lost, late, repeated, reordered) ─▶ two workers ─▶ weir_stock::Engine
//!                          ▲                                                                        │
//!                          └──────── reads and sets (throttled, reset, slow; a crash at any call) ◀─┘
//! audit: the levels in Shopify and the pools, against what was sold, returned and changed
//! ```
//!
//! The audit counts what happened in the simulated Shopify. It never believes weir's own journal.

mod actors;
mod audit;
mod faults;
mod hints;
mod levels;
mod store;
mod truth;
mod world;

use std::time::Duration;

pub use audit::Report;
use weir_stock::engine::Broken;

/// A protocol that is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// As it should be.
    #[default]
    Right,
    /// A level with an open push is absorbed.
    AbsorbsDuringPush,
    /// A push whose result is unknown is repeated under a new key.
    RepeatsUnderNewKey,
    /// A push overwrites whatever is there.
    PushesWithoutComparing,
    /// An intent that a dead worker left is dropped.
    LosesIntents,
    /// The number that a webhook carries is believed, in place of a reading.
    TrustsWebhooks,
}

impl Protocol {
    fn broken(self) -> Broken {
        match self {
            Self::AbsorbsDuringPush => Broken::AbsorbsDuringPush,
            Self::RepeatsUnderNewKey => Broken::RepeatsUnderNewKey,
            Self::LosesIntents => Broken::LosesIntents,
            Self::Right | Self::PushesWithoutComparing | Self::TrustsWebhooks => Broken::Nothing,
        }
    }
}

/// How large a run is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Shops.
    pub shops: usize,
    /// Pools. Each has a member in each shop.
    pub pools: usize,
    /// For so long buyers and merchants act.
    pub acting: Duration,
    /// The time between two of their acts, on the average.
    pub pause: Duration,
}

impl Size {
    /// Five shops, fifty pools, two minutes.
    pub const FULL: Self =
        Self { shops: 5, pools: 50, acting: Duration::from_secs(120), pause: Duration::from_millis(400) };
}

/// Runs a seed. The same seed makes the same run.
#[must_use]
pub fn run_stock(seed: u64, size: Size, protocol: Protocol) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    match runtime {
        Ok(runtime) => runtime.block_on(world::run(seed, size, protocol)),
        // Nothing that was asked for can cause it.
        Err(_) => Report::default(),
    }
}
