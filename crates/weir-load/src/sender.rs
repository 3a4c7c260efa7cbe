//! Sends when it is time, whether what went before is answered or not.

use std::sync::Arc;
use std::time::Duration;

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use crate::{DeliveryResult, DueDelivery, Endpoint, Measurements, Pattern, Traffic};

/// So many deliveries are drawn and signed ahead of their time: that costs more than sending.
const MAX_DRAWN_AHEAD: usize = 1_024;

/// What is sent lies in memory ahead of its time, so large bodies are drawn less far ahead.
const MAX_BYTES_AHEAD: usize = 64 << 20;

/// Progress is told this often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// A load to send.
pub struct SendJob {
    /// Where to.
    pub endpoint: Endpoint,
    /// When.
    pub pattern: Pattern,
    /// What.
    pub traffic: Traffic,
    /// Of the moments.
    pub seed: u64,
    /// How large a body is at most, about.
    pub body_bytes: usize,
    /// How many may wait for their answer at once.
    pub concurrency: usize,
    /// When the first may go out.
    pub begin: Instant,
}

/// What came of a load.
pub struct SendReport {
    /// What the answers were.
    pub measured: Measurements,
    /// From the beginning to the last answer.
    pub took: Duration,
    /// How often all turns were taken when a delivery was due.
    pub crowded: u64,
    /// How many were on their way when a second signal came.
    pub abandoned: u64,
    /// Whether a signal ended it.
    pub interrupted: bool,
}

/// Sends all, or what is due until `interrupt` returns; a second one ends the waiting for answers. `progress` is called from
/// time to time.
pub async fn send(
    job: SendJob,
    mut interrupt: impl AsyncFnMut(),
    mut progress: impl FnMut(&Measurements),
) -> SendReport {
    let SendJob { endpoint, pattern, traffic, seed, body_bytes, concurrency, begin } = job;
    let mut ready = drawn_ahead(pattern, traffic, seed, body_bytes);
    let turns = Arc::new(Semaphore::new(concurrency));
    let mut on_the_way = JoinSet::new();
    let measured = Measurements::new();
    let mut sent = SendReport { measured, took: Duration::ZERO, crowded: 0, abandoned: 0, interrupted: false };
    let mut tick = interval(PROGRESS_INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut waiting, mut is_crowded) = (None::<DueDelivery>, false);
    loop {
        // Begins anew after each answer: what it found out until then is kept outside.
        let next = async {
            if waiting.is_none() {
                waiting = ready.recv().await;
            }
            sleep_until(begin + waiting.as_ref()?.due).await;
            is_crowded |= turns.available_permits() == 0;
            // Never closed.
            let turn = turns.clone().acquire_owned().await.ok()?;
            waiting.take().map(|ready| (ready, turn))
        };
        tokio::select! {
            next = next => {
                let Some((ready, turn)) = next else { break };
                sent.crowded += u64::from(std::mem::take(&mut is_crowded));
                on_the_way.spawn(post(endpoint.clone(), ready, begin, turn));
            }
            Some(answered) = on_the_way.join_next() => answered.into_iter().for_each(|one| sent.measured.add(one)),
            _ = tick.tick() => progress(&sent.measured),
            () = interrupt() => {
                sent.interrupted = true;
                break;
            }
        }
    }
    // What is on its way is waited for: whether it was accepted counts.
    loop {
        tokio::select! {
            answered = on_the_way.join_next() => match answered {
                Some(answered) => answered.into_iter().for_each(|one| sent.measured.add(one)),
                None => break,
            },
            _ = tick.tick() => progress(&sent.measured),
            () = interrupt() => {
                sent.interrupted = true;
                sent.abandoned = on_the_way.len() as u64;
                break;
            }
        }
    }
    progress(&sent.measured);
    sent.took = begin.elapsed();
    sent
}

/// Draws and signs on a thread of its own, so that it keeps nobody from sending in time.
fn drawn_ahead(pattern: Pattern, mut traffic: Traffic, seed: u64, body_bytes: usize) -> mpsc::Receiver<DueDelivery> {
    let ahead = (MAX_BYTES_AHEAD / body_bytes.max(1)).clamp(4, MAX_DRAWN_AHEAD);
    let (sender, receiver) = mpsc::channel(ahead);
    tokio::task::spawn_blocking(move || {
        for due in pattern.moments(fastrand::Rng::with_seed(seed)) {
            if sender.blocking_send(traffic.next(due)).is_err() {
                // Nobody sends any more.
                return;
            }
        }
    });
    receiver
}

async fn post(endpoint: Endpoint, ready: DueDelivery, begin: Instant, turn: OwnedSemaphorePermit) -> DeliveryResult {
    let out = Instant::now();
    let answer = endpoint.post_signed(&ready.signed).await;
    let took = out.elapsed();
    drop(turn);
    let late = out.saturating_duration_since(begin + ready.due);
    DeliveryResult { event: ready.event, is_repeat: ready.is_repeat, late, took, answer }
}
