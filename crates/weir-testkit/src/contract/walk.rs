//! A store against the model, step by random step.

use std::{collections::HashMap, time::Duration};

use fastrand::Rng;
use weir_core::{
    UnixMillis,
    fence::{Entry, Fence, Leave},
    ledger::{Again, Ending, Key, Ledger, Record},
};

use super::{Actor, LEASE, fence::Visitor, parked, permanent, reached, transient};
use crate::ModelLedger;

/// Takes `steps` random steps on both with three workers on one event and one resource; every answer must be the same, and
/// the event's record in the end, with the story of its attempts. `read` reads it.
pub async fn random_walk<L: Ledger, F: Fence>(
    ledger: &L,
    fence: &F,
    read: impl AsyncFn(&Key) -> Option<Record>,
    prefix: &str,
    seed: u64,
    steps: usize,
) {
    let mut rng = Rng::with_seed(seed);
    let model = ModelLedger::default();
    let key = Key { event: format!("{prefix}.myshopify.com#walk-{seed}"), generation: 0 };
    let resource = format!("{prefix}.myshopify.com#default#orders/walk-{seed}");
    let mut now = UnixMillis(1_795_755_600_000);
    let mut inside = HashMap::new();
    let names = ["a", "b", "c"];
    let reals = names.map(|name| Actor::new(ledger, &key, name));
    let ideals = names.map(|name| Actor::new(&model, &key, name));
    for step in 0..steps {
        let who = rng.usize(..names.len());
        let (name, real, ideal) = (names[who], &reals[who], &ideals[who]);
        let told = format!("seed {seed}, step {step}, worker {name}");
        match rng.u8(0..14) {
            0..=3 => {
                let body = if rng.u8(0..8) == 0 { "y" } else { "x" };
                let (receives, parks) = (rng.u32(1..3), rng.u32(0..3));
                let real = real.claim_as(body, receives, parks, now).await;
                let ideal = ideal.claim_as(body, receives, parks, now).await;
                assert_eq!(real, ideal, "claim {body}, receive {receives}, park {parks}: {told}");
            }
            4..=6 => {
                let ending = ending(&mut rng, now);
                let real = real.settle(&ending, now).await;
                let ideal = ideal.settle(&ending, now).await;
                assert_eq!(real, ideal, "settle as {ending:?}: {told}");
            }
            7 => {
                reached(ledger.count(&key, Again::Duplicate).await);
                reached(model.count(&key, Again::Duplicate).await);
            }
            8..=10 => {
                let (topic, id) = (pick(&mut rng, &["orders/paid", "orders/updated"]), pick(&mut rng, &["1", "2"]));
                let asked = (topic, id, i128::from(rng.u8(0..3)) + i128::from(step as u64 / 40));
                // Whoever leaves says of which event: the one that it entered with.
                let leaves = rng.bool();
                let (topic, id, version) = if leaves { *inside.get(name).unwrap_or(&asked) } else { asked };
                let real = Visitor::new(fence, &resource, name, topic, id, version);
                let ideal = Visitor::new(&model, &resource, name, topic, id, version);
                let what = format!("{topic} {id} at {version}: {told}");
                if leaves {
                    let how = match rng.u8(0..3) {
                        0 => Leave::Ran,
                        1 => Leave::Free,
                        _ => Leave::Closed(now + LEASE.mul_f64(rng.f64())),
                    };
                    assert_eq!(real.leave(how, now).await, ideal.leave(how, now).await, "leave as {how:?}: {what}");
                } else {
                    let entry = ideal.enter(now).await;
                    assert_eq!(real.enter(now).await, entry, "enter: {what}");
                    if entry == Entry::Granted {
                        inside.insert(name, asked);
                    }
                }
            }
            11 => now = now + LEASE.mul_f64(rng.f64() * 1.5),
            12 => now = now + LEASE,
            // Clocks differ between workers.
            _ => now = now - Duration::from_secs(rng.u64(0..3)),
        }
    }
    assert_eq!(read(&key).await, model.get(&key), "seed {seed}");
}

/// Seldom an end for good: after it nothing happens any more.
fn ending(rng: &mut Rng, now: UnixMillis) -> Ending {
    match rng.u8(0..16) {
        0 => Ending::Done,
        1 => Ending::Stale,
        2..=6 => permanent(),
        7..=11 => transient(),
        _ => parked(rng.u32(0..3), now),
    }
}

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(..from.len())]
}
