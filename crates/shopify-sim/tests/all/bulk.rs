//! Bulk operations.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use shopify_sim::{Options, ShopSeed};

use crate::support::Bench;

const RUN: &str = "mutation Run($query: String!, $groupObjects: Boolean!) { bulkOperationRunQuery(query: $query, groupObjects: $groupObjects) { bulkOperation { id status } userErrors { code field message } } }";
const POLL: &str = "query Poll($id: ID!) { bulkOperation(id: $id) { id status errorCode objectCount rootObjectCount fileSize url partialDataUrl completedAt } }";
const PRODUCTS: &str = "{ products { edges { node { id title variants { edges { node { id sku } } } } } } }";

async fn run(bench: &Bench, query: &str) -> Value {
    let mut data = bench.data(RUN, json!({ "query": query, "groupObjects": true })).await;
    data["bulkOperationRunQuery"].take()
}

/// Polls until the operation has ended.
async fn ended(bench: &Bench, id: &Value) -> Value {
    loop {
        let mut data = bench.data(POLL, json!({ "id": id })).await;
        let status = data["bulkOperation"]["status"].as_str().unwrap().to_owned();
        if !["CREATED", "RUNNING", "CANCELING"].contains(&status.as_str()) {
            return data["bulkOperation"].take();
        }
        bench.sim.clock().sleep(Duration::from_secs(1)).await;
    }
}

async fn fetch(bench: &Bench, url: &Value) -> (u16, String) {
    let path = url.as_str().unwrap().trim_start_matches("http://127.0.0.1");
    let request = Request::get(path).body(Bytes::new()).unwrap();
    let response = bench.sim.respond(request).await.full().unwrap();
    (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_query_becomes_lines_with_children_after_their_parents() {
    let bench = Bench::seeded(Options::default(), |seed| ShopSeed { products: 600, ..seed });
    let started = run(&bench, PRODUCTS).await;
    assert_eq!(started["bulkOperation"]["status"], "CREATED");
    let done = ended(&bench, &started["bulkOperation"]["id"]).await;
    assert_eq!(
        (&done["status"], &done["objectCount"], &done["rootObjectCount"]),
        (&json!("COMPLETED"), &json!("1800"), &json!("600"))
    );
    let (status, text) = fetch(&bench, &done["url"]).await;
    assert_eq!((status, done["fileSize"].as_str().unwrap()), (200, text.len().to_string().as_str()));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1_800);
    assert!(lines[0].get("__parentId").is_none() && lines[0].get("variants").is_none());
    assert_eq!(lines[1]["__parentId"], lines[0]["id"]);
    assert_eq!(lines[2]["__parentId"], lines[0]["id"]);

    bench.sim.clock().sleep(Duration::from_secs(8 * 86_400)).await;
    assert_eq!(fetch(&bench, &done["url"]).await.0, 403);
    let late = bench.data(POLL, json!({ "id": done["id"] })).await;
    assert_eq!(late["bulkOperation"]["status"], "EXPIRED");
}

#[tokio::test(start_paused = true)]
async fn without_grouping_children_come_apart_from_their_parents() {
    let bench = Bench::new();
    let started = bench.data(RUN, json!({ "query": PRODUCTS, "groupObjects": false })).await;
    let done = ended(&bench, &started["bulkOperationRunQuery"]["bulkOperation"]["id"]).await;
    let (_, text) = fetch(&bench, &done["url"]).await;
    let child = |line: &str| serde_json::from_str::<Value>(line).unwrap().get("__parentId").is_some();
    let children: Vec<bool> = text.lines().map(child).collect();
    assert_eq!(children.len(), 150);
    assert!(children[..50].iter().all(|child| !child) && children[50..].iter().all(|child| *child));
}

#[tokio::test(start_paused = true)]
async fn nothing_found_has_no_url() {
    let bench = Bench::new();
    let started = run(&bench, "{ orders { edges { node { id } } } }").await;
    let done = ended(&bench, &started["bulkOperation"]["id"]).await;
    assert_eq!((&done["status"], &done["url"], &done["objectCount"]), (&json!("COMPLETED"), &Value::Null, &json!("0")));
}

#[tokio::test(start_paused = true)]
async fn the_sixth_at_once_is_refused_and_a_cancelled_one_makes_room() {
    let bench = Bench::new();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(run(&bench, PRODUCTS).await["bulkOperation"]["id"].clone());
    }
    let sixth = run(&bench, PRODUCTS).await;
    assert_eq!(sixth["bulkOperation"], Value::Null);
    let error = &sixth["userErrors"][0];
    let all: Vec<&str> = ids.iter().map(|id| id.as_str().unwrap()).collect();
    let words = format!("A bulk query operation for this app and shop is already in progress: {}.", all.join(", "));
    assert_eq!(
        (&error["code"], &error["message"], &error["field"]),
        (&json!("OPERATION_IN_PROGRESS"), &json!(words), &Value::Null)
    );

    let cancel =
        "mutation($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { status } userErrors { message } } }";
    let cancelled = bench.data(cancel, json!({ "id": ids[0] })).await;
    assert_eq!(cancelled["bulkOperationCancel"]["bulkOperation"]["status"], "CANCELING");
    assert_eq!(ended(&bench, &ids[0]).await["status"], "CANCELED");
    assert!(run(&bench, PRODUCTS).await["bulkOperation"].is_object());
}

#[tokio::test(start_paused = true)]
async fn a_failed_one_leaves_partial_data() {
    let bench = Bench::seeded(Options::default(), |seed| ShopSeed { products: 600, ..seed });
    bench.sim.fail_next_bulk(&bench.shop, 1);
    let started = run(&bench, PRODUCTS).await;
    let done = ended(&bench, &started["bulkOperation"]["id"]).await;
    assert_eq!(
        (&done["status"], &done["errorCode"], &done["url"]),
        (&json!("FAILED"), &json!("TIMEOUT"), &Value::Null)
    );
    let (status, text) = fetch(&bench, &done["partialDataUrl"]).await;
    assert_eq!((status, text.lines().count()), (200, 750));
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_run_line_by_line() {
    let bench = Bench::new();
    let stage = "mutation($input: [StagedUploadInput!]!) { stagedUploadsCreate(input: $input) { stagedTargets { url resourceUrl parameters { name value } } } }";
    let input = json!([{ "resource": "BULK_MUTATION_VARIABLES", "filename": "a.jsonl", "mimeType": "text/jsonl", "httpMethod": "POST" }]);
    let staged = bench.data(stage, json!({ "input": input })).await;
    let target = &staged["stagedUploadsCreate"]["stagedTargets"][0];
    let key = target["parameters"][0]["value"].as_str().unwrap();
    let product = format!("gid://shopify/Product/{}", bench.sim.products(&bench.shop)[0]);
    let lines = format!("{}\nnonsense\n", json!({ "id": product, "tags": ["bulk"] }));
    let form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n{key}\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jsonl\"\r\n\r\n{lines}\r\n--b--\r\n"
    );
    let path = target["url"].as_str().unwrap().trim_start_matches("http://127.0.0.1");
    let upload =
        Request::post(path).header("content-type", "multipart/form-data; boundary=b").body(form.into()).unwrap();
    assert_eq!(bench.sim.respond(upload).await.status().unwrap(), 201);

    let run = "mutation($mutation: String!, $path: String!) { bulkOperationRunMutation(mutation: $mutation, stagedUploadPath: $path) { bulkOperation { id } userErrors { code message } } }";
    let mutation = "mutation call($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags) { node { id } userErrors { message } } }";
    let missing = bench.data(run, json!({ "mutation": mutation, "path": "tmp/none" })).await;
    assert_eq!(missing["bulkOperationRunMutation"]["userErrors"][0]["code"], "NO_SUCH_FILE");
    let started = bench.data(run, json!({ "mutation": mutation, "path": key })).await;
    let done = ended(&bench, &started["bulkOperationRunMutation"]["bulkOperation"]["id"]).await;
    let (_, text) = fetch(&bench, &done["url"]).await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["data"]["tagsAdd"]["node"]["id"], product);
    assert!(lines[1]["errors"].is_array());
    let tags = bench.data("query($id: ID!) { product(id: $id) { tags } }", json!({ "id": product })).await;
    assert_eq!(tags["product"]["tags"], json!(["bulk"]));
}
