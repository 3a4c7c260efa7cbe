//! A service on the bus: EventBridge events from its queue, a ledger of its own, no fence and no last step.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use resilience::Clock;
use serde_json::{Value, json};
use weir_aws::{BodyError, NotParked};
use weir_consumer::{
    Consumer, ConsumerMetrics, NoStep, QueueSource,
    router::{Event, Router},
    services::{BodyStore, NoFence, Queue, Services},
};
use weir_core::{
    Backoff, Failure, UnixMillis,
    controls::Controls,
    envelope::Meta,
    ledger::{Key, State},
};
use weir_telemetry::{Telemetry, logs};
use weir_testkit::ModelLedger;

/// The queue: what was parked, and how long messages were hidden. Clones share it.
#[derive(Clone, Default)]
struct MemoryQueue(Arc<Mutex<(Vec<String>, Vec<Duration>)>>);

impl Queue for MemoryQueue {
    async fn postpone(&self, messages: &[(String, Duration)]) -> Option<(usize, String)> {
        self.0.lock().unwrap().1.extend(messages.iter().map(|(_, delay)| *delay));
        None
    }

    async fn park(&self, copy: String, _group: &str, _delay: Duration) -> Result<(), NotParked> {
        self.0.lock().unwrap().0.push(copy);
        Ok(())
    }
}

struct NoBodies;

impl BodyStore for NoBodies {
    async fn get(&self, _reference: &str) -> Result<Vec<u8>, BodyError> {
        Err(BodyError::Lost)
    }

    async fn put(&self, _meta: &Meta, _body: Vec<u8>) -> Result<String, BodyError> {
        Err(BodyError::Lost)
    }
}

type TestServices = Services<Arc<ModelLedger>, NoFence, NoBodies, MemoryQueue>;

#[derive(Clone, Default)]
struct World {
    ledger: Arc<ModelLedger>,
    queue: MemoryQueue,
}

impl World {
    fn consumer(&self, router: Router) -> Arc<Consumer<TestServices, NoStep>> {
        Arc::new(Consumer {
            source: QueueSource::Rule("orders".into()),
            services: Services {
                ledger: self.ledger.clone(),
                fence: NoFence,
                bodies: NoBodies,
                queue: self.queue.clone(),
            },
            step: NoStep,
            router,
            topics: None,
            backoff: Backoff::default(),
            clock: Clock::Wall,
            controls: weir_aws::Controls::fixed(Controls::default()),
            telemetry: Telemetry::off(),
            metrics: ConsumerMetrics::default(),
            max_receives: 5,
            max_attempts: 5,
        })
    }

    fn state(&self, event: &str) -> State {
        self.ledger.get(&Key { event: event.to_owned(), generation: 0 }).unwrap().state
    }
}

/// One invocation; the ids of the messages (`m0`, `m1`, …) that it reports as failed.
async fn run(consumer: &Arc<Consumer<TestServices, NoStep>>, bodies: &[String]) -> Vec<String> {
    let _unheard = logs::unheard();
    let record = |(index, body): (usize, &String)| json!({ "messageId": format!("m{index}"), "receiptHandle": "r", "body": body });
    let records: Vec<Value> = bodies.iter().enumerate().map(record).collect();
    let event = serde_json::from_value(json!({ "Records": records })).unwrap();
    let end = UnixMillis::now() + Duration::from_secs(30);
    let response = consumer.handle(event, "invocation", end).await.unwrap();
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

fn paid(id: &str) -> String {
    let detail = json!({ "specversion": "1.0", "id": id, "source": "weir.orders", "data": {} });
    json!({
        "id": "7bf73129", "detail-type": "order.paid", "source": "weir.orders", "time": "2026-11-27T05:00:00Z",
        "detail": detail,
    })
    .to_string()
}

/// Handlers that note each event's id, and answer with this.
fn noting(answer: Result<(), Failure>) -> (Router, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let router = Router::new().on("order.paid", move |event: Event| {
        noted.lock().unwrap().push(event.meta().webhook_id.to_string());
        std::future::ready(answer.clone())
    });
    (router, seen)
}

#[tokio::test(start_paused = true)]
async fn repeated_event_of_the_bus_takes_effect_once() {
    let (world, (router, seen)) = (World::default(), noting(Ok(())));
    let consumer = world.consumer(router);
    assert!(run(&consumer, &[paid("1"), paid("2")]).await.is_empty());
    // Sent twice by EventBridge, in a message of its own.
    assert!(run(&consumer, &[paid("3"), paid("1")]).await.is_empty());
    assert_eq!(*seen.lock().unwrap(), ["1", "2", "3"]);
    assert_eq!(world.state("weir.orders#1"), State::Done);
}

#[tokio::test(start_paused = true)]
async fn failed_event_comes_back_alone_and_unreadable_one_is_dead_lettered() {
    let (world, (router, _)) = (World::default(), noting(Err(Failure::transient("down"))));
    let consumer = world.consumer(router);
    let other = paid("2").replace("order.paid", "order.refunded");
    assert_eq!(run(&consumer, &[paid("1"), other, "no event".to_owned()]).await, ["m0", "m2"]);
    assert!(matches!(world.state("weir.orders#1"), State::Failed(Failure::Transient(_))));
    assert_eq!(world.state("weir.orders#2"), State::Done, "an event without handlers is done");
    let hidden = world.queue.0.lock().unwrap().1.clone();
    assert!(hidden.contains(&Duration::ZERO), "the unreadable one goes to the DLQ at once: {hidden:?}");
}

#[tokio::test(start_paused = true)]
async fn parked_event_runs_from_its_copy() {
    let world = World::default();
    let (router, _) = noting(Err(Failure::outage("erp is down", Duration::from_secs(60))));
    assert!(run(&world.consumer(router), &[paid("1")]).await.is_empty());
    let copy = world.queue.0.lock().unwrap().0.pop().unwrap();
    let (router, seen) = noting(Ok(()));
    assert!(run(&world.consumer(router), &[copy]).await.is_empty());
    assert_eq!(*seen.lock().unwrap(), ["1"]);
    assert_eq!(world.state("weir.orders#1"), State::Done);
}
