//! Lambda: polls the queue, invokes the worker, ends it at its deadline, deletes what it acknowledged.

use std::{collections::HashSet, sync::Arc, time::Duration};

use aws_lambda_events::sqs::SqsEvent;
use resilience::Clock;
use tokio::time::Instant;
use weir_core::{Backoff, Lane, Topics, UnixMillis};
use weir_lambda::router::Router;
use weir_testkit::ModelLedger;
use weir_worker::Worker;

use crate::{
    history::History,
    network::{Network, Process},
    services::{Received, SimOutside, SimQueue},
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
    pub(crate) queue: SimQueue,
    pub(crate) network: Arc<Network>,
    pub(crate) history: Arc<History>,
    pub(crate) tables: Arc<ModelLedger>,
    pub(crate) topics: Arc<Topics>,
    pub(crate) router: Handlers,
    /// The true time.
    pub(crate) clock: Clock,
}

impl Lambda {
    /// One of its pollers, for ever.
    pub(crate) async fn poll(self) {
        loop {
            let twice = self.network.faults().delivered_twice;
            let again = |rng: &mut fastrand::Rng| twice > 0 && rng.u32(0..1000) < twice;
            let batch = self.network.dice.roll(|rng| self.queue.receive(BATCH, rng, again));
            if batch.is_empty() {
                self.queue.stirs().await;
            } else {
                self.invoke(batch).await;
            }
        }
    }

    async fn invoke(&self, batch: Vec<Received>) {
        let number = {
            let mut book = self.history.book();
            book.invocations += 1;
            book.invocations
        };
        let process = Arc::new(Process::new(number));
        let outside = SimOutside::new(&process, &self.network, &self.history, &self.tables, &self.queue);
        let worker = Worker {
            lane: Lane::Standard,
            outside: Arc::new(outside),
            router: (self.router)(&process),
            topics: self.topics.clone(),
            backoff: Backoff::default(),
            clock: self.its_clock(),
            controls: weir_aws::Controls::fixed(weir_core::controls::Controls::default()),
            telemetry: weir_lambda::telemetry::Telemetry::off(),
            max_receives: self.queue.max_receives(),
            max_attempts: MAX_ATTEMPTS,
        };
        let end = self.clock.now() + TIMEOUT;
        let request_id = format!("invocation-{number}");
        let handling = worker.handle(event(&batch), &request_id, end);
        let deadline = Instant::now() + TIMEOUT;
        let answered = tokio::select! {
            biased;
            () = process.died() => None,
            answer = tokio::time::timeout_at(deadline, handling) => answer.ok(),
        };
        let Some(Ok(answer)) = answered else {
            self.history.book().crashes += 1;
            let now = Instant::now();
            // Nothing of it runs any more: its tasks went with it.
            let mut book = self.history.book();
            book.runs.iter_mut().filter(|run| run.process == number).for_each(|run| {
                run.ended.get_or_insert(now);
            });
            return;
        };
        let failed: HashSet<&str> =
            answer.batch_item_failures.iter().map(|item| item.item_identifier.as_str()).collect();
        for message in batch.iter().filter(|message| !failed.contains(message.id.as_str())) {
            self.queue.delete(&message.receipt);
        }
    }

    /// A clock that is off by up to half of what two may differ.
    fn its_clock(&self) -> Clock {
        let half = self.network.faults().clock_skew / 2;
        let off = self.network.dice.between(Duration::ZERO, half * 2);
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
