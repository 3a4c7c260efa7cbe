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
async fn empty_result_has_no_url() {
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

/// What a query is refused for; nothing, if it is started.
async fn refusals(bench: &Bench, query: &str) -> Vec<String> {
    let refused = run(bench, query).await;
    let errors = refused["userErrors"].as_array().unwrap();
    assert!(errors.iter().all(|error| error["code"] == "INVALID" && error["field"] == json!(["query"])), "{refused}");
    errors.iter().map(|error| error["message"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn query_that_shopify_refuses_is_not_started() {
    let none = "Bulk queries must contain at least one connection.";
    let depth = "Bulk queries cannot contain connections with a nesting depth greater than 2.";
    let many = "Bulk queries cannot contain more than 5 connections.";
    let list = "Queries that contain a connection field within a list field are not currently supported.";
    let node = "Bulk queries cannot contain a top level `node` field.";
    let edges = |first: &str, all: &str| {
        format!(
            "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: '{first} {{ edges {{ node {{'. Selecting via 'nodes' is not supported. Invalid connection fields: '{all}'."
        )
    };
    let parent = |all: &str| {
        format!(
            "The parent 'node' field for a nested connection must select the 'id' field without an alias and must be of 'ID' return type. Connection fields without 'id': {all}."
        )
    };
    let nested = |inner: &str| format!("{{ products {{ edges {{ node {{ {inner} }} }} }} }}");
    let variants = "variants { edges { node { id } } }";
    let aliased = |count: usize| {
        (0..count).map(|at| format!("p{at}: products {{ edges {{ node {{ id }} }} }} ")).collect::<String>()
    };
    for (query, expected) in [
        ("{ shop { id } }".to_owned(), vec![none.to_owned()]),
        ("{ products { nodes { id } } }".to_owned(), vec![edges("products", "products")]),
        ("{ products { edges { cursor } } }".to_owned(), vec![edges("products", "products")]),
        ("{ products { pageInfo { hasNextPage } } }".to_owned(), vec![edges("products", "products")]),
        (nested("id variants { nodes { id } }"), vec![edges("variants", "variants")]),
        (nested(&format!("title {variants}")), vec![parent("products")]),
        (nested(&format!("key: id {variants}")), vec![parent("products")]),
        (nested(&format!("id: title {variants}")), vec![parent("products")]),
        ("{ node(id: \"gid://shopify/Product/1\") { id } }".to_owned(), vec![node.to_owned(), none.to_owned()]),
        (
            "mutation { tagsAdd(id: \"gid://shopify/Product/1\", tags: []) { node { id } } }".to_owned(),
            vec!["Invalid operation type. Only `query` operations are supported.".to_owned()],
        ),
        (
            "{ orders { edges { node { id fulfillments { id events { edges { node { id } } } } } } } }".to_owned(),
            vec![list.to_owned()],
        ),
        (
            nested("id variants { edges { node { id inventoryItem { inventoryLevels { edges { node { id } } } } } } }"),
            vec![depth.to_owned()],
        ),
        (format!("{{ {} }}", aliased(6)), vec![many.to_owned()]),
        (String::new(), vec!["Invalid bulk query: syntax error, unexpected end of file".to_owned()]),
        (
            "{ products { edges { node { nope } } } }".to_owned(),
            vec!["Invalid bulk query: Field 'nope' doesn't exist on type 'Product'".to_owned()],
        ),
        (
            format!("#{}\n{{ products {{ edges {{ node {{ id }} }} }} }}", "a".repeat(65_536 - 2 - 38)),
            vec!["Query is too large (65536 bytes; maximum is 65535 bytes)".to_owned()],
        ),
    ] {
        let bench = Bench::new();
        assert_eq!(refusals(&bench, &query).await, expected, "{query:.200}");
    }
    for good in [
        format!("{{ {} }}", aliased(5)),
        nested(&format!("id {variants}")),
        "query { products(first: 3) { edges { node { ...P } } } } fragment P on Product { id title }".to_owned(),
        "{ products { edges { node { id } } pageInfo { hasNextPage } } }".to_owned(),
    ] {
        let bench = Bench::new();
        assert_eq!(refusals(&bench, &good).await, Vec::<String>::new(), "{good}");
    }
}

const RUN_MUTATION: &str = "mutation($mutation: String!, $path: String!, $client: String) { bulkOperationRunMutation(mutation: $mutation, stagedUploadPath: $path, clientIdentifier: $client) { bulkOperation { id } userErrors { code field message } } }";

/// Uploads a file; the path that names it.
async fn upload(bench: &Bench, lines: Bytes) -> String {
    let stage = "mutation($input: [StagedUploadInput!]!) { stagedUploadsCreate(input: $input) { stagedTargets { url parameters { name value } } } }";
    let input = json!([{ "resource": "BULK_MUTATION_VARIABLES", "filename": "a.jsonl", "mimeType": "text/jsonl", "httpMethod": "PUT" }]);
    let staged = bench.data(stage, json!({ "input": input })).await;
    let url = staged["stagedUploadsCreate"]["stagedTargets"][0]["url"].as_str().unwrap();
    let path = url.trim_start_matches("http://127.0.0.1").to_owned();
    assert_eq!(bench.sim.respond(Request::put(&path).body(lines).unwrap()).await.status().unwrap(), 201);
    path.split_once("/upload/").unwrap().1.to_owned()
}

#[tokio::test(start_paused = true)]
async fn mutation_that_shopify_refuses_is_not_started() {
    let bench = Bench::new();
    let path = upload(&bench, Bytes::from_static(b"{}\n")).await;
    let tags = "mutation M($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags) { node { id } } }";
    let create = |inside: &str| {
        format!(
            "mutation M($product: ProductCreateInput!) {{ productCreate(product: $product) {{ product {{ id {inside} }} }} }}"
        )
    };
    let variants = |alias: &str| format!("{alias}: variants(first: 1) {{ edges {{ node {{ id }} }} }} ");
    let invalid = Some("INVALID_MUTATION");
    for (mutation, code, field, message) in [
        (
            "mutation { not real syntax".to_owned(),
            invalid,
            Value::Null,
            "Failed to parse the mutation - syntax error, unexpected end of file at [1, 21]",
        ),
        (
            "{ products { edges { node { id } } } }".to_owned(),
            invalid,
            Value::Null,
            "Invalid operation type. Only `mutation` operations are supported.",
        ),
        (
            "mutation M($id: ID!, $tags: [String!]!) { a: tagsAdd(id: $id, tags: $tags) { node { id } } tagsRemove(id: $id, tags: $tags) { node { id } } }".to_owned(),
            None,
            json!(["mutation"]),
            "You must specify a single top level mutation.",
        ),
        (
            "mutation { bulkOperationCancel(id: \"gid://shopify/BulkOperation/1\") { userErrors { message } } }".to_owned(),
            None,
            json!(["mutation"]),
            "You must use an allowed mutation name.",
        ),
        (
            create(&(variants("a") + &variants("b"))),
            None,
            json!(["mutation"]),
            "Bulk mutations cannot contain more than 1 connection.",
        ),
        (
            format!("#{}\n{tags}", "a".repeat(65_536 - 2 - tags.len())),
            invalid,
            json!(["query"]),
            "is too large (65536 bytes; maximum is 65535 bytes)",
        ),
    ] {
        let data = bench.data(RUN_MUTATION, json!({ "mutation": mutation, "path": path })).await;
        let expected = json!([{ "code": code, "field": field, "message": message }]);
        assert_eq!(data["bulkOperationRunMutation"]["userErrors"], expected, "{mutation:.200}");
    }
    let good = bench.data(RUN_MUTATION, json!({ "mutation": create(&variants("a")), "path": path })).await;
    assert!(good["bulkOperationRunMutation"]["bulkOperation"].is_object(), "{good}");
}

#[tokio::test(start_paused = true)]
async fn input_file_and_client_identifier_are_checked_before_a_mutation_starts() {
    let bench = Bench::new();
    let tags = "mutation M($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags) { node { id } } }";
    let whole = upload(&bench, Bytes::from_static(b"{}\n")).await;
    let empty = upload(&bench, Bytes::new()).await;
    let large = upload(&bench, vec![b' '; (100 << 20) + 1].into()).await;
    for (path, client, code) in [
        (&empty, Value::Null, "INVALID_STAGED_UPLOAD_FILE"),
        (&large, Value::Null, "INVALID_STAGED_UPLOAD_FILE"),
        (&"tmp/none".to_owned(), Value::Null, "NO_SUCH_FILE"),
        (&whole, json!("short"), "INVALID_MUTATION"),
        (&whole, json!("x".repeat(256)), "INVALID_MUTATION"),
    ] {
        let data = bench.data(RUN_MUTATION, json!({ "mutation": tags, "path": path, "client": client })).await;
        assert_eq!(data["bulkOperationRunMutation"]["userErrors"][0]["code"], code, "{path} {client}");
    }
    let good = json!({ "mutation": tags, "path": whole, "client": "0123456789" });
    assert!(bench.data(RUN_MUTATION, good).await["bulkOperationRunMutation"]["bulkOperation"].is_object());
}

#[tokio::test(start_paused = true)]
async fn field_that_can_not_be_resolved_fails_the_operation() {
    let bench = Bench::new();
    bench.sim.place_orders(&bench.shop, 1);
    // The schema has collections, the simulator none: no answer is not an empty one.
    let started = run(&bench, "{ collections { edges { node { id } } } }").await;
    let done = ended(&bench, &started["bulkOperation"]["id"]).await;
    assert_eq!((&done["status"], &done["errorCode"]), (&json!("FAILED"), &json!("INTERNAL_SERVER_ERROR")));
    bench.sim.set_scopes(&bench.shop, &["read_products"]);
    let started = run(&bench, "{ orders { edges { node { id } } } }").await;
    let done = ended(&bench, &started["bulkOperation"]["id"]).await;
    assert_eq!((&done["status"], &done["errorCode"]), (&json!("FAILED"), &json!("ACCESS_DENIED")));
}
