//! The formula for costs, against figures that the Admin API answered with.

use serde_json::json;

use crate::support::Bench;

/// Through the simulator, so that it is the document as it was parsed. Actual costs depend on data, and are elsewhere.
async fn check(query: &str, expected: u64) {
    let bench = Bench::new();
    let body = bench.ask(query, json!({ "id": "gid://shopify/Product/1" })).await;
    let cost = body["extensions"]["cost"]["requestedQueryCost"].as_u64();
    assert_eq!(cost, Some(expected), "{query} {body}");
}

#[tokio::test(start_paused = true)]
async fn requested_costs_are_shopifys() {
    for (first, expected) in
        [(0, 2), (1, 3), (2, 3), (3, 4), (5, 5), (10, 6), (20, 7), (50, 9), (100, 11), (200, 12), (250, 13)]
    {
        check(&format!("{{ products(first: {first}) {{ nodes {{ id }} }} }}"), expected).await;
    }
    check("{ shop { name } }", 1).await;
    check("{ productsCount { count } }", 10).await;
    check("{ currentAppInstallation { accessScopes { handle } } }", 2).await;
    check("query($id: ID!) { product(id: $id) { id variants(first: 10) { nodes { id } } } }", 7).await;
    check("query($id: ID!) { nodes(ids: [$id, $id, $id, $id]) { id } }", 1).await;
    check("{ webhookSubscriptions(first: 3) { nodes { id } edges { cursor node { id } } } }", 6).await;
    check("{ productVariants(first: 3) { nodes { id product { id } } } }", 6).await;
    check("{ products(first: 3) { nodes { id variants(first: 2) { nodes { id } } } } }", 10).await;
    check("{ products(first: 5) { nodes { id variants(first: 5) { nodes { id } } } } }", 20).await;
}
