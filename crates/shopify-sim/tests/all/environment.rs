//! What Shopify does beside answering: its clock, its duplicates, its own keys, and changes while somebody reads.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use shopify_sim::{Act, Change, DeliveryFaults, Options, Outlet, Receiver, Rule};
use shopify_webhook::sign;

use crate::support::{Bench, body};

/// Keeps what arrives, as it arrived.
#[derive(Default)]
struct Inbox(Mutex<Vec<Request<Bytes>>>);

impl Receiver for Inbox {
    fn receive(
        &self,
        request: Request<Bytes>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<StatusCode, String>> + Send>> {
        self.0.lock().unwrap().push(request);
        Box::pin(async { Ok(StatusCode::OK) })
    }
}

impl Inbox {
    fn headers(&self, name: &str) -> Vec<String> {
        let all = self.0.lock().unwrap();
        all.iter().map(|one| one.headers().get(name).map_or("-", |value| value.to_str().unwrap()).to_owned()).collect()
    }

    fn bodies(&self) -> Vec<Value> {
        self.0.lock().unwrap().iter().map(|one| serde_json::from_slice(one.body()).unwrap()).collect()
    }

    /// Whether each delivery is signed with this key.
    fn signed_with(&self, key: &SecretString) -> Vec<bool> {
        let all = self.0.lock().unwrap();
        all.iter().map(|one| one.headers()["x-shopify-hmac-sha256"] == sign(one.body(), key)).collect()
    }
}

fn bench(declared: &[&str]) -> (Bench, Arc<Inbox>) {
    let inbox = Arc::new(Inbox::default());
    let declared = declared.iter().map(|topic| ((*topic).to_owned(), "https://example.com/hook".to_owned())).collect();
    let outlet = Outlet::Here(Arc::clone(&inbox) as Arc<dyn Receiver>);
    (Bench::with(Options { outlet, declared, ..Options::default() }), inbox)
}

async fn settle(bench: &Bench) {
    bench.sim.clock().sleep(Duration::from_secs(1)).await;
}

fn app() -> SecretString {
    Options::default().client_secret
}

#[tokio::test(start_paused = true)]
async fn states_of_one_second_share_updated_at_and_differ_in_when_they_were_triggered() {
    let (bench, inbox) = bench(&["products/update"]);
    let product = bench.sim.products(&bench.shop)[0];
    for title in ["one", "two", "three"] {
        bench.sim.update_product(&bench.shop, product, title);
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    settle(&bench).await;
    let bodies = inbox.bodies();
    let updated: BTreeSet<&str> = bodies.iter().map(|one| one["updated_at"].as_str().unwrap()).collect();
    assert_eq!(updated.len(), 1, "{updated:?}");
    assert!(updated.iter().all(|time| time.len() == "2026-09-21T14:13:20Z".len()), "{updated:?}");
    let triggered = inbox.headers("x-shopify-triggered-at");
    assert!(triggered.windows(2).all(|pair| pair[0] < pair[1]), "{triggered:?}");
    assert!(triggered.iter().all(|time| time.len() == "2026-09-21T14:13:20.123456789Z".len()), "{triggered:?}");
    // The API and its search know no fractions either.
    let ask = "query($id: ID!, $query: String!) { product(id: $id) { updatedAt } products(first: 5, query: $query, sortKey: UPDATED_AT, reverse: true) { nodes { id } } }";
    let id = format!("gid://shopify/Product/{product}");
    let time = updated.first().unwrap();
    let data =
        bench.data(ask, json!({ "id": id, "query": format!("updated_at:<='{time}' updated_at:>='{time}'") })).await;
    assert_eq!(data["product"]["updatedAt"], **time);
    assert_eq!(data["products"]["nodes"][0]["id"], id);
}

#[tokio::test(start_paused = true)]
async fn event_id_is_shared_by_one_action_only() {
    let (bench, inbox) = bench(&["orders/paid", "orders/updated", "inventory_levels/update"]);
    let orders = bench.sim.place_orders(&bench.shop, 1);
    settle(&bench).await;
    inbox.0.lock().unwrap().clear();
    bench.sim.pay_order(&bench.shop, orders[0]);
    settle(&bench).await;
    let first: BTreeSet<String> = inbox.headers("x-shopify-event-id").into_iter().collect();
    assert_eq!((inbox.headers("x-shopify-topic").len(), first.len()), (2, 1));
    inbox.0.lock().unwrap().clear();
    bench.sim.place_orders(&bench.shop, 2);
    settle(&bench).await;
    let two: BTreeSet<String> = inbox.headers("x-shopify-event-id").into_iter().collect();
    assert_eq!(two.len(), 2);
    let ids: BTreeSet<String> = inbox.headers("x-shopify-webhook-id").into_iter().collect();
    assert_eq!(ids.len(), inbox.headers("x-shopify-topic").len());
}

#[tokio::test(start_paused = true)]
async fn one_event_can_come_under_two_webhook_ids() {
    let (bench, inbox) = bench(&["products/update"]);
    bench.sim.set_delivery_faults(DeliveryFaults { second_id: 1.0, ..DeliveryFaults::default() });
    bench.sim.update_product(&bench.shop, bench.sim.products(&bench.shop)[0], "New");
    settle(&bench).await;
    let bodies = inbox.bodies();
    assert_eq!((bodies.len(), &bodies[0]), (2, &bodies[1]));
    for (header, distinct) in [("x-shopify-event-id", 1), ("x-shopify-triggered-at", 1), ("x-shopify-webhook-id", 2)] {
        let values: BTreeSet<String> = inbox.headers(header).into_iter().collect();
        assert_eq!(values.len(), distinct, "{header}");
    }
}

#[tokio::test(start_paused = true)]
async fn test_notification_says_so_and_is_signed_with_the_shops_own_key() {
    let (bench, inbox) = bench(&["orders/create"]);
    assert_eq!(bench.sim.send_test_notification(&bench.shop, "orders/paid"), 0);
    assert_eq!(bench.sim.send_test_notification(&bench.shop, "orders/create"), 1);
    settle(&bench).await;
    let key = bench.sim.admin_webhook(&bench.shop, "orders/paid", "https://example.com/admin").unwrap();
    assert_eq!(inbox.headers("x-shopify-test"), ["true"]);
    assert_eq!((inbox.signed_with(&key), inbox.signed_with(&app())), (vec![true], vec![false]));
    // An order of the shop is no test.
    bench.sim.place_orders(&bench.shop, 1);
    settle(&bench).await;
    assert_eq!(inbox.headers("x-shopify-test"), ["true", "-"]);
    assert_eq!(inbox.signed_with(&app()), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn webhook_of_the_admin_is_signed_with_the_shops_key_and_listed_nowhere() {
    let (bench, inbox) = bench(&[]);
    let key = bench.sim.admin_webhook(&bench.shop, "orders/create", "https://example.com/admin").unwrap();
    bench.sim.place_orders(&bench.shop, 1);
    settle(&bench).await;
    assert_eq!(inbox.signed_with(&key), [true]);
    assert_eq!(inbox.headers("x-shopify-test"), ["-"]);
    let data = bench.data("{ webhookSubscriptions(first: 5) { nodes { id } } }", json!({})).await;
    assert_eq!(data["webhookSubscriptions"]["nodes"], json!([]));
    assert_ne!(key.expose_secret(), app().expose_secret());
}

#[tokio::test(start_paused = true)]
async fn compliance_request_can_come_without_the_header_that_names_the_shop() {
    let (bench, inbox) = bench(&["customers/redact", "shop/redact", "customers/data_request"]);
    assert!(!bench.sim.request_compliance(&bench.shop, "orders/create", true));
    for (topic, named) in [("customers/redact", false), ("shop/redact", true), ("customers/data_request", false)] {
        assert!(bench.sim.request_compliance(&bench.shop, topic, named));
    }
    settle(&bench).await;
    assert_eq!(inbox.headers("x-shopify-shop-domain"), ["-", bench.shop.as_str(), "-"]);
    assert!(inbox.bodies().iter().all(|one| one["shop_domain"] == bench.shop.as_str()));
    assert_eq!(inbox.signed_with(&app()), [true; 3]);
}

const PAGE: &str = "query Page($after: String) { products(first: 2, after: $after, sortKey: UPDATED_AT) { nodes { title } pageInfo { endCursor } } }";

async fn walk(bench: &Bench) -> Vec<Vec<String>> {
    let (mut pages, mut after) = (Vec::new(), Value::Null);
    for _ in 0..2 {
        let data = bench.data(PAGE, json!({ "after": after })).await;
        let titles = data["products"]["nodes"].as_array().unwrap().iter();
        pages.push(titles.map(|one| one["title"].as_str().unwrap().to_owned()).collect());
        after = data["products"]["pageInfo"]["endCursor"].clone();
    }
    pages
}

#[tokio::test(start_paused = true)]
async fn shop_can_change_between_the_pages_of_a_walk() {
    let (bench, _) = bench(&[]);
    let before = walk(&bench).await;
    // The product that the second page begins with is changed after the first: it goes to the end.
    let moving = before[1][0].clone();
    let ids = bench.sim.products(&bench.shop);
    let title = "query($id: ID!) { product(id: $id) { title } }";
    let mut moved = 0;
    for id in ids {
        let data = bench.data(title, json!({ "id": format!("gid://shopify/Product/{id}") })).await;
        if data["product"]["title"] == moving {
            moved = id;
        }
    }
    let shop = bench.shop.clone();
    bench.sim.after_calls("Page", 1, move |sim| sim.update_product(&shop, moved, "Moved"));
    let pages = walk(&bench).await;
    assert_eq!(pages[0], before[0]);
    assert!(!pages[1].contains(&moving) && !pages[1].contains(&"Moved".to_owned()), "{pages:?}");
    // It happens once.
    assert_eq!(walk(&bench).await[1], pages[1]);
}

#[tokio::test(start_paused = true)]
async fn rule_changes_the_shop_before_the_answer_arrives() {
    let (bench, inbox) = bench(&["orders/create", "inventory_levels/update", "products/update", "orders/updated"]);
    for (change, topic) in [
        (Change::PlaceOrders(1), "orders/create"),
        (Change::UpdateOrders(1), "orders/updated"),
        (Change::UpdateProducts(2), "products/update"),
        (Change::SellInventory(1), "inventory_levels/update"),
    ] {
        inbox.0.lock().unwrap().clear();
        bench.sim.script(Rule::new(Act::Meanwhile(change)).on("Page").times(1));
        bench.data(PAGE, json!({})).await;
        bench.data(PAGE, json!({})).await;
        settle(&bench).await;
        assert!(inbox.headers("x-shopify-topic").contains(&topic.to_owned()), "{topic}");
    }
    assert_eq!(inbox.headers("x-shopify-topic").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn controls_do_what_the_library_does() {
    let (bench, inbox) = bench(&["orders/create", "customers/redact"]);
    let post = async |command: &str, given: Value| {
        let request = Request::post(format!("/_sim/{command}")).body(given.to_string().into()).unwrap();
        let response = bench.sim.respond(request).await.full().unwrap();
        (response.status().as_u16(), body(&response))
    };
    let shop = bench.shop.as_str();
    assert_eq!(post("delivery-faults", json!({ "second_id": 1.0 })).await.0, 200);
    assert_eq!(post("delivery-faults", json!({ "lost": 2 })).await.0, 400);
    assert_eq!(post("change", json!({ "shop": shop, "change": { "place_orders": 1 } })).await.0, 200);
    assert_eq!(post("change", json!({ "shop": shop, "change": "all" })).await.0, 400);
    settle(&bench).await;
    assert_eq!(inbox.headers("x-shopify-topic").len(), 2);
    assert_eq!(post("test-notification", json!({ "shop": shop, "topic": "orders/create" })).await.1["deliveries"], 1);
    let (_, made) = post("admin-webhook", json!({ "shop": shop, "topic": "a/b", "uri": "https://example.com" })).await;
    assert!(made["signing_key"].as_str().unwrap().len() >= 32);
    assert_eq!(post("admin-webhook", json!({ "shop": shop })).await.0, 400);
    let redact = |topic: &str| json!({ "shop": shop, "topic": topic, "shop_header": false });
    assert_eq!(post("compliance", redact("customers/redact")).await.0, 200);
    assert_eq!(post("compliance", redact("orders/create")).await.0, 400);
    let rule = json!({ "operation": "Page", "count": 1, "act": { "meanwhile": { "update_products": 1 } } });
    assert_eq!(post("rule", rule).await.0, 200);
    settle(&bench).await;
    assert!(inbox.headers("x-shopify-shop-domain").contains(&"-".to_owned()));
}
