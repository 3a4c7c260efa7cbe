//! What goes wrong: crashes of workers, and Shopify's faults.

use std::{
    future::pending,
    sync::{Arc, Mutex, PoisonError},
};

use shopify_sim::{Act, Rule, Sim};
use tokio::sync::Notify;

/// A worker's chance of death. It may die before and after each outside call.
#[derive(Debug, Clone)]
pub(super) struct Mortal {
    rng: Arc<Mutex<fastrand::Rng>>,
    rate: Arc<Mutex<f64>>,
    /// Told when the worker dies.
    pub(super) death: Arc<Notify>,
}

impl Mortal {
    pub(super) fn new(seed: u64, rate: f64) -> Self {
        let rng = Arc::new(Mutex::new(fastrand::Rng::with_seed(seed)));
        Self { rng, rate: Arc::new(Mutex::new(rate)), death: Arc::default() }
    }

    /// Nobody dies any more.
    pub(super) fn save(&self) {
        *self.rate.lock().unwrap_or_else(PoisonError::into_inner) = 0.0;
    }

    /// The worker may die here: then this never returns.
    pub(super) async fn may_die(&self) {
        let rate = *self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        let dies = self.rng.lock().unwrap_or_else(PoisonError::into_inner).f64() < rate;
        if dies {
            self.death.notify_one();
            pending::<()>().await;
        }
    }
}

/// Faults of calls that set and read levels.
pub(super) fn disturb(sim: &Sim) {
    for (act, rate) in [
        (Act::ResetAfter, 0.04),
        (Act::ResetBefore, 0.02),
        (Act::Throttled, 0.06),
        (Act::Status { status: 503, retry_after: None }, 0.02),
        (Act::Slow { ms: 4_000 }, 0.03),
        (Act::Truncate, 0.02),
    ] {
        sim.script(Rule::new(act).on("InventorySetQuantities").times(u32::MAX).rate(rate));
    }
    for (act, rate) in [(Act::Throttled, 0.05), (Act::Slow { ms: 2_000 }, 0.05), (Act::ResetBefore, 0.02)] {
        sim.script(Rule::new(act).on("InventoryLevelsAt").times(u32::MAX).rate(rate));
    }
}
