//! A service that handles its batch as a whole: each message has the end of its own event.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use resilience::{Backoff, Clock};
use serde_json::{Value, json};
use weir_aws::NotParked;
use weir_consumer::{BatchConsumer, BatchStep, QueueSource, services::Queue};
use weir_core::{Failure, UnixMillis, envelope::Envelope};
use weir_telemetry::logs;

/// When messages come back, by their receipts. Clones share it.
#[derive(Clone, Default)]
struct MemoryQueue(Arc<Mutex<Vec<(String, Duration)>>>);

impl Queue for MemoryQueue {
    async fn postpone(&self, messages: &[(String, Duration)]) -> Option<(usize, String)> {
        self.0.lock().unwrap().extend(messages.iter().cloned());
        None
    }

    async fn park(&self, _copy: String, _group: &str, _delay: Duration) -> Result<(), NotParked> {
        unreachable!("it parks nothing")
    }
}

/// Answers by the events' ids.
struct ById(fn(&str) -> Result<(), Failure>);

impl BatchStep for ById {
    async fn run(&self, events: Vec<Envelope>) -> Vec<Result<(), Failure>> {
        events.iter().map(|event| self.0(event.meta.webhook_id.as_str())).collect()
    }
}

struct Never;

impl BatchStep for Never {
    async fn run(&self, _events: Vec<Envelope>) -> Vec<Result<(), Failure>> {
        std::future::pending().await
    }
}

fn message(id: &str) -> String {
    let detail = json!({ "specversion": "1.0", "id": id, "source": "weir.orders", "data": {} });
    json!({ "id": "7bf73129", "detail-type": "order.paid", "source": "weir.orders", "detail": detail }).to_string()
}

/// One invocation; the ids of the messages (`m0`, `m1`, …) that it reports as failed, and how long each is hidden.
async fn run(step: impl BatchStep, bodies: &[String]) -> (Vec<String>, Vec<(String, Duration)>) {
    let _unheard = logs::unheard();
    let queue = MemoryQueue::default();
    let clock = Clock::starting_at(UnixMillis(0));
    let source = QueueSource::Rule("archive".into());
    let backoff = Backoff { base: Duration::ZERO, cap: Duration::ZERO };
    let consumer = BatchConsumer { source, queue: queue.clone(), step, backoff, clock };
    let record = |(index, body): (usize, &String)| json!({ "messageId": format!("m{index}"), "receiptHandle": format!("r{index}"), "body": body });
    let records: Vec<Value> = bodies.iter().enumerate().map(record).collect();
    let event = serde_json::from_value(json!({ "Records": records })).unwrap();
    let response = consumer.handle(event, UnixMillis(60_000)).await.unwrap();
    let failed = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
    let hidden = queue.0.lock().unwrap().clone();
    (failed, hidden)
}

#[tokio::test(start_paused = true)]
async fn each_message_has_the_end_of_its_own_event() {
    let answer = ById(|id| match id {
        "outage" => Err(Failure::outage("S3 is down", Duration::from_secs(10))),
        "permanent" => Err(Failure::permanent("it can't be stored")),
        _ => Ok(()),
    });
    let bodies = [message("1"), "no event".to_owned(), message("outage"), message("permanent"), message("2")];
    let (failed, hidden) = run(answer, &bodies).await;
    assert_eq!(failed, ["m1", "m2", "m3"]);
    // What can't succeed uses up its receives at once.
    let wait = |seconds| Duration::from_secs(seconds);
    assert_eq!(hidden, [("r1".into(), wait(0)), ("r2".into(), wait(10)), ("r3".into(), wait(0))]);
}

#[tokio::test(start_paused = true)]
async fn all_messages_come_back_when_the_time_is_up() {
    let begun = tokio::time::Instant::now();
    let (failed, _) = run(Never, &[message("1"), message("2")]).await;
    assert_eq!(failed, ["m0", "m1"]);
    assert!(begun.elapsed() < Duration::from_secs(60), "the batch is answered in time");
}

#[tokio::test(start_paused = true)]
async fn all_messages_come_back_when_the_service_answers_for_too_few() {
    struct Forgetful;
    impl BatchStep for Forgetful {
        async fn run(&self, _events: Vec<Envelope>) -> Vec<Result<(), Failure>> {
            vec![Ok(())]
        }
    }
    assert_eq!(run(Forgetful, &[message("1"), message("2")]).await.0, ["m0", "m1"]);
}
