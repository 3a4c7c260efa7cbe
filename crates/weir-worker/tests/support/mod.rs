//! The services around the worker, in memory.
#![expect(clippy::unwrap_used, unreachable_pub, reason = "support of one test binary, where unwrapping is asserting")]

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use resilience::Clock;
use shopify_webhook::ShopDomain;
use weir_aws::{BodyError, CallError, Entry, ErrorClass, NotParked};
use weir_consumer::{
    Consumer, QueueSource,
    router::Router,
    services::{BodyStore, Queue, WorkerServices},
};
use weir_core::{
    ApiVersion, AppName, Backoff, Failure, Lane, StoreError, Topic, Topics, UnixMillis, WebhookId,
    controls::Controls,
    envelope::{self, Envelope, Meta},
    fence::{self, Fence, Leave},
    ledger::{Claim, ClaimRequest, Key, Ledger, Record, RepeatKind, SettleRequest, Settled},
};
use weir_telemetry::Telemetry;
use weir_testkit::{Fault, Faulty, ModelLedger};
use weir_worker::{
    CONSUMER_METRICS,
    publish::{Publish, PublishStep},
    shops::Shops,
};

const SHOP: &str = "north.myshopify.com";

/// As in template.yaml.
pub const MAX_RECEIVES: u32 = 5;

/// As in template.yaml.
pub const MAX_ATTEMPTS: u32 = 5;

/// The services of a worker. Cloned handles share them.
#[derive(Default, Clone)]
pub struct World {
    pub ledger: Arc<ModelLedger>,
    refuse: Option<&'static str>,
    entries: Arc<Mutex<Vec<Entry>>>,
    calls: Arc<Mutex<Vec<usize>>>,
    bodies: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    postponed: Arc<Mutex<Vec<Duration>>>,
    parked: Arc<Mutex<Vec<(String, String, Duration)>>>,
    controls: Controls,
    /// What the worker's work is told to.
    pub telemetry: Telemetry,
    /// Whether the queue takes no copies.
    pub queue_is_down: Arc<AtomicBool>,
    /// What the bus answers for each entry, in place of taking it.
    pub bus_refuses: Arc<Mutex<Option<Failure>>>,
    /// Above this size the bus refuses an entry.
    pub bus_takes_bytes: Arc<Mutex<Option<usize>>>,
    /// What the shops' keeper was told, in order.
    pub told: Arc<Mutex<Vec<String>>>,
    /// Whether it can't be reached.
    pub shops_are_down: Arc<AtomicBool>,
}

/// These services, with a ledger and fence of their own.
pub struct Services<L> {
    store: Arc<L>,
    rest: Arc<World>,
}

impl<L: Ledger + Fence + 'static> WorkerServices for Services<L> {
    type Ledger = L;
    type Fence = L;
    type Bodies = World;
    type Queue = World;

    fn ledger(&self) -> &L {
        &self.store
    }
    fn fence(&self) -> &L {
        &self.store
    }
    fn bodies(&self) -> &World {
        &self.rest
    }
    fn queue(&self) -> &World {
        &self.rest
    }
}

/// A ledger and fence that answer every call with one error.
pub struct Refusing(pub CallError);

impl Refusing {
    fn error<T>(&self, action: &'static str) -> Result<T, StoreError> {
        Err(StoreError { action, source: self.0.clone().into() })
    }
}

impl Ledger for Refusing {
    async fn claim(&self, _: &ClaimRequest<'_>) -> Result<Claim, StoreError> {
        self.error("claim the event")
    }
    async fn settle(&self, _: &SettleRequest<'_>) -> Result<Settled, StoreError> {
        self.error("record how the event ended")
    }
    async fn count(&self, _: &Key, _: RepeatKind, _: Option<&WebhookId>) -> Result<(), StoreError> {
        self.error("count a message")
    }
}

impl Fence for Refusing {
    async fn enter(&self, _: &fence::EnterRequest<'_>) -> Result<fence::Entry, StoreError> {
        self.error("enter the resource")
    }
    async fn leave(&self, _: &fence::EnterRequest<'_>, _: Leave) -> Result<Settled, StoreError> {
        self.error("leave the resource")
    }
}

pub type TestWorker<L> = Arc<Consumer<Services<L>, PublishStep<World, World>>>;

impl World {
    /// A world whose bus refuses the event of this id.
    pub fn refusing(id: &'static str) -> Self {
        Self { refuse: Some(id), ..Self::default() }
    }

    /// The same world, and the operator says this.
    pub fn under(self, controls: Controls) -> Self {
        Self { controls, ..self }
    }

    pub fn worker(&self, router: Router) -> TestWorker<ModelLedger> {
        self.worker_over(self.ledger.clone(), router)
    }

    /// A worker whose ledger and fence fail once.
    pub fn faulty_worker(&self, call: usize, fault: Fault) -> TestWorker<Faulty<ModelLedger>> {
        self.faulty_worker_with(call, fault, Router::new())
    }

    /// The same with handlers.
    pub fn faulty_worker_with(&self, call: usize, fault: Fault, router: Router) -> TestWorker<Faulty<ModelLedger>> {
        self.worker_over(Arc::new(Faulty::on_call(self.ledger.clone(), call, fault)), router)
    }

    /// A worker whose ledger refuses every claim with this error.
    pub fn worker_without_ledger(&self, error: CallError) -> TestWorker<Refusing> {
        self.worker_over(Arc::new(Refusing(error)), Router::new())
    }

    pub fn worker_over<L: Ledger + Fence + 'static>(&self, store: Arc<L>, router: Router) -> TestWorker<L> {
        let rest = Arc::new(self.clone());
        Arc::new(Consumer {
            source: QueueSource::Lane(Lane::Standard),
            services: Services { store, rest: rest.clone() },
            step: PublishStep { bus: rest, bodies: self.clone() },
            router,
            topics: Some(Topics::built_in()),
            backoff: Backoff::default(),
            clock: Clock::Wall,
            controls: weir_aws::Controls::fixed(self.controls.clone()),
            telemetry: self.telemetry.clone(),
            metrics: CONSUMER_METRICS,
            max_receives: MAX_RECEIVES,
            max_attempts: MAX_ATTEMPTS,
        })
    }

    /// The parked copies: envelope, message and group, delay.
    pub fn parked(&self) -> Vec<(Envelope, String, String, Duration)> {
        let parked = self.parked.lock().unwrap();
        let read = |(copy, group, delay): &(String, String, Duration)| {
            (Envelope::parse(copy).unwrap(), copy.clone(), group.clone(), *delay)
        };
        parked.iter().map(read).collect()
    }

    pub fn record(&self, id: &str) -> Record {
        self.ledger.get(&Key { event: format!("{SHOP}#{id}"), generation: 0 }).expect("no such event in the ledger")
    }

    pub fn published(&self) -> Vec<String> {
        self.entries.lock().unwrap().iter().map(|entry| entry.detail.clone()).collect()
    }

    /// X-Ray's header of each, in order.
    pub fn xray_headers(&self) -> Vec<Option<String>> {
        self.entries.lock().unwrap().iter().map(|entry| entry.xray.clone()).collect()
    }

    /// What each was published as, in order.
    pub fn topics(&self) -> Vec<String> {
        self.entries.lock().unwrap().iter().map(|entry| entry.topic.clone()).collect()
    }

    pub fn published_ids(&self) -> Vec<String> {
        let id = |detail: &String| {
            serde_json::from_str::<serde_json::Value>(detail).unwrap()["id"].as_str().unwrap().to_owned()
        };
        let mut ids: Vec<String> = self.published().iter().map(id).collect();
        ids.sort();
        ids
    }

    /// How many entries each `PutEvents` call had.
    pub fn calls(&self) -> Vec<usize> {
        self.calls.lock().unwrap().clone()
    }

    pub fn postponed(&self) -> Vec<Duration> {
        self.postponed.lock().unwrap().clone()
    }

    pub fn body(&self, reference: &str) -> Vec<u8> {
        self.bodies.lock().unwrap()[reference].clone()
    }

    /// A message whose body lies in the store.
    pub fn stored(&self, id: &str, body: &[u8]) -> String {
        let reference = format!("s3://bodies/{id}");
        self.bodies.lock().unwrap().insert(reference.clone(), body.to_vec());
        referred(id, body, &reference)
    }
}

impl Publish for World {
    async fn publish(&self, entries: Vec<Entry>) -> Vec<Result<(), Failure>> {
        self.calls.lock().unwrap().push(entries.len());
        let refused = |entry: &Entry| self.refuse.is_some_and(|id| entry.detail.contains(&format!("\"id\":\"{id}\"")));
        let publish = |entry: Entry| {
            if refused(&entry) {
                return Err(Failure::transient("ThrottlingException"));
            }
            if let Some(failure) = self.bus_refuses.lock().unwrap().clone() {
                return Err(failure);
            }
            if self.bus_takes_bytes.lock().unwrap().is_some_and(|most| entry.size() > most) {
                return Err(Failure::permanent("PutEvents on north: ValidationException"));
            }
            self.entries.lock().unwrap().push(entry);
            Ok(())
        };
        entries.into_iter().map(publish).collect()
    }
}

impl BodyStore for World {
    async fn get(&self, reference: &str) -> Result<Vec<u8>, BodyError> {
        self.bodies.lock().unwrap().get(reference).cloned().ok_or(BodyError::Lost)
    }

    async fn put(&self, meta: &Meta, body: Vec<u8>) -> Result<String, BodyError> {
        let reference = format!("s3://bodies/{}", meta.webhook_id);
        self.bodies.lock().unwrap().insert(reference.clone(), body);
        Ok(reference)
    }
}

impl Queue for World {
    async fn park(&self, copy: String, group: &str, delay: Duration) -> Result<(), NotParked> {
        if self.queue_is_down.load(Ordering::SeqCst) {
            return Err(NotParked(call_error("SendMessage", "refused", ErrorClass::Unavailable)));
        }
        self.parked.lock().unwrap().push((copy, group.to_owned(), delay));
        Ok(())
    }

    async fn postpone(&self, messages: &[(String, Duration)]) -> Option<(usize, String)> {
        self.postponed.lock().unwrap().extend(messages.iter().map(|(_, delay)| *delay));
        None
    }
}

impl Shops for World {
    async fn uninstalled(&self, shop: &ShopDomain, app: &AppName, triggered_at: UnixMillis) -> Result<bool, Failure> {
        self.tell(format!("{shop} uninstalled {app} at {triggered_at}")).map(|()| true)
    }

    async fn invalidate(&self, key: &str) -> Result<(), Failure> {
        self.tell(key.to_owned())
    }
}

impl World {
    fn tell(&self, what: String) -> Result<(), Failure> {
        if self.shops_are_down.load(Ordering::SeqCst) {
            return Err(Failure::transient("DynamoDB is down"));
        }
        self.told.lock().unwrap().push(what);
        Ok(())
    }

    pub fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }
}

/// A call of AWS that failed.
pub fn call_error(operation: &'static str, reason: &str, class: ErrorClass) -> CallError {
    CallError { operation, resource: "north".into(), reason: reason.into(), class }
}

pub fn body(id: u64) -> Vec<u8> {
    format!("{{\"id\":{}}}", 820_982_911_946_154_000 + id).into_bytes()
}

pub fn meta(id: &str, body: &[u8]) -> Meta {
    Meta { api_version: ApiVersion::parse("2026-10"), ..Meta::sample(id, body) }
}

pub fn envelope(id: &str, body: &[u8]) -> String {
    envelope::seal(&meta(id, body), body).unwrap()
}

/// An event of another topic, triggered at a time if one is given.
pub fn envelope_of(topic: &str, triggered_at: Option<&str>, id: &str, body: &[u8]) -> String {
    let (topic, triggered_at) = (Topic::from_stored(topic), triggered_at.map(str::to_owned));
    let meta = Meta { topic, triggered_at, ..meta(id, body) };
    envelope::seal(&meta, body).unwrap()
}

/// Within a trace.
pub fn traced_envelope(id: &str, body: &[u8], traceparent: &str) -> String {
    envelope::seal(&Meta { traceparent: Some(traceparent.into()), ..meta(id, body) }, body).unwrap()
}

pub fn referred(id: &str, body: &[u8], reference: &str) -> String {
    envelope::refer(&meta(id, body), reference)
}

/// One invocation of 30 s; the ids of the messages (`m0`, `m1`, …) that it reports as failed.
pub async fn run<L: Ledger + Fence + 'static>(worker: &TestWorker<L>, bodies: &[String]) -> Vec<String> {
    run_received(worker, bodies, 1).await
}

/// The same for messages that were received so often.
pub async fn run_received<L: Ledger + Fence + 'static>(
    worker: &TestWorker<L>,
    bodies: &[String],
    receives: u32,
) -> Vec<String> {
    run_sent(worker, bodies, receives, UnixMillis::now()).await
}

/// The same for messages that were sent at a time.
pub async fn run_sent<L: Ledger + Fence + 'static>(
    worker: &TestWorker<L>,
    bodies: &[String],
    receives: u32,
    sent_at: UnixMillis,
) -> Vec<String> {
    let _unheard = weir_telemetry::logs::unheard();
    static INVOCATION: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let invocation = INVOCATION.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    let records: Vec<_> = bodies
        .iter()
        .enumerate()
        .map(|(index, body)| {
            let attributes = serde_json::json!({
                "ApproximateReceiveCount": receives.to_string(),
                "MessageGroupId": SHOP,
                "SentTimestamp": sent_at.0.to_string(),
            });
            serde_json::json!({"messageId": format!("m{index}"), "receiptHandle": "r", "body": body, "attributes": attributes})
        })
        .collect();
    let event = serde_json::from_value(serde_json::json!({ "Records": records })).unwrap();
    let remaining = Duration::from_secs(30);
    let end = UnixMillis::now() + remaining;
    let response = worker.handle(event, &format!("invocation-{invocation}"), end).await.unwrap();
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}
