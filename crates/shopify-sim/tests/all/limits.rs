//! Points: what is taken, refused, given back; and REST's bucket.

use std::time::Duration;

use serde_json::{Value, json};
use shopify_sim::{Options, Plan};

use crate::support::{Bench, body};

/// The widest page, and empty.
const EMPTY: &str = "{ products(first: 250, query: \"title:none\") { nodes { id } } }";

fn cost(body: &Value) -> (u64, Option<u64>, i64) {
    let cost = &body["extensions"]["cost"];
    (
        cost["requestedQueryCost"].as_u64().unwrap(),
        cost["actualQueryCost"].as_u64(),
        cost["throttleStatus"]["currentlyAvailable"].as_i64().unwrap(),
    )
}

#[tokio::test(start_paused = true)]
async fn the_requested_cost_is_taken_and_the_rest_given_back() {
    let bench = Bench::new();
    let query = "{ productVariants(first: 50) { nodes { id product { id } } } }";
    let (requested, actual, available) = cost(&bench.ask(query, json!({})).await);
    assert_eq!((requested, actual, available), (16, Some(16), 1_984));
    let few = Bench::seeded(Options::default(), |seed| shopify_sim::ShopSeed { products: 1, ..seed });
    let (requested, actual, available) = cost(&few.ask(query, json!({})).await);
    assert_eq!((requested, actual, available), (16, Some(3), 1_997));
    assert_eq!(cost(&bench.ask(EMPTY, json!({})).await).0, 13);
}

#[tokio::test(start_paused = true)]
async fn an_empty_bucket_throttles_without_running_and_refills_at_the_plans_rate() {
    let bench = Bench::new();
    let mutation = "mutation($id: ID!, $tags: [String!]!) { a: tagsAdd(id: $id, tags: $tags) { node { id } } }";
    let product = format!("gid://shopify/Product/{}", bench.sim.products(&bench.shop)[0]);
    let variables = json!({ "id": product, "tags": ["a"] });
    for _ in 0..200 {
        assert!(bench.ask(mutation, variables.clone()).await.get("errors").is_none());
    }
    let response = bench.reply(mutation, variables.clone()).await.full().unwrap();
    assert_eq!(response.status(), 200);
    let refused = body(&response);
    assert_eq!(refused["errors"][0]["extensions"]["code"], "THROTTLED");
    assert_eq!(refused["errors"][0]["message"], "Throttled");
    assert!(refused.get("data").is_none());
    assert_eq!(cost(&refused), (10, None, 0));
    let last = bench.sim.calls().pop().unwrap();
    assert!(last.throttled && !last.executed);

    tokio::time::advance(Duration::from_millis(100)).await;
    assert!(bench.ask(mutation, variables.clone()).await.get("errors").is_none());

    bench.sim.set_plan(&bench.shop, Plan::Plus);
    tokio::time::advance(Duration::from_secs(20)).await;
    let status = &bench.ask(mutation, variables.clone()).await["extensions"]["cost"]["throttleStatus"];
    assert_eq!(status["maximumAvailable"], 20_000.0);
    assert_eq!(status["restoreRate"], 1_000.0);
    assert_eq!(status["currentlyAvailable"], 19_990);
    bench.sim.set_plan(&bench.shop, Plan::Standard);
    assert_eq!(bench.sim.bucket_level(&bench.shop), Some(2_000.0));
}

#[tokio::test(start_paused = true)]
async fn a_query_above_a_thousand_points_never_runs() {
    let bench = Bench::new();
    let query = "{ products(first: 250) { nodes { id variants(first: 250) { nodes { id inventoryItem { inventoryLevels(first: 250) { nodes { id } } } } } } } }";
    let refused = bench.ask(query, json!({})).await;
    let extensions = &refused["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "MAX_COST_EXCEEDED");
    assert_eq!(extensions["maxCost"], 1_000);
    assert!(refused.get("data").is_none());
    assert_eq!(bench.sim.bucket_level(&bench.shop), Some(2_000.0));
}

#[tokio::test(start_paused = true)]
async fn rest_has_forty_calls_and_two_more_each_second() {
    let bench = Bench::new();
    for used in 1..=40 {
        let response = bench.get("admin/api/2026-10/shop.json").await;
        assert_eq!(response.headers()["x-shopify-shop-api-call-limit"], format!("{used}/40"));
    }
    let refused = bench.get("admin/api/2026-10/orders/count.json").await;
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "2.0"));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(bench.get("admin/api/2026-10/orders/count.json").await.status(), 200);
}
