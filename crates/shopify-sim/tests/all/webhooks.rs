//! The sender: signed, retried, given up.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use shopify_sim::{Attempt, DeliveryFaults, Options, Outlet, Receiver};
use shopify_webhook::{ApiVersion, ClientSecrets, Delivery, RawHeaders, Unverified};

use crate::support::Bench;

/// Answers with a status, and keeps what came.
struct Inbox {
    status: Mutex<StatusCode>,
    got: Mutex<Vec<(Delivery, Value)>>,
}

impl Receiver for Inbox {
    fn receive(&self, request: Request<Bytes>) -> Pin<Box<dyn Future<Output = Result<StatusCode, String>> + Send>> {
        let headers: RawHeaders<'_> =
            request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        let secrets = ClientSecrets::new(vec![SecretString::from("shopify-sim-secret")]).unwrap();
        let verified = Unverified::new(headers, request.body()).verify(&secrets).expect("a good signature");
        let body = serde_json::from_slice(verified.body()).unwrap();
        self.got.lock().unwrap().push((verified.read().unwrap(), body));
        let status = *self.status.lock().unwrap();
        Box::pin(async move { Ok(status) })
    }
}

fn bench(faults: DeliveryFaults, declared: &[&str]) -> (Bench, Arc<Inbox>) {
    let inbox = Arc::new(Inbox { status: Mutex::new(StatusCode::OK), got: Mutex::default() });
    let declared = declared.iter().map(|topic| ((*topic).to_owned(), "https://example.com/hook".to_owned())).collect();
    let outlet = Outlet::Here(Arc::clone(&inbox) as Arc<dyn Receiver>);
    (Bench::with(Options { outlet, declared, delivery_faults: faults, ..Options::default() }), inbox)
}

async fn subscribe(bench: &Bench, topic: &str, input: Value) {
    let text = "mutation($topic: WebhookSubscriptionTopic!, $input: WebhookSubscriptionInput!) { webhookSubscriptionCreate(topic: $topic, webhookSubscription: $input) { webhookSubscription { id } userErrors { message } } }";
    let data = bench.data(text, json!({ "topic": topic, "input": input })).await;
    assert!(data["webhookSubscriptionCreate"]["webhookSubscription"].is_object(), "{data}");
}

#[tokio::test(start_paused = true)]
async fn an_order_is_told_with_the_shops_own_figures() {
    let (bench, inbox) = bench(DeliveryFaults::default(), &["orders/create"]);
    subscribe(
        &bench,
        "ORDERS_CREATE",
        json!({ "uri": "https://example.com/a", "name": "orders", "includeFields": ["id", "updated_at"] }),
    )
    .await;
    let id = bench.sim.place_orders(&bench.shop, 1)[0];
    bench.sim.clock().sleep(Duration::from_secs(1)).await;
    let got = inbox.got.lock().unwrap().clone();
    assert_eq!(got.len(), 2);
    let (first, second) = (&got[0], &got[1]);
    assert_eq!(first.0.event_id, second.0.event_id);
    assert_ne!(first.0.webhook_id, second.0.webhook_id);
    assert_eq!(first.0.api_version, ApiVersion::parse("2026-10"));
    let small = got.iter().find(|(delivery, _)| delivery.subscription.as_deref() == Some("orders")).unwrap();
    assert_eq!(small.1.as_object().unwrap().len(), 2);
    let whole = got.iter().find(|(delivery, _)| delivery.subscription.is_none()).unwrap();
    assert_eq!(whole.1["id"].as_u64(), Some(id));
    let order = bench
        .data(
            "query($id: ID!) { order(id: $id) { name updatedAt currentTotalPriceSet { shopMoney { amount } } } }",
            json!({ "id": format!("gid://shopify/Order/{id}") }),
        )
        .await;
    assert_eq!(whole.1["name"], order["order"]["name"]);
    assert_eq!(whole.1["updated_at"], order["order"]["updatedAt"]);
    assert_eq!(whole.1["total_price"], order["order"]["currentTotalPriceSet"]["shopMoney"]["amount"]);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_never_works_costs_the_subscription_but_not_the_declared_one() {
    let (bench, inbox) = bench(DeliveryFaults::default(), &["orders/create"]);
    *inbox.status.lock().unwrap() = StatusCode::SERVICE_UNAVAILABLE;
    subscribe(&bench, "ORDERS_CREATE", json!({ "uri": "https://example.com/a" })).await;
    let start = bench.sim.clock().now();
    bench.sim.place_orders(&bench.shop, 1);
    bench.sim.clock().sleep(Duration::from_secs(5 * 3_600)).await;
    let attempts = bench.sim.deliveries();
    assert_eq!(attempts.len(), 18);
    assert!(attempts.iter().all(|one| one.outcome == Attempt::Refused(503)));
    let last = attempts.iter().map(|one| one.at).max().unwrap();
    assert!((4.0 - last.since(start).as_secs_f64() / 3_600.0).abs() < 0.01);
    assert!(bench.sim.subscriptions(&bench.shop).is_empty());
    *inbox.status.lock().unwrap() = StatusCode::OK;
    bench.sim.place_orders(&bench.shop, 1);
    bench.sim.clock().sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.sim.deliveries().len(), 19);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_comes_back_keeps_its_subscription() {
    let (bench, inbox) = bench(DeliveryFaults::default(), &[]);
    *inbox.status.lock().unwrap() = StatusCode::SERVICE_UNAVAILABLE;
    subscribe(&bench, "ORDERS_CREATE", json!({ "uri": "https://example.com/a" })).await;
    bench.sim.place_orders(&bench.shop, 1);
    bench.sim.clock().sleep(Duration::from_secs(600)).await;
    *inbox.status.lock().unwrap() = StatusCode::OK;
    bench.sim.clock().sleep(Duration::from_secs(5 * 3_600)).await;
    let attempts = bench.sim.deliveries();
    assert_eq!(attempts.last().unwrap().outcome, Attempt::Delivered(200));
    assert_eq!(attempts.len(), 5);
    assert!(attempts.iter().all(|one| one.webhook_id == attempts[0].webhook_id));
    assert_eq!(bench.sim.subscriptions(&bench.shop).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn faults_happen_at_their_rates_and_the_same_for_a_seed() {
    let run = async || {
        let faults = DeliveryFaults { duplicate: 0.2, lost: 0.3, late: 0.2, ..DeliveryFaults::default() };
        let (bench, _) = bench(faults, &["orders/create"]);
        bench.sim.place_orders(&bench.shop, 200);
        bench.sim.clock().sleep(Duration::from_secs(2 * 3_600)).await;
        let all = bench.sim.deliveries();
        let lost = all.iter().filter(|one| one.outcome == Attempt::Lost).count();
        let delivered: Vec<_> = all.iter().filter(|one| one.outcome == Attempt::Delivered(200)).collect();
        let mut ids: Vec<_> = delivered.iter().map(|one| one.webhook_id.clone()).collect();
        ids.sort();
        ids.dedup();
        (lost, delivered.len(), ids.len())
    };
    let (lost, delivered, distinct) = run().await;
    assert!((30..90).contains(&lost), "{lost}");
    assert_eq!(lost + distinct, 200);
    assert!(delivered > distinct);
    assert_eq!(run().await, (lost, delivered, distinct));
}

#[tokio::test(start_paused = true)]
async fn a_filter_on_an_unknown_field_silences_and_an_uninstall_is_told() {
    let (bench, inbox) = bench(DeliveryFaults::default(), &[]);
    subscribe(&bench, "PRODUCTS_UPDATE", json!({ "uri": "https://example.com/a", "filter": "no_such_field:1" })).await;
    subscribe(&bench, "APP_UNINSTALLED", json!({ "uri": "https://example.com/b" })).await;
    bench.sim.update_product(&bench.shop, bench.sim.products(&bench.shop)[0], "New");
    bench.sim.uninstall(&bench.shop);
    bench.sim.clock().sleep(Duration::from_secs(1)).await;
    let topics: Vec<String> =
        inbox.got.lock().unwrap().iter().map(|(delivery, _)| delivery.topic.as_str().to_owned()).collect();
    assert_eq!(topics, ["app/uninstalled"]);
}

#[tokio::test(start_paused = true)]
async fn a_finished_bulk_operation_is_told_without_a_url() {
    let (bench, inbox) = bench(DeliveryFaults::default(), &["bulk_operations/finish"]);
    let run = "mutation { bulkOperationRunQuery(query: \"{ products { edges { node { id } } } }\", groupObjects: false) { bulkOperation { id } } }";
    let data = bench.data(run, json!({})).await;
    bench.sim.clock().sleep(Duration::from_secs(60)).await;
    let got = inbox.got.lock().unwrap();
    assert_eq!(got[0].1["admin_graphql_api_id"], data["bulkOperationRunQuery"]["bulkOperation"]["id"]);
    assert_eq!(got[0].1["status"], "completed");
    assert!(got[0].1.get("url").is_none());
}

#[tokio::test(start_paused = true)]
async fn an_address_is_taken_once_a_topic_and_lists_can_be_narrowed() {
    let (bench, _) = bench(DeliveryFaults::default(), &[]);
    subscribe(&bench, "ORDERS_CREATE", json!({ "uri": "https://example.com/a" })).await;
    subscribe(&bench, "ORDERS_PAID", json!({ "uri": "https://example.com/a" })).await;
    let again = "mutation { webhookSubscriptionCreate(topic: ORDERS_PAID, webhookSubscription: { uri: \"https://example.com/a\" }) { webhookSubscription { id } userErrors { field message } } }";
    let data = bench.data(again, json!({})).await;
    let error = &data["webhookSubscriptionCreate"]["userErrors"][0];
    assert_eq!(error["message"], "Address for this topic has already been taken");
    assert_eq!(error["field"], json!(["webhookSubscription", "callbackUrl"]));
    let list = "query($topics: [WebhookSubscriptionTopic!], $uri: String) { webhookSubscriptions(first: 5, topics: $topics, uri: $uri) { nodes { topic } } }";
    for (topics, uri, count) in [
        (json!(["ORDERS_PAID"]), Value::Null, 1),
        (Value::Null, json!("https://example.com/a"), 2),
        (Value::Null, json!("https://example.com/b"), 0),
    ] {
        let data = bench.data(list, json!({ "topics": topics, "uri": uri })).await;
        assert_eq!(data["webhookSubscriptions"]["nodes"].as_array().unwrap().len(), count);
    }
}

/// Sends a mutation of subscriptions; its payload.
async fn send(bench: &Bench, mutation: &str, kind: &str, variables: Value) -> Value {
    let create = mutation.ends_with("Create");
    let (declared, given) = match create {
        true => ("$topic: WebhookSubscriptionTopic!", "topic: $topic"),
        false => ("$id: ID!", "id: $id"),
    };
    let text = format!(
        "mutation({declared}, $input: {kind}!) {{ {mutation}({given}, webhookSubscription: $input) {{ webhookSubscription {{ id uri callbackUrl name format filter metafieldNamespaces metafields {{ namespace key }} endpoint {{ __typename }} }} userErrors {{ field message }} }} }}"
    );
    bench.data(&text, variables).await[mutation].take()
}

async fn create(bench: &Bench, topic: &str, input: Value) -> Value {
    let variables = json!({ "topic": topic, "input": input });
    send(bench, "webhookSubscriptionCreate", "WebhookSubscriptionInput", variables).await
}

async fn update(bench: &Bench, made: &Value, input: Value) -> Value {
    let variables = json!({ "id": made["webhookSubscription"]["id"], "input": input });
    send(bench, "webhookSubscriptionUpdate", "WebhookSubscriptionInput", variables).await
}

fn message(payload: &Value) -> &str {
    payload["userErrors"][0]["message"].as_str().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn update_is_held_to_the_rules_of_creation_and_changes_nothing_if_refused() {
    let (bench, _) = bench(DeliveryFaults::default(), &[]);
    let one = create(&bench, "ORDERS_CREATE", json!({ "uri": "https://example.com/a", "name": "One" })).await;
    let two = create(&bench, "ORDERS_CREATE", json!({ "uri": "https://example.com/b", "filter": "id:1" })).await;
    for (input, said) in [
        (json!({ "name": "oNE" }), "Name already exists, no duplicate allowed"),
        (
            json!({ "name": "a b" }),
            "Name name field can only contain alphanumeric characters, underscores, and hyphens",
        ),
        (json!({ "uri": "" }), "Address can't be blank"),
        (json!({ "uri": "ftp://example.com" }), "Address protocol ftp:// is not supported"),
        (json!({ "uri": "https://example.com/a", "filter": "" }), "Address for this topic has already been taken"),
        (
            json!({ "filter": "paid" }),
            "The specified filter is invalid, please ensure you specify the field(s) you wish to filter on.",
        ),
        (json!({ "uri": "pubsub://my-project:topic", "format": "XML" }), "Format can only be used with format: 'json'"),
    ] {
        assert_eq!(message(&update(&bench, &two, input.clone()).await), said, "{input}");
    }
    // Its own name and address are no duplicates, and what is left out stays.
    let same = update(&bench, &one, json!({ "name": "ONE", "uri": " https://example.com/a " })).await;
    assert_eq!(same["userErrors"], json!([]));
    let kept = update(&bench, &two, json!({ "includeFields": ["id"] })).await;
    assert_eq!(
        (&kept["webhookSubscription"]["uri"], &kept["webhookSubscription"]["filter"]),
        (&json!("https://example.com/b"), &json!("id:1"))
    );
}

#[tokio::test(start_paused = true)]
async fn address_is_trimmed_and_the_apps_namespace_written_out() {
    let (bench, _) = bench(DeliveryFaults::default(), &[]);
    let input = json!({ "uri": "  https://example.com/a\n", "metafieldNamespaces": ["$app:Tax", "$app", "custom", "$apple"],
        "metafields": [{ "namespace": "$app:Tax", "key": "rate" }] });
    let made = create(&bench, "ORDERS_CREATE", input).await;
    let made = &made["webhookSubscription"];
    let id = Options::default().api_client_id;
    assert_eq!(made["uri"], "https://example.com/a");
    let expected = json!([format!("app--{id}--Tax"), format!("app--{id}"), "custom", "$apple"]);
    assert_eq!(made["metafieldNamespaces"], expected);
    assert_eq!(made["metafields"], json!([{ "namespace": format!("app--{id}--Tax"), "key": "rate" }]));
    assert_eq!(message(&create(&bench, "ORDERS_CREATE", json!({ "uri": " \n" })).await), "Address can't be blank");
    // To Shopify, the same in another format is another subscription.
    let xml = create(&bench, "ORDERS_CREATE", json!({ "uri": "https://example.com/a", "format": "XML" })).await;
    assert_eq!(xml["userErrors"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn clouds_can_be_named_by_uri_and_by_the_older_mutations() {
    let (bench, _) = bench(DeliveryFaults::default(), &[]);
    let id = Options::default().api_client_id;
    let arn = format!("arn:aws:events:eu-central-1::event-source/aws.partner/shopify.com/{id}/weir");
    for (uri, kind) in
        [(arn.as_str(), "WebhookEventBridgeEndpoint"), ("pubsub://my-project:orders", "WebhookPubSubEndpoint")]
    {
        let made = create(&bench, "ORDERS_CREATE", json!({ "uri": uri })).await;
        assert_eq!(made["webhookSubscription"]["endpoint"]["__typename"], kind, "{made}");
        assert_eq!(made["webhookSubscription"]["callbackUrl"], "https://eventbridge.arn");
    }
    let pubsub = json!({ "pubSubProject": "my-project", "pubSubTopic": "paid" });
    let variables = json!({ "topic": "ORDERS_PAID", "input": pubsub });
    let made = send(&bench, "pubSubWebhookSubscriptionCreate", "PubSubWebhookSubscriptionInput", variables).await;
    assert_eq!(made["webhookSubscription"]["uri"], "pubsub://my-project:paid");
    let bad = json!({ "id": made["webhookSubscription"]["id"], "input": { "pubSubProject": "-bad", "pubSubTopic": "1topic" } });
    let refused = send(&bench, "pubSubWebhookSubscriptionUpdate", "PubSubWebhookSubscriptionInput", bad).await;
    let fields: Vec<&Value> = refused["userErrors"].as_array().unwrap().iter().map(|one| &one["field"][1]).collect();
    assert_eq!(fields, ["pubSubProject", "pubSubTopic"]);
    let other = json!({ "topic": "ORDERS_PAID", "input": { "arn": arn.replace(&id.to_string(), "1") } });
    let refused =
        send(&bench, "eventBridgeWebhookSubscriptionCreate", "EventBridgeWebhookSubscriptionInput", other).await;
    assert_eq!(refused["userErrors"][1]["field"], json!(["webhookSubscription", "arn"]));
    let good = json!({ "topic": "ORDERS_PAID", "input": { "arn": arn } });
    let made = send(&bench, "eventBridgeWebhookSubscriptionCreate", "EventBridgeWebhookSubscriptionInput", good).await;
    assert_eq!(made["webhookSubscription"]["uri"], arn);
}
