//! A store against the model, step by random step.

use std::{collections::HashMap, time::Duration};

use fastrand::Rng;
use weir_core::{
    UnixMillis,
    fence::{Entry, Fence, Leave},
    ledger::{ActionKind, ActionLog, AttemptResult, Key, Ledger, Progress, Record, RepeatKind},
};

use super::{Actor, LEASE, act, duplicates::refund, fence::Visitor, parked, permanent, reached, transient};
use crate::ModelLedger;

/// Takes `steps` random steps on both with three workers on one event and one resource; every answer must be the same, and
/// the event's record in the end, with the story of its attempts. `read` reads it.
pub async fn random_walk<L: Ledger + ActionLog, F: Fence>(
    ledger: &L,
    fence: &F,
    read: impl AsyncFn(&Key) -> Option<Record>,
    prefix: &str,
    seed: u64,
    steps: usize,
) {
    let mut rng = Rng::with_seed(seed);
    let model = ModelLedger::default();
    // Half of the walks are of an event that two deliveries are of: the third worker has the other one.
    let [first, second] = ["1", "2"].map(|id| refund(&format!("{prefix}-{seed}"), &format!("walk-{seed}"), id, "x"));
    let several = seed % 2 == 1;
    let key = match several {
        true => Key::of(&first),
        false => Key { event: format!("{prefix}.myshopify.com#walk-{seed}"), generation: 0 },
    };
    let resource = format!("{prefix}.myshopify.com#default#orders/walk-{seed}");
    let mut now = UnixMillis(1_795_755_600_000);
    let mut inside = HashMap::new();
    let names = ["a", "b", "c"];
    let meta = |name| several.then_some(if name == "c" { &second } else { &first });
    let reals =
        names.map(|name| meta(name).map_or_else(|| Actor::new(ledger, &key, name), |of| Actor::of(ledger, of, name)));
    let ideals =
        names.map(|name| meta(name).map_or_else(|| Actor::new(&model, &key, name), |of| Actor::of(&model, of, name)));
    for step in 0..steps {
        let who = rng.usize(..names.len());
        let (name, real, ideal) = (names[who], &reals[who], &ideals[who]);
        let told = format!("seed {seed}, step {step}, worker {name}");
        match rng.u8(0..15) {
            0..=3 => {
                let body = if rng.u8(0..8) == 0 { "y" } else { "x" };
                let (receives, parks) = (rng.u32(1..3), rng.u32(0..3));
                let real = real.claim_as(body, receives, parks, now).await;
                let ideal = ideal.claim_as(body, receives, parks, now).await;
                assert_eq!(real, ideal, "claim {body}, receive {receives}, park {parks}: {told}");
            }
            4..=6 => {
                let ending = ending(&mut rng, now);
                let passed = (0..rng.usize(0..3)).map(|n| format!("handler-{n}")).collect();
                let progress = Progress { failures: rng.u32(0..4), passed };
                let copy = rng.bool().then(|| rng.u32(0..3));
                real.leaves(progress.clone(), copy);
                ideal.leaves(progress, copy);
                let real = real.settle(&ending, now).await;
                let ideal = ideal.settle(&ending, now).await;
                assert_eq!(real, ideal, "settle as {ending:?}: {told}");
            }
            7 => {
                reached(ledger.count(&key, RepeatKind::Duplicate, real.webhook_id()).await);
                reached(model.count(&key, RepeatKind::Duplicate, ideal.webhook_id()).await);
            }
            14 => {
                // Seldom one that ends the event: after it nothing happens any more.
                let kind = match rng.u8(0..12) {
                    0 => ActionKind::Dropped,
                    1 => ActionKind::Repaired { generation: 1, body_sha256: "y".into() },
                    _ => ActionKind::Replayed { generation: 0 },
                };
                let operation = pick(&mut rng, &["op-1", "op-2", "op-3"]);
                let message = (pick(&mut rng, &["x", "x", "x", "y"]), rng.u32(0..3));
                let real = act(ledger, &key, kind.clone(), operation, message, now).await;
                let ideal = act(&model, &key, kind.clone(), operation, message, now).await;
                assert_eq!(real, ideal, "{kind:?} of {message:?}: {told}");
            }
            8..=10 => {
                let asked = Asked::draw(&mut rng, step);
                // Whoever leaves says of which event: the one that it entered with.
                let leaves = rng.bool();
                let asked = if leaves { *inside.get(name).unwrap_or(&asked) } else { asked };
                let (real, ideal) = (asked.by(fence, &resource, name), asked.by(&model, &resource, name));
                let what = format!("{asked:?}: {told}");
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

/// An event of the resource, of which many are alike.
#[derive(Debug, Clone, Copy)]
struct Asked {
    topic: &'static str,
    id: &'static str,
    body: &'static str,
    action: Option<&'static str>,
    updated: Option<i64>,
    triggered_ms: Option<i64>,
    once: bool,
}

impl Asked {
    fn draw(rng: &mut Rng, step: usize) -> Self {
        let second = rng.i64(0..3) + i64::try_from(step / 40).unwrap_or_default();
        let is_unsigned = rng.u8(0..4) == 0;
        let is_triggered = is_unsigned || rng.u8(0..6) > 0;
        Self {
            topic: pick(rng, &["orders/paid", "orders/updated", "orders/create"]),
            id: pick(rng, &["1", "2", "3"]),
            body: pick(rng, &["x", "y"]),
            action: [None, Some("one"), Some("two")][rng.usize(..3)],
            updated: (!is_unsigned).then_some(second),
            triggered_ms: is_triggered.then(|| second * 1_000 + rng.i64(0..4) * 300),
            once: rng.u8(0..8) == 0,
        }
    }

    fn by<'a, F: Fence>(&self, fence: &'a F, key: &'a str, owner: &str) -> Visitor<'a, F> {
        let visitor = Visitor::new(fence, key, owner, self.topic, self.id, 0);
        let visitor = visitor.at(self.updated, self.triggered_ms).with_body(self.body).of_action(self.action);
        if self.once { visitor.once() } else { visitor }
    }
}

/// Seldom an end for good: after it nothing happens any more.
fn ending(rng: &mut Rng, now: UnixMillis) -> AttemptResult {
    match rng.u8(0..16) {
        0 => AttemptResult::Done,
        1 => AttemptResult::Stale,
        2..=6 => permanent(),
        7..=11 => transient(),
        _ => parked(rng.u32(0..3), now),
    }
}

fn pick(rng: &mut Rng, from: &[&'static str]) -> &'static str {
    from[rng.usize(..from.len())]
}
