//! Shared stock on the local emulator: three shops sell the same goods, and end with the same numbers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use resilience::{Clock, UnixMillis};
use secrecy::ExposeSecret;
use serde_json::Value;
use shopify_sim::{Act, DeliveryFaults, Installed, Options, Rule, Serving, ShopSeed, Sim};
use shopify_webhook::ShopDomain;
use tokio::net::TcpListener;
use weir_ops::{Stack, StackLocation};
use weir_shops::{
    Registry,
    registry::{NewShop, NewToken},
    seal::KeyRing,
};
use weir_stock::{
    LevelKey, Pool, Reading,
    pool::Draft,
    store::{DynamoStore, PoolStore},
};
use weir_tests::{World, eventually};

const APP: &str = "default";
const SKUS: u32 = 20;
const INITIAL: i64 = 1_000;
const SHOPS: [&str; 3] = ["north", "south", "west"];
const TOPICS: [&str; 5] =
    ["orders/create", "orders/updated", "orders/paid", "orders/cancelled", "inventory_levels/update"];

/// A stack with shared stock, and three shops.
struct Setting {
    world: World,
    stack: Stack,
    sim: Sim,
    shops: Vec<ShopDomain>,
    store: DynamoStore,
    _serving: Serving,
}

impl Setting {
    async fn new(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let parameters = [("LocalShopifyUrl", url.as_str()), ("StockSweepMinutes", "1"), ("OrderDays", "30")];
        let world = World::with(name, &parameters).await;
        let deployed = &world.deployed;
        let options = Options {
            client_secret: deployed.client_secret.clone(),
            declared: TOPICS.map(|topic| (topic.to_owned(), deployed.webhook_url.clone())).into(),
            ..Options::default()
        };
        let sim = Sim::new(shopify_sim::Clock::new(UnixMillis::now().0, 1.0), options);
        let serving = sim.serve(listener).await.unwrap();
        let location = StackLocation::emulated(&deployed.stack_name, &deployed.region, &deployed.endpoint, None);
        let stack = Stack::describe(location).await.unwrap();
        let store = DynamoStore::new(&world.aws, stack.output("StockTable").unwrap().to_owned(), Clock::Wall);
        let mut setting = Self { world, stack, sim, shops: Vec::new(), store, _serving: serving };
        for shop in SHOPS {
            setting.add_shop(shop).await;
        }
        setting.declare().await;
        setting
    }

    async fn add_shop(&mut self, name: &str) {
        let domain = ShopDomain::parse(&format!("{name}.myshopify.com")).unwrap();
        let seed = ShopSeed { products: SKUS, variants_per_product: 1, locations: 1, ..ShopSeed::new(domain) };
        let installed = self.sim.install(seed);
        if self.shops.is_empty() {
            self.introduce_the_app(&installed).await;
        }
        let deployed = &self.world.deployed;
        let registry = Registry::new(&self.world.aws, deployed.shops_table.clone());
        let keys = KeyRing::load(&self.world.aws, deployed.token_key_id.clone()).await.unwrap().keys();
        let token = Some(NewToken::Offline(installed.access_token));
        let shop = NewShop { domain: installed.shop.clone(), app: APP.to_owned(), plan: None, tier: None, token };
        registry.add(shop, &keys, false, UnixMillis::now()).await.unwrap();
        self.shops.push(installed.shop);
    }

    async fn introduce_the_app(&self, installed: &Installed) {
        let deployed = &self.world.deployed;
        let secret = deployed.client_secret.expose_secret();
        let secret = serde_json::json!({ "client_id": installed.client_id, "client_secrets": [secret] }).to_string();
        let client = aws_sdk_secretsmanager::Client::new(&self.world.aws);
        let put = client.put_secret_value().secret_id(format!("{}/{APP}", deployed.secret_prefix));
        put.secret_string(secret).send().await.unwrap();
    }

    /// The items of a shop by their SKUs, and its location.
    fn goods(&self, shop: &ShopDomain) -> (BTreeMap<String, u64>, u64) {
        let products = self.sim.products(shop).into_iter().filter_map(|id| self.sim.product(shop, id));
        let variants = products.flat_map(|product| product["variants"].as_array().cloned().unwrap_or_default());
        let items = variants.filter_map(|variant| {
            let sku = variant["sku"].as_str().filter(|sku| !sku.is_empty())?.to_owned();
            Some((sku, variant["inventory_item_id"].as_u64()?))
        });
        (items.collect(), self.sim.inventory(shop).1[0])
    }

    /// A pool for each SKU that all shops have, with the same number everywhere.
    async fn declare(&self) {
        let goods: Vec<_> = self.shops.iter().map(|shop| (shop, self.goods(shop))).collect();
        for sku in goods[0].1.0.keys() {
            let mut drafts = Vec::new();
            for (shop, (items, location)) in &goods {
                let Some(item) = items.get(sku) else { continue };
                let level = LevelKey { shop: (*shop).clone(), item: *item, location: *location };
                self.sim.set_available(shop, level.item, level.location, INITIAL);
                let updated_s = self.sim.clock().now().0.div_euclid(1000);
                let reading = Some(Reading { available: INITIAL, updated_s });
                drafts.push(Draft { level, app: APP.to_owned(), buffer: 0, reading });
            }
            let levels: Vec<LevelKey> = drafts.iter().map(|draft| draft.level.clone()).collect();
            let pool = Pool::declare(sku.clone(), Some(INITIAL), drafts, UnixMillis::now()).unwrap();
            self.store.save(&pool, 0, &[], &[]).await.unwrap();
            self.store.assign(&levels, Some(sku)).await.unwrap();
        }
    }

    /// Units that all shops sold, by SKU, as Shopify's orders have it.
    fn sold(&self) -> BTreeMap<String, i64> {
        let mut sold: BTreeMap<String, i64> = BTreeMap::new();
        for shop in &self.shops {
            for order in self.sim.orders(shop).into_iter().filter_map(|id| self.sim.order(shop, id)) {
                for line in order["line_items"].as_array().into_iter().flatten() {
                    let sku = line["sku"].as_str().unwrap_or_default().to_owned();
                    *sold.entry(sku).or_default() += line["quantity"].as_i64().unwrap_or(0);
                }
            }
        }
        sold
    }

    /// Messages in the dead-letter queues.
    async fn dead_letters(&self) -> Vec<Value> {
        let mut letters = Vec::new();
        for queue in ["StockQueueUrl", "OrdersQueueUrl"] {
            letters.extend(self.world.take(&format!("{}-dlq", self.stack.output(queue).unwrap())).await);
        }
        letters
    }
}

#[tokio::test]
async fn three_shops_that_sell_the_same_goods_end_with_the_same_numbers() {
    let setting = Setting::new("stock").await;
    let before = setting.sold();
    setting.sim.set_delivery_faults(DeliveryFaults { duplicate: 0.1, reorder: 0.1, ..DeliveryFaults::default() });
    for round in 0..30 {
        if round == 5 {
            // South can't be set for a while: its pushes wait, and nobody else's do.
            let throttled =
                Rule::new(Act::Throttled).at(setting.shops[1].as_str()).on("InventorySetQuantities").times(u32::MAX);
            setting.sim.script(throttled);
        }
        for shop in &setting.shops {
            let orders = setting.sim.place_orders(shop, 3);
            if round % 7 == 0 {
                setting.sim.cancel_order(shop, orders[0]);
            }
        }
        tokio::task::yield_now().await;
    }
    let sold = setting.sold();
    let units = |sku: &String| sold.get(sku).unwrap_or(&0) - before.get(sku).unwrap_or(&0);
    // North has what south and west sold, while south is throttled.
    let (items, location) = setting.goods(&setting.shops[0]);
    eventually("north to have everybody's sales", async || {
        let has = |(sku, item): (&String, &u64)| {
            setting.sim.available(&setting.shops[0], *item, location) == Some(INITIAL - units(sku))
        };
        items.iter().all(has).then_some(())
    })
    .await;
    setting.sim.clear_script();
    eventually("all shops and pools to have the same numbers", async || {
        let pools = setting.store.list().await.unwrap();
        let is_right = |pool: &Pool| {
            let expected = INITIAL - units(&pool.sku);
            let there = |level: &LevelKey| setting.sim.available(&level.shop, level.item, level.location);
            pool.available == expected
                && pool.members.iter().all(|one| one.intent.is_none() && there(&one.level) == Some(expected))
        };
        pools.iter().all(|found| is_right(&found.pool)).then_some(())
    })
    .await;

    // Each change has its event. A repeat, after a call that timed out, has the same id.
    let mut events = BTreeSet::new();
    eventually("the events of all changes", async || {
        for entry in setting.world.take(&setting.world.deployed.tap_queue_url).await {
            if entry["source"] == "weir.inventory" {
                events.insert(entry["detail"]["id"].as_str().unwrap_or_default().to_owned());
            }
        }
        let pools = setting.store.list().await.unwrap();
        let ids = pools
            .iter()
            .flat_map(|found| (0..found.pool.next_entry).map(|number| format!("{}/{number}", found.pool.sku)));
        (events == ids.collect::<BTreeSet<_>>()).then_some(())
    })
    .await;
    assert_eq!(setting.dead_letters().await, Vec::<Value>::new());
    setting.world.end().await;
}
