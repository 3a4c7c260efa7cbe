//! What the function does with a batch.

use std::{collections::BTreeMap, time::Duration};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use resilience::{Backoff, Clock};
use weir_consumer::{
    EffectDeadline,
    batch::{Message, NoMessageId, Verdict, messages, response},
    services::Queue,
};
use weir_core::{Failure, UnixMillis, effects_until};
use weir_stock::{
    Ending, Engine, LevelKey, Levels, Outcome,
    engine::{Publish, SkuLine},
    store::{PoolStore, Versioned},
};
use weir_telemetry::{Labels, Metrics, metrics};

use crate::{Input, read};

/// So many levels are looked at together in a sweep.
const SWEEP_LEVELS: usize = 500;

/// A hint that is not done comes back after this long at most: then a shop that was throttled has its numbers soon after.
const MAX_AGAIN: Duration = Duration::from_secs(30);

/// A push is reported as open after this long.
const OPEN_AFTER: Duration = Duration::from_secs(60);

/// The service.
pub struct Service<S, L, P, Q> {
    /// The protocol.
    pub engine: Engine<S, L, P>,
    /// The queue that it reads, to say when messages come back.
    pub queue: Q,
    /// How long failed messages wait.
    pub backoff: Backoff,
    /// The clock of the deadline.
    pub clock: Clock,
    /// Where counts go.
    pub metrics: Metrics,
}

impl<S: PoolStore, L: Levels, P: Publish, Q: Queue> Service<S, L, P, Q> {
    /// Handles a batch. `end` is the invocation's deadline.
    ///
    /// # Errors
    /// Only for an event that is not of SQS: the invocation fails, and the whole batch comes back.
    pub async fn handle(&mut self, event: SqsEvent, end: UnixMillis) -> Result<SqsBatchResponse, NoMessageId> {
        let messages = messages(event)?;
        let until = effects_until(end);
        let deadline = EffectDeadline::new(self.clock, until, until.since(self.clock.now()));
        let verdicts = match deadline.run(Box::pin(self.run(&messages))).await {
            Ok(verdicts) => verdicts,
            Err(exceeded) => {
                tracing::error!(%exceeded, messages = messages.len(), "A batch of stock was not finished in time");
                vec![Verdict::Retry; messages.len()]
            }
        };
        let later: Vec<(String, Duration)> = messages
            .iter()
            .zip(&verdicts)
            .filter_map(|(message, verdict)| Some((message.receipt_handle.clone(), verdict.visible_after()?)))
            .collect();
        if !later.is_empty()
            && let Some((count, reason)) = self.queue.postpone(&later).await
        {
            tracing::warn!(count, reason, "Failed messages keep the queue's visibility time-out");
        }
        Ok(response(messages.iter().zip(verdicts)))
    }

    /// A verdict for each message, in their order.
    async fn run(&mut self, messages: &[Message]) -> Vec<Verdict> {
        let (mut levels, mut lines, mut sweeps) = (Vec::new(), Vec::new(), Vec::new());
        let mut verdicts = vec![Verdict::Acknowledge; messages.len()];
        for (place, message) in messages.iter().enumerate() {
            match read(&message.body) {
                Ok(Input::Level(level)) => levels.push((place, level)),
                Ok(Input::Lines(of_order)) => lines.extend(of_order.into_iter().map(|line| (place, line))),
                Ok(Input::Sweep) => sweeps.push(place),
                Ok(Input::Nothing) => {}
                Err(unreadable) => {
                    tracing::error!(reason = unreadable.0, "A message of stock can't be read");
                    verdicts[place] = Verdict::DeadLetter;
                }
            }
        }
        let (of_lines, lines): (Vec<usize>, Vec<SkuLine>) = lines.into_iter().unzip();
        let (of_levels, levels): (Vec<usize>, Vec<LevelKey>) = levels.into_iter().unzip();
        let limits = self.count_skus(&levels).await;
        let handled = match limits {
            Ok(()) if lines.is_empty() => Ok(Outcome::default()),
            Ok(()) => Box::pin(self.engine.allocate(&lines)).await,
            Err(failure) => Err(failure),
        };
        self.judge(handled, &of_lines, messages, &mut verdicts);
        if !levels.is_empty() {
            let handled = Box::pin(self.engine.look(&levels)).await;
            self.judge(handled, &of_levels, messages, &mut verdicts);
        }
        if !sweeps.is_empty() {
            // What a sweep does not get to, the next one does.
            if let Err(failure) = Box::pin(self.sweep()).await {
                tracing::error!(reason = failure.reason(), "A sweep of stock failed");
            }
        }
        verdicts
    }

    /// The limits are shares of all SKUs. They matter where many pools change at once.
    async fn count_skus(&mut self, levels: &[LevelKey]) -> Result<(), Failure> {
        if levels.len() > weir_stock::Limits::SMALL {
            self.engine.limits.skus = self.engine.store.list().await?.len();
        }
        Ok(())
    }

    /// Looks at all levels, and reports what is open and what no webhook told of.
    async fn sweep(&mut self) -> Result<(), Failure> {
        let pools = self.engine.store.list().await?;
        self.engine.limits.skus = pools.len();
        let now = self.clock.now();
        let begun = |found: &Versioned| -> Vec<i64> { found.pool.intents().map(|(_, one)| one.begun_at_ms).collect() };
        let is_old = |begun: &i64| UnixMillis(*begun) + OPEN_AFTER < now;
        let open = pools.iter().flat_map(begun).filter(is_old).count();
        self.add(&metrics::STOCK_OPEN_PUSHES, open);
        let of_level =
            |found: Versioned| found.pool.members.into_iter().filter(|one| one.is_level()).map(|one| one.level);
        let levels: Vec<LevelKey> = pools.into_iter().flat_map(of_level).collect();
        let mut drift = 0;
        for levels in levels.chunks(SWEEP_LEVELS) {
            let outcome = self.engine.look(levels).await?;
            drift += outcome.changes;
            self.report(&outcome);
        }
        self.add(&metrics::STOCK_DRIFT, drift);
        tracing::info!(levels = levels.len(), drift, open, "Looked at all levels of shared stock");
        Ok(())
    }

    /// Turns the endings of hints into verdicts of their messages: the worst counts.
    fn judge(
        &self,
        handled: Result<Outcome, Failure>,
        places: &[usize],
        messages: &[Message],
        verdicts: &mut [Verdict],
    ) {
        let outcome = match handled {
            Ok(outcome) => outcome,
            Err(failure) => {
                tracing::error!(reason = failure.reason(), hints = places.len(), "Hints of stock failed");
                for place in places {
                    let receives = messages.get(*place).map_or(1, |message| message.receives);
                    verdicts[*place] = Verdict::RetryAfter(self.backoff.delay(receives, &mut fastrand::Rng::new()));
                }
                return;
            }
        };
        let mut later: BTreeMap<usize, Duration> = BTreeMap::new();
        for (place, ending) in places.iter().zip(&outcome.endings) {
            if let Ending::Again(delay) = ending {
                let noted = later.entry(*place).or_default();
                *noted = (*delay).max(*noted);
            }
        }
        for (place, delay) in later {
            if verdicts[place] == Verdict::Acknowledge {
                // Each try reads the level again: a shop that can't be called for hours must not cost thousands of reads.
                let receives = messages.get(place).map_or(1, |message| message.receives);
                let backoff = self.backoff.delay(receives, &mut fastrand::Rng::new()).min(MAX_AGAIN);
                verdicts[place] = Verdict::RetryAfter(delay.max(backoff));
            }
        }
        self.report(&outcome);
    }

    fn report(&self, outcome: &Outcome) {
        self.add(&metrics::STOCK_CHANGES, outcome.changes);
        self.add(&metrics::STOCK_STALE, outcome.stale);
        self.add(&metrics::STOCK_REFUSED, outcome.refused);
        self.add(&metrics::STOCK_HELD, outcome.held);
        for latency in &outcome.latencies {
            self.metrics.add(&metrics::STOCK_SYNC_TIME, latency.as_secs(), &Labels::default());
        }
        for (shop, reason) in &outcome.blocked {
            tracing::error!(%shop, reason, "The stock of a shop can't be read or set until somebody acts");
        }
        if outcome.changes + outcome.pushed + outcome.held > 0 {
            let Outcome { changes, pushed, stale, held, queries, pushes, .. } = outcome;
            tracing::info!(changes, pushed, stale, held, queries, pushes, "Shared stock changed");
        }
    }

    fn add(&self, metric: &'static weir_telemetry::metrics::Metric, count: usize) {
        if count > 0 {
            self.metrics.add(metric, u64::try_from(count).unwrap_or(u64::MAX), &Labels::default());
        }
    }
}
