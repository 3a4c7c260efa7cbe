//! Moves messages back to their lanes: sent first, deleted when the lane has them.

use std::cell::{Cell, RefCell};

use resilience::UnixMillis;
use tokio::time::{Duration, Instant, sleep_until};
use weir_core::{Lane, envelope::Envelope};

use super::{
    filter::Filter,
    outside::Outside,
    sweep::{Batch, Sweep},
};

/// How to act.
pub(super) struct Replay<'a, O> {
    pub(super) outside: &'a O,
    pub(super) filter: &'a Filter,
    /// As a later generation.
    pub(super) force: bool,
    /// A second; `None` is as fast as SQS takes them.
    pub(super) rate: Option<f64>,
    /// No more than so many.
    pub(super) limit: u64,
    pub(super) stopped: &'a Cell<bool>,
}

/// What was done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Their lanes have them.
    pub(super) sent: u64,
    /// Their dead-letter queues have them no more.
    pub(super) deleted: u64,
    /// What a lane did not take stays where it is.
    pub(super) refused: u64,
    /// What would come back at once stays where it is: see [`is_futile`].
    pub(super) passed_over: u64,
}

impl<O: Outside> Replay<'_, O> {
    /// Acts until the queues are empty of what is meant, or it is stopped. `tell` hears of each batch.
    pub(super) async fn run(&self, tell: impl AsyncFn(Done) -> anyhow::Result<()>) -> anyhow::Result<Done> {
        let done = Cell::new(Done::default());
        // Of what is under way, each batch has its share: together they stay within the limit.
        let room = Cell::new(self.limit);
        let pace = RefCell::new(Pace::new(self.rate));
        let mut sweep = Sweep::new(self.outside, self.filter, self.stopped);
        sweep.most = pace.borrow().most();
        let tell = &tell;
        sweep
            .run(async |lane, mut batch: Batch| {
                let take = usize::try_from(room.get()).unwrap_or(usize::MAX).min(batch.len());
                let beyond = batch.split_off(take);
                room.set(room.get() - take as u64);
                if take == 0 || room.get() == 0 {
                    self.stopped.set(true);
                }
                let at = pace.borrow_mut().turn(batch.len());
                sleep_until(at).await;
                let (batch, mut left): (Batch, Batch) =
                    batch.into_iter().partition(|(letter, _)| self.force || !letter.is_mismatch());
                add(&done, |done| done.passed_over += left.len() as u64);
                left.extend(beyond);
                left.extend(self.move_back(lane, batch, &done).await?);
                tell(done.get()).await?;
                Ok(left)
            })
            .await?;
        Ok(done.get())
    }

    /// Returns what the lane did not take.
    async fn move_back(&self, lane: Lane, batch: Batch, done: &Cell<Done>) -> anyhow::Result<Batch> {
        if batch.is_empty() {
            return Ok(batch);
        }
        let messages: Vec<(String, String)> = batch
            .iter()
            .map(|(letter, message)| {
                let group = letter.group.clone().or_else(|| letter.shop().map(str::to_owned));
                (self.message(&message.body), group.unwrap_or_else(|| "unknown".to_owned()))
            })
            .collect();
        let results = self.outside.send(lane, &messages).await;
        let (mut left, mut gone) = (Batch::new(), Vec::new());
        for (one, result) in batch.into_iter().zip(results) {
            match result {
                Ok(()) => gone.push(one.0.receipt),
                Err(_refused) => left.push(one),
            }
        }
        add(done, |done| {
            done.sent += gone.len() as u64;
            done.refused += left.len() as u64;
        });
        // Only now: what is deleted is in its lane.
        self.outside.delete(lane, &gone).await?;
        add(done, |done| done.deleted += gone.len() as u64);
        Ok(left)
    }

    /// As it came, unless it must be another message for the event to run.
    fn message(&self, body: &str) -> String {
        match Envelope::parse(body) {
            // The same generation each time, so that a second run sends the same event.
            Ok(envelope) if self.force => {
                envelope.replay(envelope.meta.generation.saturating_add(1), UnixMillis::now())
            }
            Ok(envelope) if envelope.parked.is_some() => envelope.replay(envelope.meta.generation, UnixMillis::now()),
            // What is no envelope runs again as it is: a later version of weir may read it.
            _ => body.to_owned(),
        }
    }
}

fn add(done: &Cell<Done>, change: impl FnOnce(&mut Done)) {
    let mut now = done.get();
    change(&mut now);
    done.set(now);
}

/// Spreads messages over time, however many requests are under way.
struct Pace {
    every: Duration,
    next: Instant,
}

impl Pace {
    fn new(rate: Option<f64>) -> Self {
        let every = rate.and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok()).unwrap_or_default();
        Self { every, next: Instant::now() }
    }

    /// Messages of one request: what is sent within a minute, so that nothing waits hidden for long.
    fn most(&self) -> usize {
        let within = Duration::from_secs(60).as_secs_f64() / self.every.as_secs_f64().max(1e-9);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between one and ten")]
        let most = within.clamp(1.0, 10.0) as usize;
        most
    }

    /// When the next `count` may be sent.
    fn turn(&mut self, count: usize) -> Instant {
        let at = self.next.max(Instant::now());
        self.next = at + self.every * u32::try_from(count).unwrap_or(u32::MAX);
        at
    }
}

#[cfg(test)]
mod tests;
