//! A stack and a shop of a simulated Shopify.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use resilience::Clock;
use secrecy::ExposeSecret;
use serde_json::Value;
use shopify_client::{Call, Client, Endpoint, Settings, transport::Https};
use shopify_sim::{Installed, Options, Serving, ShopSeed, Sim};
use shopify_webhook::ShopDomain;
use tokio::net::TcpListener;
use weir_aws::DocumentStore;
use weir_core::UnixMillis;
use weir_shops::{
    DynamoState, DynamoTokens, Registry,
    registry::{NewShop, NewToken},
    seal::KeyRing,
};
use weir_subscriptions::{Actual, Change, Desired, Subscription, shopify};
use weir_testkit::shopify::Shared;
use weir_tests::{World, eventually};

const APP: &str = "default";

pub(crate) struct Setting {
    pub(crate) world: World,
    pub(crate) sim: Sim,
    pub(crate) shop: ShopDomain,
    client: Client,
    _serving: Serving,
}

/// The topics that the built-in file desires, sorted.
pub(crate) fn topics() -> Vec<String> {
    let desired = Desired::built_in();
    let wanted = desired.wanted(APP, &ShopDomain::parse("north.myshopify.com").unwrap()).subscriptions;
    let topics: BTreeSet<String> = wanted.into_iter().map(|one| one.topic.clone()).collect();
    topics.into_iter().collect()
}

impl Setting {
    /// A stack whose monitor runs when a test says so.
    pub(crate) async fn new(name: &str) -> Self {
        Self::with(name, &[]).await
    }

    /// A stack whose monitor runs each minute.
    pub(crate) async fn scheduled(name: &str) -> Self {
        Self::with(name, &[("MonitorState", "ENABLED"), ("MonitorMinutes", "1")]).await
    }

    /// A stack with these parameters beside.
    pub(crate) async fn with(name: &str, parameters: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut all = vec![("LocalShopifyUrl", url.as_str())];
        all.extend(parameters);
        let world = World::with(name, &all).await;
        let secret = world.deployed.client_secret.clone();
        let sim = Sim::new(
            shopify_sim::Clock::new(UnixMillis::now().0, 1.0),
            Options { client_secret: secret, ..Options::default() },
        );
        let serving = sim.serve(listener).await.unwrap();
        let shop = ShopDomain::parse("north.myshopify.com").unwrap();
        let installed = sim.install(ShopSeed::new(shop.clone()));
        introduce_the_app(&world, &installed).await;
        let client = client(&world, &url, &installed).await;
        let setting = Self { world, sim, shop, client, _serving: serving };
        setting.register(installed).await;
        setting
    }

    /// Another shop with the app.
    pub(crate) async fn add_shop(&self, name: &str) {
        let domain = ShopDomain::parse(&format!("{name}.myshopify.com")).unwrap();
        let installed = self.sim.install(ShopSeed::new(domain));
        self.register(installed).await;
    }

    /// Another shop with the app, whose token the monitor has to get by the app's own credentials.
    pub(crate) async fn add_shop_without_token(&self, name: &str) {
        let domain = ShopDomain::parse(&format!("{name}.myshopify.com")).unwrap();
        let installed = self.sim.install(ShopSeed::new(domain));
        self.register_with(installed.shop, NewToken::ClientCredentials).await;
    }

    async fn register(&self, installed: Installed) {
        self.register_with(installed.shop, NewToken::Offline(installed.access_token)).await;
    }

    async fn register_with(&self, domain: ShopDomain, token: NewToken) {
        let world = &self.world;
        let registry = Registry::new(&world.aws, world.deployed.shops_table.clone());
        let keys = KeyRing::load(&world.aws, world.deployed.token_key_id.clone()).await.unwrap().keys();
        let shop = NewShop { domain, app: APP.to_owned(), plan: None, tier: None, token: Some(token) };
        registry.add(shop, &keys, false, UnixMillis::now()).await.unwrap();
    }

    /// The monitor's next run.
    pub(crate) async fn run(&self) {
        let answer = self.world.invoke("Monitor", "monitor.json").await;
        assert!(answer.is_null(), "{answer}");
    }

    pub(crate) fn operations(&self) -> DocumentStore {
        DocumentStore::new(&self.world.aws, self.world.deployed.operations_table.clone())
    }

    fn call(&self) -> Call {
        Call::foreground(Duration::from_secs(60))
    }

    /// What the shop has.
    pub(crate) async fn actual(&self) -> Vec<Actual> {
        shopify::read(&self.client, &self.shop, &self.call()).await.unwrap()
    }

    /// The topics of weir's subscriptions, sorted.
    pub(crate) async fn ours(&self) -> Vec<String> {
        let url = &self.world.deployed.webhook_url;
        let mut topics: Vec<String> =
            self.actual().await.iter().filter(|one| one.uri == *url).map(|one| one.topic().to_owned()).collect();
        topics.sort();
        topics
    }

    /// The topics of all that there is, sorted, as the simulator knows it.
    pub(crate) fn listed(&self) -> Vec<String> {
        let all = self.sim.subscriptions(&self.shop);
        let topic = |name: &str| shopify_schema::topic_of_enum(name).unwrap_or(name).to_owned();
        let mut topics: Vec<String> = all.iter().map(|(_, name)| topic(name)).collect();
        topics.sort();
        topics
    }

    /// Those of others.
    pub(crate) async fn foreign(&self) -> Vec<Actual> {
        let url = &self.world.deployed.webhook_url;
        self.actual().await.into_iter().filter(|one| one.uri != *url).collect()
    }

    async fn change(&self, address: &str, change: &Change) {
        shopify::carry_out(&self.client, &self.shop, address, change, &self.call()).await.unwrap();
    }

    pub(crate) async fn create_foreign(&self, topic: &str) {
        self.change("https://others.example/webhooks", &Change::Create(subscription(topic, None))).await;
    }

    /// Takes from the bus what creations of orders there are, until each of these came; any other, or one twice, fails.
    pub(crate) async fn created(&self, orders: &[u64]) -> Vec<Value> {
        let mut events: Vec<Value> = Vec::new();
        eventually("the orders' creations on the bus", async || {
            let taken = self.world.take(&self.world.deployed.tap_queue_url).await;
            let details = taken.into_iter().filter(|entry| entry["detail-type"] == "orders/create");
            events.extend(details.map(|entry| entry["detail"].clone()));
            let came = |id: &u64| events.iter().any(|event| event["data"]["id"] == *id);
            orders.iter().all(came).then_some(())
        })
        .await;
        let mut ids: Vec<u64> = events.iter().filter_map(|event| event["data"]["id"].as_u64()).collect();
        ids.sort_unstable();
        let mut expected = orders.to_vec();
        expected.sort_unstable();
        assert_eq!(ids, expected);
        events
    }

    /// Behind weir's back.
    pub(crate) async fn delete(&self, topic: &str) {
        let one = self.one(topic).await;
        self.change("", &Change::Delete(one)).await;
    }

    /// Behind weir's back, a filter under which next to nothing is delivered.
    pub(crate) async fn break_filter(&self, topic: &str) {
        let id = self.one(topic).await.id;
        let subscription = subscription(topic, Some("total_price:>=1000000"));
        let update = Change::Update { id, subscription, differences: Vec::new() };
        self.change(&self.world.deployed.webhook_url, &update).await;
    }

    /// Shopify answers 403 to whoever creates one.
    pub(crate) fn refuse_creations(&self) {
        let rule = r#"{"operation": "WebhookSubscriptionCreate", "act": {"status": {"status": 403}}}"#;
        self.sim.script(serde_json::from_str(rule).unwrap());
    }

    async fn one(&self, topic: &str) -> Actual {
        let url = &self.world.deployed.webhook_url;
        let all = self.actual().await;
        all.into_iter().find(|one| one.uri == *url && one.topic() == topic).unwrap()
    }
}

fn subscription(topic: &str, filter: Option<&str>) -> Subscription {
    Subscription {
        topic: topic.to_owned(),
        name: None,
        filter: filter.map(str::to_owned),
        include_fields: BTreeSet::new(),
        metafield_namespaces: BTreeSet::new(),
        metafields: BTreeSet::new(),
    }
}

/// The template knows the client secret only.
async fn introduce_the_app(world: &World, installed: &Installed) {
    let secret = serde_json::json!({
        "client_id": Options::default().client_id, "client_secrets": [installed.client_secret.expose_secret()],
    });
    let secrets = aws_sdk_secretsmanager::Client::new(&world.aws);
    let put = secrets.put_secret_value().secret_id(format!("{}/{APP}", world.deployed.secret_prefix));
    put.secret_string(secret.to_string()).send().await.unwrap();
}

/// Somebody else with the app's token, such as its own code.
async fn client(world: &World, url: &str, installed: &Installed) -> Client {
    let keys = Arc::new(KeyRing::load(&world.aws, world.deployed.token_key_id.clone()).await.unwrap());
    let tokens = DynamoTokens::new(&world.aws, world.deployed.shops_table.clone(), APP.to_owned(), keys);
    let shared = Shared {
        state: Arc::new(DynamoState::new(&world.aws, world.deployed.state_table.clone(), Clock::Wall)),
        tokens: Arc::new(tokens),
        clock: Clock::Wall,
        endpoint: Endpoint::at(url).unwrap(),
        transport: Arc::new(Https::new().unwrap()),
    };
    shared.client(installed, "a test", Settings::default())
}
