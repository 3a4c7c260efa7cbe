//! A ledger against the model, step by random step.

use std::time::Duration;

use weir_core::{
    Failure, UnixMillis,
    ledger::{Key, Ledger},
};

use super::{Actor, LEASE, reached};
use crate::ModelLedger;

/// Takes `steps` random steps on both ledgers with three workers on one event; every answer must be the same.
pub async fn random_walk<L: Ledger>(ledger: &L, prefix: &str, seed: u64, steps: usize) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let model = ModelLedger::default();
    let key = Key { event: format!("{prefix}.myshopify.com#walk-{seed}"), generation: 0 };
    let mut now = UnixMillis(1_795_755_600_000);
    for step in 0..steps {
        let name = *rng.choice(&["a", "b", "c"]).unwrap_or(&"a");
        let (real, ideal) = (Actor::new(ledger, &key, name), Actor::new(&model, &key, name));
        let told = format!("seed {seed}, step {step}, worker {name}");
        match rng.u8(0..10) {
            0..=3 => {
                let body = if rng.u8(0..8) == 0 { "y" } else { "x" };
                assert_eq!(real.claim(body, now).await, ideal.claim(body, now).await, "claim: {told}");
            }
            4 => {
                let real = reached(ledger.complete(&key, &real.owner, now).await);
                assert_eq!(real, reached(model.complete(&key, &ideal.owner, now).await), "complete: {told}");
            }
            5 | 6 => {
                let failure = if rng.bool() { Failure::transient("down") } else { Failure::permanent("no") };
                let real = reached(ledger.release(&key, &real.owner, &failure, now).await);
                assert_eq!(real, reached(model.release(&key, &ideal.owner, &failure, now).await), "release: {told}");
            }
            7 => now = now + LEASE.mul_f64(rng.f64() * 1.5),
            8 => now = now + LEASE,
            // Clocks differ between workers.
            _ => now = now - Duration::from_secs(rng.u64(0..3)),
        }
    }
}
