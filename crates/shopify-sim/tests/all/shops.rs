//! Tokens, scopes, status, versions, pages.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shopify_sim::{Options, ShopSeed, TokenStyle};

use crate::support::{Bench, body, domain};

async fn status(bench: &Bench) -> u16 {
    bench.reply("{ shop { id } }", json!({})).await.status().unwrap().as_u16()
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_refused_and_its_refresh_token_brings_another() {
    let bench = Bench::with(Options { tokens: TokenStyle::Expiring, ..Options::default() });
    assert_eq!(status(&bench).await, 200);
    tokio::time::advance(Duration::from_secs(3_600)).await;
    let refused = bench.reply("{ shop { id } }", json!({})).await.full().unwrap();
    assert_eq!(refused.status(), 401);
    let words = "[API] Invalid API key or access token (unrecognized login or wrong password)";
    assert_eq!(body(&refused)["errors"], words);

    let old = bench.installed.refresh_token.as_ref().unwrap().expose_secret();
    let given = json!({
        "client_id": bench.installed.client_id, "client_secret": bench.installed.client_secret.expose_secret(),
        "grant_type": "refresh_token", "refresh_token": old,
    });
    let (status, first) = bench.token(&given).await;
    assert_eq!(
        (status, &first["expires_in"], &first["refresh_token_expires_in"]),
        (200, &json!(3_600), &json!(7_776_000))
    );
    // The reply was lost: the old one works again, until the new pair is used.
    let (status, second) = bench.token(&given).await;
    assert_eq!(status, 200);
    let request = Request::get(format!("/{}/admin/api/2026-10/shop.json", bench.shop))
        .header("x-shopify-access-token", second["access_token"].as_str().unwrap())
        .body(Bytes::new())
        .unwrap();
    assert_eq!(bench.sim.respond(request).await.status().unwrap(), 200);
    let (status, _) = bench.token(&given).await;
    assert_eq!(status, 400);
    assert_eq!(bench.sim.refreshes(&bench.shop), 2);
    assert_eq!(bench.sim.calls_of("access_token"), 3);
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_get_no_token() {
    let bench = Bench::new();
    let id = &bench.installed.client_id;
    let secret = bench.installed.client_secret.expose_secret();
    for (given, expected) in [
        (json!({ "client_id": "x", "client_secret": secret, "grant_type": "client_credentials" }), 400),
        (json!({ "client_id": id, "client_secret": "x", "grant_type": "client_credentials" }), 401),
        (json!({ "client_id": id, "client_secret": secret, "grant_type": "x" }), 400),
        (json!({ "client_id": id, "client_secret": secret, "grant_type": "client_credentials" }), 200),
    ] {
        assert_eq!(bench.token(&given).await.0, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_shops_standing_decides_the_status() {
    let bench = Bench::new();
    let (sim, shop) = (&bench.sim, &bench.shop);
    assert_eq!(status(&bench).await, 200);
    sim.freeze(shop);
    assert_eq!(status(&bench).await, 402);
    sim.lock(shop);
    assert_eq!(status(&bench).await, 423);
    sim.reopen(shop);
    assert_eq!(status(&bench).await, 200);
    sim.revoke(shop);
    assert_eq!(status(&bench).await, 401);
    sim.remove(shop);
    assert_eq!(status(&bench).await, 404);
    let other = Bench::new();
    other.sim.uninstall(&other.shop);
    assert_eq!(status(&other).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_missing_scope_denies_its_field_and_leaves_the_others() {
    let bench = Bench::new();
    bench.sim.set_scopes(&bench.shop, &["read_products"]);
    let query = "query($id: ID!) { shop { name } order(id: $id) { id } }";
    let body = bench.ask(query, json!({ "id": "gid://shopify/Order/1" })).await;
    assert_eq!(body["data"], json!({ "shop": { "name": "north" }, "order": null }));
    let error = &body["errors"][0];
    assert_eq!(error["extensions"]["code"], "ACCESS_DENIED");
    assert_eq!(error["path"], json!(["order"]));
    assert!(
        error["message"].as_str().unwrap().starts_with("Access denied for order field. Required access: `read_orders`")
    );
}

#[tokio::test(start_paused = true)]
async fn a_retired_version_falls_forward_and_says_so() {
    let bench = Bench::new();
    for (asked, served) in
        [("2024-01", "2026-01"), ("2026-07", "2026-07"), ("2026-10", "2026-10"), ("unstable", "unstable")]
    {
        let response = bench.get(&format!("admin/api/{asked}/shop.json")).await;
        assert_eq!(response.headers()["x-shopify-api-version"], served);
        assert!(response.headers().contains_key("x-request-id"));
    }
    assert_eq!(bench.get("admin/api/2031-01/shop.json").await.status(), 404);
}

#[tokio::test(start_paused = true)]
async fn pages_join_up_to_the_whole() {
    let bench = Bench::seeded(Options::default(), |seed| ShopSeed { products: 23, ..seed });
    let query = "query($after: String, $key: ProductSortKeys, $reverse: Boolean) { products(first: 5, after: $after, sortKey: $key, reverse: $reverse) { nodes { id } pageInfo { hasNextPage endCursor } } }";
    for (key, reverse) in [("ID", false), ("UPDATED_AT", false), ("UPDATED_AT", true), ("TITLE", true)] {
        let (mut ids, mut after, mut pages) = (Vec::new(), Value::Null, 0);
        loop {
            let data = bench.data(query, json!({ "after": after, "key": key, "reverse": reverse })).await;
            let page = &data["products"];
            ids.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["id"].to_string()));
            pages += 1;
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!((pages, count, ids.len()), (5, 23, 23), "{key} {reverse}");
    }
}

#[tokio::test(start_paused = true)]
async fn bad_requests_are_told_what_is_wrong() {
    let bench = Bench::new();
    for (query, variables, code, words) in [
        ("{ shop { nme } }", json!({}), "undefinedField", "Field 'nme' doesn't exist on type 'Shop'"),
        ("{ products { nodes { id } } }", json!({}), "BAD_REQUEST", "you must provide one of first or last"),
        (
            "{ product { id } }",
            json!({}),
            "missingRequiredArguments",
            "Field 'product' is missing required arguments: id",
        ),
        ("{ shop(a: 1) { id } }", json!({}), "argumentNotAccepted", "Field 'shop' doesn't accept argument 'a'"),
        (
            "query($id: ID!) { product(id: $id) { id } }",
            json!({}),
            "INVALID_VARIABLE",
            "Variable $id of type ID! was provided invalid value",
        ),
        (
            "{ product(id: \"gid://shopify/Order/1\") { id } }",
            json!({}),
            "RESOURCE_NOT_FOUND",
            "Invalid id: gid://shopify/Order/1",
        ),
    ] {
        let body = bench.ask(query, variables).await;
        assert_eq!(body["errors"][0]["extensions"]["code"], code, "{body}");
        assert_eq!(body["errors"][0]["message"], words, "{body}");
    }
    assert_eq!(bench.ask("{ shop ", json!({})).await["errors"][0]["message"], "syntax error, unexpected end of file");
    let request = Request::post(format!("/{}/admin/api/2026-10/graphql.json", bench.shop))
        .header("x-shopify-access-token", bench.installed.access_token.expose_secret())
        .body(Bytes::from_static(b"not json"))
        .unwrap();
    assert_eq!(bench.sim.respond(request).await.status().unwrap(), 400);
}

#[tokio::test(start_paused = true)]
async fn secrets_stay_out_of_debug() {
    let bench = Bench::with(Options { tokens: TokenStyle::Expiring, ..Options::default() });
    let printed = format!("{:?} {:?} {:?}", bench.installed, bench.sim, bench.sim.calls());
    assert!(
        !printed.contains("shpat_") && !printed.contains("shprt_") && !printed.contains("shopify-sim-secret"),
        "{printed}"
    );
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_products_are_there_at_once() {
    let started = std::time::Instant::now();
    let bench = Bench::seeded(Options::default(), |seed| ShopSeed { products: 10_000, ..seed });
    assert_eq!(bench.sim.products(&bench.shop).len(), 10_000);
    assert_eq!(domain("north"), bench.shop);
    // A fraction of a second; one request each would take minutes.
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}
