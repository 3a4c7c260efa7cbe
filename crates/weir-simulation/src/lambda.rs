//! Lambda: polls the queue, invokes the worker, ends it at its deadline, deletes what it acknowledged.

use std::{collections::HashSet, sync::Arc, time::Duration};

use aws_lambda_events::sqs::SqsEvent;
use resilience::Clock;
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, sleep_until},
};
use weir_consumer::{Consumer, QueueSource, router::Router};
use weir_core::{Backoff, Lane, Topics, UnixMillis};
use weir_worker::CONSUMER_METRICS;

use crate::{
    environment::{LINEAGE, RecursiveLoop},
    network::Process,
    services::{Received, SharedServices},
};

/// The function's time-out, as template.yaml has it.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// `BatchSize` in template.yaml.
const BATCH: usize = 10;

/// `MaxAttempts` in template.yaml.
const MAX_ATTEMPTS: u32 = 5;

/// The handlers that a process has.
pub(crate) type Handlers = Arc<dyn Fn(&Arc<Process>) -> Router + Send + Sync>;

/// One lane's function.
#[derive(Clone)]
pub(crate) struct Lambda {
    pub(crate) services: SharedServices,
    /// What the account has left for it.
    pub(crate) executions: Arc<Semaphore>,
    pub(crate) topics: Topics,
    pub(crate) router: Handlers,
    /// The true time.
    pub(crate) clock: Clock,
}

/// How long a poller waits after it was throttled.
const BACKS_OFF: Duration = Duration::from_secs(5);

impl Lambda {
    /// One of its pollers, for ever, but not between `disabled`.
    pub(crate) async fn poll(self, disabled: Option<(Instant, Instant)>) {
        let SharedServices { network, queue, .. } = &self.services;
        loop {
            if let Some((from, until)) = disabled
                && (from..until).contains(&Instant::now())
            {
                sleep_until(until).await;
            }
            let twice = network.faults().delivered_twice;
            let again = |rng: &mut fastrand::Rng| twice > 0 && rng.u32(0..1000) < twice;
            let batch = network.dice.roll(|rng| queue.receive(BATCH, rng, again));
            if batch.is_empty() {
                queue.stirs().await;
            } else {
                self.take(batch).await;
            }
        }
    }

    /// Invokes the function, unless Lambda does not let it: then the messages come back, received once more.
    async fn take(&self, batch: Vec<Received>) {
        let SharedServices { network, history, environment, .. } = &self.services;
        // How Lambda counts a batch of several lineages is not documented: here the longest counts.
        let lineage = batch.iter().map(|message| message.lineage).max().unwrap_or_default();
        if environment.recursive_loop == RecursiveLoop::Terminate && lineage >= LINEAGE {
            history.book().loops += 1;
            return;
        }
        let execution = if network.dice.hits(network.faults().invocation_throttled) {
            None
        } else {
            self.executions.try_acquire().ok()
        };
        if execution.is_none() {
            history.book().throttled += 1;
            sleep(BACKS_OFF).await;
            return;
        }
        self.invoke(batch, lineage + 1).await;
    }

    async fn invoke(&self, batch: Vec<Received>, lineage: u32) {
        let SharedServices { history, queue, .. } = &self.services;
        let number = {
            let mut book = history.book();
            book.invocations += 1;
            book.invocations
        };
        let process = Arc::new(Process::new(number));
        let (services, step) = self.services.of_invocation(&process, lineage);
        let consumer = Arc::new(Consumer {
            source: QueueSource::Lane(Lane::Standard),
            services,
            step,
            router: (self.router)(&process),
            topics: Some(self.topics),
            backoff: Backoff::default(),
            clock: self.its_clock(),
            controls: weir_aws::Controls::fixed(weir_core::controls::Controls::default()),
            telemetry: weir_telemetry::Telemetry::off(),
            metrics: CONSUMER_METRICS,
            max_receives: self.services.environment.worker_max_receives,
            max_attempts: MAX_ATTEMPTS,
        });
        let end = self.clock.now() + TIMEOUT;
        let request_id = format!("invocation-{number}");
        let handling = consumer.handle(event(&batch), &request_id, end);
        let deadline = Instant::now() + TIMEOUT;
        let answered = tokio::select! {
            biased;
            () = process.died() => None,
            answer = tokio::time::timeout_at(deadline, handling) => answer.ok(),
        };
        let Some(Ok(answer)) = answered else {
            history.book().crashes += 1;
            let now = Instant::now();
            // Nothing of it runs any more: its tasks went with it.
            let mut book = history.book();
            book.runs.iter_mut().filter(|run| run.process == number).for_each(|run| {
                run.ended.get_or_insert(now);
            });
            return;
        };
        let failed: HashSet<&str> =
            answer.batch_item_failures.iter().map(|item| item.item_identifier.as_str()).collect();
        for message in batch.iter().filter(|message| !failed.contains(message.id.as_str())) {
            queue.delete(&message.receipt);
        }
    }

    /// A clock that is off by up to half of what two may differ.
    fn its_clock(&self) -> Clock {
        let network = &self.services.network;
        let half = network.faults().clock_skew / 2;
        let off = network.dice.between(Duration::ZERO, half * 2);
        Clock::starting_at(UnixMillis(self.clock.now().0) + off - half)
    }
}

#[expect(clippy::expect_used, reason = "what was just written as JSON can be read")]
fn event(batch: &[Received]) -> SqsEvent {
    let record = |message: &Received| {
        serde_json::json!({
            "messageId": message.id,
            "receiptHandle": message.receipt,
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": message.receives.to_string(),
                "MessageGroupId": message.group,
            },
        })
    };
    let records: Vec<_> = batch.iter().map(record).collect();
    serde_json::from_value(serde_json::json!({ "Records": records })).expect("an SQS event")
}
