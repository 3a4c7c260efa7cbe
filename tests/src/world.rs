//! A stack of its own for a test.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use weir_aws::ledger::{Listing, Range};
use weir_aws::{DynamoFence, DynamoLedger, SdkConfig};
use weir_core::{
    EventShop, UnixMillis,
    ledger::{Key, Record, State, index::Bucket},
};
use weir_local::{Checkout, Deployed, Emulator, Installation, Options, Stack, StackOptions, build_functions};

use crate::{Delivery, Reply, eventually, http};

/// The shop of all deliveries, unless a test says otherwise.
const SHOP: &str = "north.myshopify.com";

/// Shared by the tests of one binary; ends with the process.
struct Shared {
    checkout: Checkout,
    functions: PathBuf,
    emulator: Emulator,
}

static SHARED: OnceCell<Shared> = OnceCell::const_new();

/// An emulator beside that one, for tests of two regions.
static SECOND: OnceCell<Shared> = OnceCell::const_new();

/// One deployed stack, and clients that belong to this test's runtime.
pub struct World {
    /// Where its parts are.
    pub deployed: Deployed,
    /// Its ledger.
    pub ledger: DynamoLedger,
    /// Its fence.
    pub fence: DynamoFence,
    /// For AWS clients of the test's own.
    pub aws: SdkConfig,
    http: reqwest::Client,
    sqs: aws_sdk_sqs::Client,
    stack: Stack<'static>,
    options: StackOptions,
    shared: &'static Shared,
}

impl World {
    /// Deploys `template.yaml` under this name, which no other test may use.
    pub async fn new(name: &str) -> Self {
        Self::with(name, &[]).await
    }

    /// The same with parameters of the template set.
    pub async fn with(name: &str, parameters: &[(&str, &str)]) -> Self {
        Self::on(&SHARED, name, parameters).await
    }

    /// The same in a second region: on an emulator of its own.
    pub async fn elsewhere(name: &str) -> Self {
        Self::on(&SECOND, name, &[]).await
    }

    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    async fn on(shared: &'static OnceCell<Shared>, name: &str, parameters: &[(&str, &str)]) -> Self {
        let shared = shared.get_or_init(start).await;
        let mut options = StackOptions::local(name, shared.functions.clone());
        options.parameters.extend(parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let stack = Stack::deploy(&shared.emulator, &shared.checkout, &options, &|_| {});
        let stack = stack.await.expect("the template can't be deployed");
        let deployed = stack.deployed().expect("the template's outputs");
        let aws = shared.emulator.sdk_config();
        Self {
            ledger: DynamoLedger::new(&aws, deployed.ledger_table.clone(), Duration::from_secs(86_400)),
            fence: DynamoFence::new(&aws, deployed.fence_table.clone(), Duration::from_secs(86_400)),
            http: http(),
            sqs: aws_sdk_sqs::Client::new(&aws),
            deployed,
            aws,
            stack,
            options,
            shared,
        }
    }

    /// Where the workspace's binaries are: the functions, and `weir`.
    pub fn binaries(&self) -> &Path {
        &self.shared.functions
    }

    /// The `weir` command, built with the functions.
    pub fn command(&self) -> PathBuf {
        self.shared.functions.join("weir")
    }

    /// A signed delivery to this stack's default app.
    pub fn delivery(&self, topic: &str, id: &str, body: impl Into<Vec<u8>>) -> Delivery {
        Delivery::signed(topic, id, body, &self.deployed.client_secret)
    }

    /// Posts to `/webhooks`.
    pub async fn post(&self, delivery: &Delivery) -> Reply {
        self.post_to("", delivery).await
    }

    /// Posts to `/webhooks` and what follows.
    pub async fn post_to(&self, rest: &str, delivery: &Delivery) -> Reply {
        delivery.post(&self.http, &format!("{}{rest}", self.deployed.webhook_url)).await
    }

    /// Posts until ingest takes it, as Shopify does: the answer that it was not stored in time asks for it again, on a busy machine
    /// more often. What was answered like that may have been stored all the same, as a duplicate.
    pub async fn accepted(&self, delivery: &Delivery) {
        self.accepted_at("", delivery).await;
    }

    /// The same, at `/webhooks` and what follows.
    pub async fn accepted_at(&self, rest: &str, delivery: &Delivery) {
        let taken = async || {
            let reply = self.post_to(rest, delivery).await;
            assert!([200, 503].contains(&reply.status), "{}: {}", reply.status, reply.body);
            (reply.status == 200).then_some(())
        };
        eventually("the delivery to be accepted", taken).await;
    }

    /// Waits until every one of these events is done. Each look reads the index once, whatever their number.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn all_done(&self, ids: &[String]) {
        eventually(&format!("{} events to be done", ids.len()), async || {
            let mut listing = self.listing();
            let mut named = BTreeMap::new();
            while let Some(entry) = listing.next().await.expect("the index can't be read") {
                if let Some(id) = ids.iter().find(|id| entry.is_named(id)) {
                    named.insert(entry.key, id);
                }
            }
            let keys: Vec<Key> = named.keys().cloned().collect();
            let records = self.ledger.get_many(&keys).await.expect("the ledger can't be read");
            let done = records.iter().filter(|record| record.state == State::Done);
            let done: BTreeSet<_> = done.filter_map(|record| named.get(&record.key)).collect();
            ids.iter().all(|id| done.contains(&id)).then_some(())
        })
        .await;
    }

    /// The ledger's record of the test shop's event that came under this webhook id within a day.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn record(&self, id: &str) -> Option<Record> {
        let key = Key { event: format!("{SHOP}#{id}"), generation: 0 };
        if let Some(record) = self.ledger.get(&key).await.expect("the ledger can't be read") {
            return Some(record);
        }
        // Its key does not have the webhook id: the index has.
        let mut listing = self.listing();
        while let Some(entry) = listing.next().await.expect("the index can't be read") {
            if entry.is_named(id) {
                return self.ledger.get(&entry.key).await.expect("the ledger can't be read");
            }
        }
        None
    }

    /// Waits until an event is done.
    pub async fn done(&self, id: &str) -> Record {
        self.ended_as(id, &State::Done).await
    }

    /// Waits until an event is in a state.
    pub async fn ended_as(&self, id: &str, state: &State) -> Record {
        let look = async || self.record(id).await.filter(|record| record.state == *state);
        eventually(&format!("{id} to be {}", state.as_str()), look).await
    }

    /// The test shop's events of the days around now.
    fn listing(&self) -> Listing<'_, DynamoLedger> {
        let (now, day) = (UnixMillis::now(), Duration::from_secs(86_400));
        let range = Range { since: now - day, until: now + day };
        Listing::by_day(&self.ledger, Bucket::of_shop(&EventShop::from_stored(SHOP)).into(), range, 100)
    }

    /// Takes the CloudEvents from the bus's tap until there are `count`, then looks once more: one too many fails.
    pub async fn events(&self, count: usize) -> Vec<Value> {
        self.entries(count).await.iter().map(|entry| entry["detail"].clone()).collect()
    }

    /// The same, but only what each was published as and its id.
    pub async fn published(&self, count: usize) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let entries = self.entries(count).await;
        entries.iter().map(|entry| (text(&entry["detail-type"]), text(&entry["detail"]["id"]))).collect()
    }

    async fn entries(&self, count: usize) -> Vec<Value> {
        let mut events = Vec::new();
        eventually(&format!("{count} events on the bus"), async || {
            events.extend(self.take(&self.deployed.tap_queue_url).await);
            (events.len() >= count).then_some(())
        })
        .await;
        events.extend(self.take(&self.deployed.tap_queue_url).await);
        assert_eq!(events.len(), count, "events on the bus");
        events
    }

    /// Takes what a queue has now, as JSON.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn take(&self, queue_url: &str) -> Vec<Value> {
        let parse = |body: &String| serde_json::from_str(body).expect("JSON on the queue");
        self.take_raw(queue_url).await.iter().map(parse).collect()
    }

    /// Takes what a queue has now.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn take_raw(&self, queue_url: &str) -> Vec<String> {
        let mut bodies = Vec::new();
        loop {
            let request = self.sqs.receive_message().queue_url(queue_url).max_number_of_messages(10);
            let messages = request.send().await.expect("the queue can't be read").messages.unwrap_or_default();
            if messages.is_empty() {
                return bodies;
            }
            for message in messages {
                let delete = self.sqs.delete_message().queue_url(queue_url);
                delete.set_receipt_handle(message.receipt_handle).send().await.expect("the message can't be deleted");
                bodies.extend(message.body);
            }
        }
    }

    /// Keeps the workers from reading their lanes, so that what lies there can be looked at.
    pub async fn pause_workers(&self) {
        self.set_workers(false).await;
    }

    /// Lets them read again.
    pub async fn resume_workers(&self) {
        self.set_workers(true).await;
    }

    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    async fn set_workers(&self, enabled: bool) {
        let mappings = format!("{}/2015-03-31/event-source-mappings", self.deployed.endpoint);
        let all = self.get(&mappings).await;
        let of_this_stack = |mapping: &&Value| {
            let source = mapping["EventSourceArn"].as_str().unwrap_or_default();
            source.contains(&format!(":{}-", self.deployed.stack_name))
        };
        let state = if enabled { "Enabled" } else { "Disabled" };
        for mapping in all["EventSourceMappings"].as_array().expect("a list").iter().filter(of_this_stack) {
            let url = format!("{mappings}/{}", mapping["UUID"].as_str().expect("an id"));
            self.put(&url, &json!({ "Enabled": enabled })).await;
            eventually(state, async || (self.get(&url).await["State"] == state).then_some(())).await;
        }
    }

    /// Invokes a function, by its logical name in the template, with an event of `tests/events/`.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn invoke(&self, function: &str, event: &str) -> Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("events").join(event);
        let event = std::fs::read(path).expect("the event");
        let url = format!("{}/invocations", self.function(function).await);
        let reply = self.http.post(url).body(event).send().await;
        reply.expect("the emulator answers").json().await.expect("JSON")
    }

    /// Sets variables of a function's environment, beside those that it has.
    pub async fn set_variables(&self, function: &str, variables: &[(&str, &str)]) {
        let url = format!("{}/configuration", self.function(function).await);
        let mut environment = self.get(&url).await["Environment"].take();
        for (name, value) in variables {
            assert!(environment["Variables"][name].is_string(), "the template does not give {function} {name}");
            environment["Variables"][name] = (*value).into();
        }
        self.put(&url, &json!({ "Environment": environment })).await;
        eventually("the function's update", async || {
            (self.get(&url).await["LastUpdateStatus"] == "Successful").then_some(())
        })
        .await;
    }

    /// What the emulator gave a function as its environment.
    pub async fn variables(&self, function: &str) -> Value {
        self.get(&format!("{}/configuration", self.function(function).await)).await["Environment"]["Variables"].take()
    }

    /// Deploys again, with these functions and with parameters changed, as `sam deploy` does.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn update(&mut self, functions: &Path, parameters: &[(&str, &str)]) {
        self.options.functions_dir = functions.to_owned();
        self.options.parameters.extend(parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let updated = self.stack.update(&self.shared.checkout, &self.options, &|_| {});
        updated.await.expect("the stack can't be updated");
    }

    /// The number of the version that a function's alias `live` points at.
    pub async fn live_version(&self, function: &str) -> String {
        let alias = self.get(&format!("{}/aliases/live", self.function(function).await)).await;
        alias["FunctionVersion"].as_str().unwrap_or_default().to_owned()
    }

    /// Where a function is, by its logical name in the template.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    async fn function(&self, logical_name: &str) -> String {
        let functions = format!("{}/2015-03-31/functions", self.deployed.endpoint);
        let all = self.get(&format!("{functions}/")).await;
        let prefix = format!("{}-{logical_name}-", self.deployed.stack_name);
        let mut names =
            all["Functions"].as_array().expect("a list").iter().filter_map(|one| one["FunctionName"].as_str());
        format!("{functions}/{}", names.find(|name| name.starts_with(&prefix)).expect("the function"))
    }

    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    async fn get(&self, url: &str) -> Value {
        self.http.get(url).send().await.expect("the emulator answers").json().await.expect("JSON")
    }

    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    async fn put(&self, url: &str, body: &Value) {
        let reply = self.http.put(url).json(body).send().await.expect("the emulator answers");
        assert!(reply.status().is_success(), "{url}: {}", reply.status());
    }

    /// How many messages wait in a queue.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn depth(&self, queue_url: &str) -> usize {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let request = self.sqs.get_queue_attributes().queue_url(queue_url).attribute_names(name.clone());
        let reply = request.send().await.expect("the queue can't be read");
        reply.attributes().and_then(|all| all.get(&name)?.parse().ok()).expect("the queue's depth")
    }

    /// Takes a queue away, as if SQS could not be reached.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn delete_queue(&self, queue_url: &str) {
        self.sqs.delete_queue().queue_url(queue_url).send().await.expect("the queue can't be deleted");
    }

    /// Puts a message on a queue as it is.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn send_raw(&self, queue_url: &str, body: &str) {
        self.sqs.send_message().queue_url(queue_url).message_body(body).send().await.expect("the queue takes it");
    }

    /// Deletes the stack, so that its pollers make room for the other tests'.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn end(self) {
        self.stack.delete().await.expect("the stack can't be deleted");
    }
}

#[expect(clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and says what takes its time")]
async fn start() -> Shared {
    let checkout = Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a checkout");
    let functions = build_functions(&checkout, true).await.expect("the functions can't be built");
    let say = |step: &str| eprintln!("{step}");
    let installation = Installation::ensure(&checkout, &say).await.expect("the emulator can't be installed");
    let emulator = Emulator::start(&installation, &Options::default()).await.expect("the emulator can't be started");
    Shared { checkout, functions, emulator }
}
