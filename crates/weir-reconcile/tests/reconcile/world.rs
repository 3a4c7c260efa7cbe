//! A simulated Shopify, and a reconciler of one of its shops.
#![expect(clippy::unwrap_used, reason = "support of one test binary, where unwrapping is asserting")]

use std::{sync::Arc, time::Duration};

use resilience::MemoryState;
use shopify_client::{Client, Settings};
use shopify_sim::{DeliveryFaults, Installed, Options, Outlet, ShopSeed, Sim};
use shopify_webhook::ShopDomain;
use weir_core::UnixMillis;
use weir_reconcile::{ReconcileTopic, Reconciler, Report, Request, Since};
use weir_testkit::shopify::{InProcess, Shared, clock_of, tokens_of};

use super::stack::Stack;

pub(crate) const START: i64 = 1_790_000_000_000;
pub(crate) const TOPICS: [&str; 7] = [
    "orders/create",
    "orders/paid",
    "orders/cancelled",
    "orders/updated",
    "products/create",
    "products/update",
    "inventory_levels/update",
];

/// A shop, the stack that listens to it, and a reconciler.
pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) installed: Installed,
    pub(crate) stack: Stack,
    pub(crate) reconciler: Reconciler<Stack>,
    shared: Shared,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|options| options)
    }

    pub(crate) fn with(change: impl FnOnce(Options) -> Options) -> Self {
        let stack = Stack::default();
        let options = Options {
            outlet: Outlet::Here(Arc::new(stack.clone())),
            declared: TOPICS.map(|topic| (topic.to_owned(), "https://weir.example.com".to_owned())).into(),
            ..Options::default()
        };
        let sim = Sim::new(shopify_sim::Clock::new(START, 1.0), change(options));
        let shop = ShopDomain::parse("north.myshopify.com").unwrap();
        let installed = sim.install(ShopSeed { plan: shopify_sim::Plan::Plus, products: 8, ..ShopSeed::new(shop) });
        let transport = InProcess::new(sim.clone());
        let shared = Shared {
            state: Arc::new(MemoryState::default()),
            tokens: tokens_of(&installed),
            clock: clock_of(&sim),
            endpoint: transport.endpoint(),
            transport: Arc::new(transport),
        };
        let client = shared.client(&installed, "test", Settings::default());
        let reconciler = Reconciler::new(client, stack.clone(), clock_of(&sim));
        Self { sim, installed, stack, reconciler, shared }
    }

    pub(crate) fn shop(&self) -> &ShopDomain {
        &self.installed.shop
    }

    /// Another reconciler of the same shop, in a process of its own.
    pub(crate) fn reconciler(&self) -> Reconciler<Stack> {
        Reconciler::new(self.client("another"), self.stack.clone(), clock_of(&self.sim))
    }

    /// The client of a process of its own.
    pub(crate) fn client(&self, process: &str) -> Client {
        self.shared.client(&self.installed, process, Settings::default())
    }

    /// The world's first moment.
    pub(crate) fn began(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(START).unwrap()
    }

    /// From now on nothing is delivered, or all of it.
    pub(crate) fn lose(&self, is_lost: bool) {
        let lost = if is_lost { 1.0 } else { 0.0 };
        self.sim.set_delivery_faults(DeliveryFaults { lost, ..DeliveryFaults::default() });
    }

    /// Time passes, and the workers with it.
    pub(crate) async fn wait(&self, minutes: u64) {
        for _ in 0..minutes {
            tokio::time::sleep(Duration::from_secs(60)).await;
            self.stack.work(UnixMillis(self.sim.clock().now().0)).await;
        }
    }

    pub(crate) fn now(&self) -> UnixMillis {
        UnixMillis(self.sim.clock().now().0)
    }

    /// All topics since the world began.
    pub(crate) async fn reconcile(&self) -> Report {
        self.reconcile_with(|request| request).await.unwrap()
    }

    pub(crate) async fn reconcile_with(
        &self,
        change: impl FnOnce(Request<'_>) -> Request<'_>,
    ) -> Result<Report, weir_reconcile::RunError> {
        let wanted: Vec<ReconcileTopic> = TOPICS.iter().map(|topic| ReconcileTopic::topic(topic)).collect();
        self.reconciler.run(&change(self.request(&wanted)), &|_| {}).await
    }

    /// The same for other subscriptions.
    pub(crate) async fn reconcile_wanting(&self, wanted: &[ReconcileTopic]) -> Report {
        self.reconciler.run(&self.request(wanted), &|_| {}).await.unwrap()
    }

    pub(crate) fn request<'a>(&'a self, wanted: &'a [ReconcileTopic]) -> Request<'a> {
        Request {
            shop: self.shop(),
            app: "default",
            installed_at: None,
            since: Since::At(UnixMillis(START)),
            until: None,
            grace: weir_reconcile::GRACE,
            wanted,
            dry_run: false,
            points: u64::MAX,
            deadline: tokio::time::Instant::now() + Duration::from_secs(300),
        }
    }

    pub(crate) async fn work(&self) {
        self.stack.work(self.now()).await;
    }
}
