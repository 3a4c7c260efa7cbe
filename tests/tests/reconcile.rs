//! Orders that were placed while nobody listened arrive on the bus as if they had been delivered.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should panic")]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use resilience::{Clock, MemoryState};
use serde_json::Value;
use shopify_client::{
    Call, Client, Endpoint, Settings,
    operations::{
        WebhookSubscriptionCreate, WebhookSubscriptionDelete,
        webhook_subscription_create::{self as create, WebhookSubscriptionInput, WebhookSubscriptionTopic},
        webhook_subscription_delete as delete,
    },
    transport::Https,
};
use shopify_sim::{Installed, Options, Serving, ShopSeed, Sim};
use shopify_webhook::ShopDomain;
use tokio::net::TcpListener;
use weir_aws::LaneUrls;
use weir_core::{UnixMillis, ledger::State};
use weir_reconcile::{Kind, ReconcileTopic, Reconciler, Report, Request, Since, StackNames, StackStore};
use weir_testkit::shopify::{Shared, tokens_of};
use weir_tests::{World, eventually};

/// A shop whose clock is behind by this: what happens there is older than the grace that deliveries are given.
const BEHIND: Duration = Duration::from_secs(600);

struct Shopify {
    sim: Sim,
    installed: Installed,
    client: Client,
    _serving: Serving,
}

impl Shopify {
    async fn beside(world: &World) -> Self {
        Self::with_clock(world, shopify_sim::Clock::new((UnixMillis::now() - BEHIND).0, 1.0)).await
    }

    async fn with_clock(world: &World, clock: shopify_sim::Clock) -> Self {
        let options = Options { client_secret: world.deployed.client_secret.clone(), ..Options::default() };
        let sim = Sim::new(clock, options);
        let installed = sim.install(ShopSeed::new(ShopDomain::parse("north.myshopify.com").unwrap()));
        let serving = sim.serve(TcpListener::bind("127.0.0.1:0").await.unwrap()).await.unwrap();
        let shared = Shared {
            state: Arc::new(MemoryState::default()),
            tokens: tokens_of(&installed),
            clock: Clock::Wall,
            endpoint: Endpoint::at(&serving.url()).unwrap(),
            transport: Arc::new(Https::new().unwrap()),
        };
        let client = shared.client(&installed, "a test", Settings::default());
        Self { sim, installed, client, _serving: serving }
    }

    async fn subscribe(&self, world: &World) {
        for topic in [WebhookSubscriptionTopic::OrdersCreate, WebhookSubscriptionTopic::OrdersPaid] {
            let input = WebhookSubscriptionInput {
                uri: Some(world.deployed.webhook_url.clone()),
                callback_url: None,
                filter: None,
                format: None,
                include_fields: None,
                metafield_namespaces: None,
                metafields: None,
                name: None,
            };
            let variables = create::Variables { topic, webhook_subscription: input };
            let call = Call::foreground(Duration::from_secs(20));
            self.client.run::<WebhookSubscriptionCreate>(&self.installed.shop, variables, &call).await.unwrap();
        }
    }

    /// Behind weir's back.
    async fn unsubscribe(&self) {
        for (id, _) in self.sim.subscriptions(&self.installed.shop) {
            let variables = delete::Variables { id: format!("gid://shopify/WebhookSubscription/{id}") };
            let call = Call::foreground(Duration::from_secs(20));
            self.client.run::<WebhookSubscriptionDelete>(&self.installed.shop, variables, &call).await.unwrap();
        }
    }

    async fn reconcile(&self, world: &World, since: UnixMillis) -> Report {
        let wanted = [ReconcileTopic::topic("orders/create"), ReconcileTopic::topic("orders/paid")];
        self.reconcile_wanting(world, Since::At(since), &wanted, Clock::Wall).await
    }

    async fn reconcile_wanting(&self, world: &World, since: Since, wanted: &[ReconcileTopic], clock: Clock) -> Report {
        let of = &world.deployed;
        let names = StackNames {
            fence_table: of.fence_table.clone(),
            ledger_table: of.ledger_table.clone(),
            lanes: LaneUrls::each(|lane| of.lanes[lane.as_str()].queue_url.clone()),
            bodies_bucket: of.bodies_bucket.clone(),
            operations_table: of.operations_table.clone(),
        };
        let reconciler = Reconciler::new(self.client.clone(), StackStore::new(&world.aws, names), clock);
        let request = Request {
            shop: &self.installed.shop,
            app: "default",
            installed_at: None,
            since,
            until: None,
            grace: weir_reconcile::GRACE,
            wanted,
            dry_run: false,
            points: u64::MAX,
            deadline: tokio::time::Instant::now() + Duration::from_secs(60),
        };
        reconciler.run(&request, &|_| {}).await.unwrap()
    }
}

fn key(event: &Value) -> (String, u64) {
    (event["type"].as_str().unwrap().to_owned(), event["data"]["id"].as_u64().unwrap())
}

/// Each was created, and every other one paid.
fn expected(orders: &[u64]) -> BTreeSet<(String, u64)> {
    let created = orders.iter().map(|id| ("com.shopify.orders.create".to_owned(), *id));
    let paid = orders.iter().skip(1).step_by(2).map(|id| ("com.shopify.orders.paid".to_owned(), *id));
    created.chain(paid).collect()
}

#[tokio::test]
async fn orders_of_a_gap_arrive_as_if_delivered_and_once_each() {
    let world = World::new("reconcile").await;
    let shopify = Shopify::beside(&world).await;
    let since = UnixMillis::now() - BEHIND;
    shopify.subscribe(&world).await;
    let before = shopify.sim.place_orders(&shopify.installed.shop, 2);
    let delivered = world.events(3).await;
    assert_eq!(delivered.iter().map(key).collect::<BTreeSet<_>>(), expected(&before));

    shopify.unsubscribe().await;
    let lost = shopify.sim.place_orders(&shopify.installed.shop, 4);
    shopify.subscribe(&world).await;
    let report = shopify.reconcile(&world, since).await;
    assert_eq!((report.missing(), report.sent, report.kinds[&Kind::Orders].resources), (6, 6, 6), "{report:?}");
    let made = world.events(6).await;
    assert_eq!(made.iter().map(key).collect::<BTreeSet<_>>(), expected(&lost));

    for event in &made {
        let like = delivered.iter().find(|one| one["type"] == event["type"]).unwrap();
        for name in ["source", "topic", "app", "apiversion", "datacontenttype", "generation", "specversion"] {
            assert_eq!(event[name], like[name], "{name}");
        }
        // What differs from order to order is within: a test of the crate compares the bytes.
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&event["data"]), names(&like["data"]));
        assert_eq!(names(&event["data"]["line_items"][0]), names(&like["data"]["line_items"][0]));
        assert_eq!((&event["synthetic"], &like["synthetic"]), (&Value::from("reconcile"), &Value::Null));
    }

    // Run twice; and one of them comes after all.
    assert_eq!(shopify.reconcile(&world, since).await.missing(), 0);
    let Some(created) = made.iter().find(|event| event["topic"] == "orders/create") else { panic!("{made:?}") };
    let late = world.delivery("orders/create", "late", created["data"].to_string());
    world.accepted(&late).await;
    world.ended_as("late", &State::Stale).await;
    // The bus has the same body already: nothing tells of it a second time.
    assert!(world.published(0).await.is_empty());
    assert_eq!(shopify.reconcile(&world, since).await.sent, 0);
    world.end().await;
}

#[tokio::test]
async fn cursors_and_reports_are_kept() {
    let world = World::new("reconcile-kept").await;
    let shopify = Shopify::beside(&world).await;
    shopify.sim.place_orders(&shopify.installed.shop, 1);
    let first = shopify.reconcile(&world, UnixMillis::now() - 2 * BEHIND).await;
    assert_eq!(first.missing(), 1);
    let operations = weir_aws::DocumentStore::new(&world.aws, world.deployed.operations_table.clone());
    let mut cursors = operations.list::<weir_reconcile::Cursor>("cursors", false, 10).await.unwrap();
    let [cursor] = &mut cursors[..] else { panic!("of orders alone: {cursors:?}") };
    assert!(cursor.name.starts_with("north.myshopify.com/default/orders/"), "{}", cursor.name);
    let until = first.kinds[&Kind::Orders].until;
    assert_eq!((cursor.value.seen_until, cursor.value.walk.take()), (Some(until), None));
    let reports = operations.list::<Report>("reconciliations", true, 10).await.unwrap();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].value, first);
    world.end().await;
}

/// Nothing of it was delivered, and it changes after the end of the walk that would have found its creation.
#[tokio::test]
async fn product_created_and_changed_between_two_walks_gets_one_creation() {
    let world = World::new("reconcile-moved").await;
    let began = UnixMillis::now() - Duration::from_secs(86_400);
    let shopify = Shopify::with_clock(&world, shopify_sim::Clock::new(began.0, 60.0)).await;
    let (sim, shop) = (&shopify.sim, &shopify.installed.shop);
    let wanted = [ReconcileTopic::topic("products/create"), ReconcileTopic::topic("products/update")];
    let product = sim.create_product(shop, "New").unwrap();
    let created = UnixMillis(sim.clock().now().0);
    sim.clock().sleep(Duration::from_secs(30)).await;
    sim.update_product(shop, product, "Renamed");

    // The first walk ends between the two changes, the second one after both.
    let mut published = Vec::new();
    for after in [Duration::from_secs(10), Duration::from_secs(3_600)] {
        let clock = Clock::starting_at(created + after + weir_reconcile::GRACE);
        shopify.reconcile_wanting(&world, Since::Cursor, &wanted, clock).await;
        eventually("the lanes to be empty", async || {
            let events = world.take(&world.deployed.tap_queue_url).await;
            published.extend(
                events.into_iter().map(|entry| entry["detail"].clone()).filter(|event| event["data"]["id"] == product),
            );
            (!published.is_empty()).then_some(())
        })
        .await;
    }
    // An event of a shop's own comes after all that was sent before it.
    world.accepted(&world.delivery("products/delete", "last", r#"{"id":1}"#)).await;
    world.done("last").await;
    published.extend(world.take(&world.deployed.tap_queue_url).await.into_iter().map(|entry| entry["detail"].clone()));
    let topics: Vec<&str> = published
        .iter()
        .filter(|event| event["data"]["id"] == product)
        .filter_map(|event| event["topic"].as_str())
        .collect();
    assert_eq!(topics, ["products/create"], "{published:?}");
    assert_eq!(published[0]["data"]["title"], "Renamed");
    world.end().await;
}

/// Otherwise, what ran and was forgotten would run again.
#[test]
fn reconciliation_judges_nothing_that_the_shortest_retention_forgets() {
    let checkout = weir_local::Checkout::find(std::path::Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let template = checkout.read_template().unwrap();
    let days = template["Parameters"]["LedgerRetentionDays"]["MinValue"].as_u64().unwrap();
    assert!(
        weir_reconcile::FENCE_MEMORY + Duration::from_secs(2 * 86_400) <= Duration::from_secs(days * 86_400),
        "{days}"
    );
}
