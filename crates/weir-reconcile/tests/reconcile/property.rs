//! Whatever happens in a shop while walks go through it page by page: each event that weir never saw is sent, once, and
//! none that it saw.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use proptest::{prelude::*, sample::Index, test_runner::Config};
use serde_json::Value;
use shopify_sim::Options;
use weir_core::topics::happens_once;
use weir_reconcile::{ReconcileTopic, Reconciler, Request, Since};

use super::{stack::Stack, world::World};

/// Of one merchant, or of the way to weir.
#[derive(Debug, Clone)]
enum Act {
    PlaceOrder,
    PayOrder(Index),
    CancelOrder(Index),
    CreateProduct,
    RenameProduct(Index),
    /// From now on nothing is delivered, or all of it.
    Lose(bool),
}

/// One run of the reconciliation.
#[derive(Debug, Clone)]
struct Walk {
    /// After the one before it.
    after: Duration,
    /// Whether it ends after a page of each kind, so that the next run goes on there.
    is_short: bool,
}

#[derive(Debug, Clone)]
struct Case {
    /// How long each answer of Shopify takes: the time between two pages.
    latency: Duration,
    acts: Vec<(Duration, Act)>,
    walks: Vec<Walk>,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => Just(Act::PlaceOrder),
        2 => any::<Index>().prop_map(Act::PayOrder),
        1 => any::<Index>().prop_map(Act::CancelOrder),
        1 => Just(Act::CreateProduct),
        8 => any::<Index>().prop_map(Act::RenameProduct),
        2 => any::<bool>().prop_map(Act::Lose),
    ]
}

fn seconds(range: std::ops::RangeInclusive<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_secs)
}

fn case() -> impl Strategy<Value = Case> {
    // Changes of one second are another matter: here, each has a second of its own.
    let pause = prop_oneof![3 => seconds(1..=20), 2 => seconds(20..=200), 1 => seconds(200..=1_500)];
    // Some come sooner after one another than they overlap, some much later.
    let after = prop_oneof![seconds(1..=900), seconds(900..=3_600)];
    let walk = (after, any::<bool>()).prop_map(|(after, is_short)| Walk { after, is_short });
    (seconds(0..=12), prop::collection::vec((pause, act()), 10..60), prop::collection::vec(walk, 2..12))
        .prop_map(|(latency, acts, walks)| Case { latency, acts, walks })
}

struct Shop {
    world: World,
    reconciler: Reconciler<Stack>,
    wanted: Vec<ReconcileTopic>,
}

impl Shop {
    fn new(latency: Duration) -> Self {
        let world = World::with(|options| Options { latency, ..options });
        let topics = super::world::TOPICS.iter().filter(|topic| !topic.starts_with("inventory"));
        let reconciler = world.reconciler().with_page_size(2);
        Self { wanted: topics.map(|topic| ReconcileTopic::topic(topic)).collect(), reconciler, world }
    }

    fn act(&self, act: &Act, renamed: usize) {
        let (sim, shop) = (&self.world.sim, self.world.shop());
        // An order is paid and cancelled once.
        let order = |index: &Index, is_open: fn(&Value) -> bool| {
            let mut orders = sim.orders(shop);
            orders.retain(|id| sim.order(shop, *id).as_ref().is_some_and(is_open));
            (!orders.is_empty()).then(|| *index.get(&orders))
        };
        let is_unpaid = |order: &Value| order["financial_status"] != "paid";
        let is_kept = |order: &Value| order["cancelled_at"].is_null();
        match act {
            Act::PlaceOrder => drop(sim.place_orders(shop, 1)),
            Act::PayOrder(index) => order(index, is_unpaid).into_iter().for_each(|id| sim.pay_order(shop, id)),
            Act::CancelOrder(index) => order(index, is_kept).into_iter().for_each(|id| sim.cancel_order(shop, id)),
            Act::CreateProduct => {
                sim.create_product(shop, "New");
            }
            // Mostly one that was made here: it changes again and again.
            Act::RenameProduct(index) => {
                let products = sim.products(shop);
                let newest = &products[products.len().saturating_sub(3)..];
                sim.update_product(shop, *index.get(newest), &renamed.to_string())
            }
            Act::Lose(is_lost) => self.world.lose(*is_lost),
        }
    }

    async fn walk(&self, is_short: bool) -> bool {
        let request = Request {
            since: Since::Cursor,
            points: if is_short { 1 } else { u64::MAX },
            ..self.world.request(&self.wanted)
        };
        self.reconciler.run(&request, &|_| {}).await.unwrap().unfinished.is_none()
    }

    /// Until all is looked at.
    async fn walk_to_the_end(&self) {
        for _ in 0..100 {
            if self.walk(false).await {
                return;
            }
            self.world.work().await;
        }
        panic!("every run comes forward");
    }
}

async fn played(case: &Case) -> World {
    let shop = Shop::new(case.latency);
    let acts = async {
        for (number, (pause, act)) in case.acts.iter().enumerate() {
            tokio::time::sleep(*pause).await;
            shop.act(act, number);
        }
    };
    let walks = async {
        for walk in &case.walks {
            tokio::time::sleep(walk.after).await;
            shop.walk(walk.is_short).await;
        }
    };
    let workers = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            shop.world.work().await;
        }
    };
    tokio::select! {
        _ = async { tokio::join!(acts, walks) } => {}
        () = workers => {}
    }
    for _ in 0..2 {
        shop.world.wait(15).await;
        shop.walk_to_the_end().await;
        shop.world.work().await;
    }
    shop.world
}

/// A body's resource and version.
fn version(topic: &str, body: &[u8]) -> (String, String, String) {
    let body: Value = serde_json::from_slice(body).unwrap();
    (topic.to_owned(), body["id"].to_string(), body["updated_at"].as_str().unwrap().to_owned())
}

fn time(value: &Value) -> jiff::Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

fn check(world: &World) -> Result<(), TestCaseError> {
    let (sim, shop) = (&world.sim, world.shop());
    let mut ran: BTreeMap<(String, u64), usize> = BTreeMap::new();
    let (mut newest, mut delivered) = (BTreeMap::new(), BTreeSet::new());
    for (meta, body) in world.stack.events() {
        let value: Value = serde_json::from_slice(&body).unwrap();
        if meta.topic.as_str().starts_with("inventory") {
            continue;
        }
        let id = value["id"].as_u64().unwrap();
        if happens_once(meta.topic.as_str()) {
            *ran.entry((meta.topic.to_string(), id)).or_default() += 1;
        }
        if meta.synthetic.is_none() {
            delivered.insert(version(meta.topic.as_str(), &body));
        }
        newest.insert(id, value);
    }
    let ran = |topic: &str, id: u64| ran.get(&(topic.to_owned(), id)).copied().unwrap_or_default();
    for id in sim.orders(shop) {
        let body = sim.order(shop, id).unwrap();
        let is_paid = body["financial_status"] == "paid";
        prop_assert_eq!(ran("orders/create", id), 1, "creation of order {}", id);
        prop_assert_eq!(ran("orders/paid", id), usize::from(is_paid), "payment of order {}", id);
        let is_cancelled = !body["cancelled_at"].is_null();
        prop_assert_eq!(ran("orders/cancelled", id), usize::from(is_cancelled), "cancellation of order {}", id);
        for field in ["updated_at", "financial_status", "cancelled_at"] {
            prop_assert_eq!(&newest[&id][field], &body[field], "{} of order {}", field, id);
        }
    }
    for id in sim.products(shop) {
        let body = sim.product(shop, id).unwrap();
        if time(&body["created_at"]) > world.began() {
            prop_assert_eq!(ran("products/create", id), 1, "creation of product {}", id);
        }
        prop_assert!(ran("products/create", id) <= 1, "creations of product {}", id);
        if let Some(newest) = newest.get(&id) {
            prop_assert_eq!(&newest["title"], &body["title"], "title of product {}", id);
        } else {
            prop_assert!(time(&body["updated_at"]) <= world.began(), "changes of product {}", id);
        }
    }
    let seen_once: BTreeSet<(&str, &str)> =
        delivered.iter().filter(|(topic, ..)| happens_once(topic)).map(|(topic, id, _)| (&**topic, &**id)).collect();
    for (meta, body) in world.stack.sent() {
        let sent = version(meta.topic.as_str(), &body);
        prop_assert!(!delivered.contains(&sent), "{:?} was delivered", sent);
        prop_assert!(!seen_once.contains(&(&*sent.0, &*sent.1)), "{:?} was delivered", sent);
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

    #[test]
    fn every_missed_event_is_sent_by_some_walk_and_none_that_was_seen(case in case()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let world = runtime.block_on(played(&case));
        check(&world)?;
    }
}
