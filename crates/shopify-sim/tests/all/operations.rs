//! The operations that others send are understood.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use shopify_sim::Options;

use crate::support::Bench;

fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "graphql"));
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

async fn gids(bench: &Bench) -> Value {
    let query = "{ products(first: 2) { nodes { id variants(first: 1) { nodes { id inventoryItem { id } } } } } locations(first: 1) { nodes { id } } }";
    let data = bench.data(query, json!({})).await;
    let product = &data["products"]["nodes"][0];
    let variant = &product["variants"]["nodes"][0];
    json!({
        "product": product["id"],
        "variant": variant["id"],
        "item": variant["inventoryItem"]["id"],
        "location": data["locations"]["nodes"][0]["id"],
    })
}

#[tokio::test(start_paused = true)]
async fn every_operation_of_the_client_runs() {
    run_all(&Bench::new()).await;
}

#[tokio::test(start_paused = true)]
async fn every_operation_of_the_client_runs_on_shopifys_whole_schema() {
    let Some(real) = shopify_schema::real_schema().unwrap() else {
        eprintln!("skipped: {}", shopify_schema::HOW_TO_GET_THE_REAL_SCHEMA);
        return;
    };
    run_all(&Bench::with(Options { schema: Some(real.path), ..Options::default() })).await;
}

async fn run_all(bench: &Bench) {
    bench.sim.place_orders(&bench.shop, 3);
    let ids = gids(bench).await;
    let (item, location) = (&ids["item"], &ids["location"]);
    let row = json!({ "inventoryItemId": item, "locationId": location, "changeFromQuantity": null });
    let mut set = row.clone();
    set["quantity"] = 7.into();
    let mut adjust = row;
    adjust["delta"] = 1.into();
    let made = bench
        .data(
            "mutation($u: WebhookSubscriptionInput!) { webhookSubscriptionCreate(topic: ORDERS_CREATE, webhookSubscription: $u) { webhookSubscription { id } } }",
            json!({ "u": { "uri": "https://example.com/a" } }),
        )
        .await;
    let subscription = made["webhookSubscriptionCreate"]["webhookSubscription"]["id"].clone();
    let mut ran = 0;
    for (path, text) in files("../shopify-client/operations") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let mut variables = json!({
            "first": 3, "levels": 2, "ids": [ids["product"], ids["variant"], item], "location": location,
            "id": subscription, "tags": ["a"], "idempotencyKey": name, "groupObjects": true,
            "query": "", "topic": "ORDERS_PAID", "webhookSubscription": { "uri": "https://example.com/b" },
            "mutation": "", "stagedUploadPath": "",
        });
        match name.as_str() {
            "inventory_set_quantities" => {
                variables["input"] = json!({ "name": "available", "reason": "correction", "quantities": [set] });
            }
            "inventory_adjust_quantities" => {
                variables["input"] = json!({ "name": "available", "reason": "correction", "changes": [adjust] });
            }
            "staged_uploads_create" => {
                variables["input"] = json!([{ "resource": "BULK_MUTATION_VARIABLES", "filename": "a.jsonl", "mimeType": "text/jsonl", "httpMethod": "POST" }]);
            }
            "bulk_operation_by_id" | "bulk_operation_cancel" => {
                variables["id"] = "gid://shopify/BulkOperation/1".into()
            }
            "tags_add" => variables["id"] = ids["product"].clone(),
            "bulk_products" => continue,
            _ => {}
        }
        let body = bench.ask(&text, variables).await;
        assert!(body.get("errors").is_none(), "{name}: {body}");
        assert!(body["data"].is_object(), "{name}: {body}");
        ran += 1;
    }
    assert!(ran >= 20, "{ran}");
}

#[tokio::test(start_paused = true)]
async fn every_field_of_the_simulators_own_operations_is_known() {
    let bench = Bench::new();
    let placed = bench.sim.place_orders(&bench.shop, 1);
    let ids = gids(&bench).await;
    let order = format!("gid://shopify/Order/{}", placed[0]);
    // The fragments of the operation files, each on an object that is there.
    let fragments: Vec<String> = files("operations").into_iter().map(|(_, text)| text).collect();
    let all = fragments.join("\n");
    let fragment = |name: &str| {
        let start = all.find(&format!("fragment {name} ")).unwrap();
        let end = all[start..].find("\n}\n").unwrap() + start + 3;
        all[start..end].replace(r#"last: 1, before: "", "#, "").replace(r#"after: "", "#, "")
    };
    for (kind, name, id) in [
        ("Product", "SimProduct", &ids["product"]),
        ("ProductVariant", "SimVariant", &ids["variant"]),
        ("Order", "SimOrder", &json!(order)),
    ] {
        let nested = if name == "SimProduct" { fragment("SimMetafield") } else { String::new() };
        let text = format!(
            "query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ ...{name} }} }} }} {} {nested}",
            fragment(name)
        );
        let data = bench.data(&text, json!({ "id": id })).await;
        assert_eq!(data["node"]["id"], *id, "{data}");
    }
    let whole = fragment("SimInventoryItem").replace("$id", &ids["location"].to_string());
    let text = format!("query($id: ID!) {{ inventoryItem(id: $id) {{ ...SimInventoryItem }} }} {whole}");
    let data = bench.data(&text, json!({ "id": ids["item"] })).await;
    assert!(data["inventoryItem"]["inventoryLevel"]["id"].as_str().unwrap().contains("inventory_item_id="), "{data}");
    let data = bench.data("{ shop { name plan { shopifyPlus } primaryDomain { host } } currentAppInstallation { accessScopes { handle } app { apiKey } } }", json!({})).await;
    assert_eq!(data["shop"]["name"], "north");
}
