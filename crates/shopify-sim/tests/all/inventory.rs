//! Inventory: compare-and-set, idempotency keys.

use std::time::Duration;

use serde_json::{Value, json};
use shopify_sim::Options;

use crate::support::Bench;

const SET: &str = "mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id } userErrors { code field message } } }";

fn input(bench: &Bench, quantity: i64, from: Value) -> Value {
    let (item, location, _) = bench.stock();
    json!({ "name": "available", "reason": "correction", "quantities": [
        { "inventoryItemId": item, "locationId": location, "quantity": quantity, "changeFromQuantity": from }
    ] })
}

fn available(bench: &Bench) -> i64 {
    bench.stock().2
}

#[tokio::test(start_paused = true)]
async fn one_key_takes_effect_once_and_answers_the_same_for_a_day() {
    let bench = Bench::new();
    let adjust = "mutation($input: InventoryAdjustQuantitiesInput!, $key: String!) { inventoryAdjustQuantities(input: $input) @idempotent(key: $key) { inventoryAdjustmentGroup { id } userErrors { code } } }";
    let (item, location, before) = bench.stock();
    let change = |delta: i64| {
        json!({ "name": "available", "reason": "correction", "changes": [
        { "inventoryItemId": item, "locationId": location, "delta": delta, "changeFromQuantity": null }
    ] })
    };
    let first = bench.data(adjust, json!({ "input": change(5), "key": "k" })).await;
    let again = bench.data(adjust, json!({ "input": change(5), "key": "k" })).await;
    assert_eq!(first, again);
    assert_eq!(available(&bench), before + 5);
    let other = bench.data(adjust, json!({ "input": change(6), "key": "k" })).await;
    assert_eq!(other["inventoryAdjustQuantities"]["userErrors"][0]["code"], "IDEMPOTENCY_KEY_PARAMETER_MISMATCH");
    tokio::time::advance(Duration::from_secs(86_401)).await;
    bench.data(adjust, json!({ "input": change(5), "key": "k" })).await;
    assert_eq!(available(&bench), before + 10);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_still_running_is_told_so() {
    let bench = Bench::with(Options { latency: Duration::from_millis(400), ..Options::default() });
    let variables = json!({ "input": input(&bench, 3, Value::Null), "key": "k" });
    let (one, other) = tokio::join!(bench.data(SET, variables.clone()), bench.data(SET, variables.clone()));
    // Which of them came first is the timer's choice.
    let ran = |data: &Value| data["inventorySetQuantities"]["inventoryAdjustmentGroup"].is_object();
    let (first, second) = if ran(&one) { (one, other) } else { (other, one) };
    assert!(ran(&first), "{first}");
    let code = &second["inventorySetQuantities"]["userErrors"][0]["code"];
    assert_eq!(code, "IDEMPOTENCY_CONCURRENT_REQUEST");
    assert_eq!(bench.data(SET, variables).await, first);
}

#[tokio::test(start_paused = true)]
async fn a_stale_quantity_changes_nothing() {
    let bench = Bench::new();
    let before = available(&bench);
    let data = bench.data(SET, json!({ "input": input(&bench, 3, json!(before + 1)), "key": "k" })).await;
    let error = &data["inventorySetQuantities"]["userErrors"][0];
    assert_eq!(error["code"], "CHANGE_FROM_QUANTITY_STALE");
    assert_eq!(error["field"], json!(["input", "quantities", "0", "changeFromQuantity"]));
    assert_eq!(available(&bench), before);
    bench.data(SET, json!({ "input": input(&bench, 3, json!(before)), "key": "l" })).await;
    assert_eq!(available(&bench), 3);
}

#[tokio::test(start_paused = true)]
async fn more_than_250_rows_are_refused() {
    let bench = Bench::new();
    let mut input = input(&bench, 3, Value::Null);
    let row = input["quantities"][0].clone();
    input["quantities"] = vec![row; 251].into();
    let body = bench.ask(SET, json!({ "input": input, "key": "k" })).await;
    let error = &body["errors"][0];
    assert_eq!(error["message"], "The input array size of 251 is greater than the maximum allowed of 250.");
    assert_eq!(error["extensions"]["code"], "MAX_INPUT_SIZE_EXCEEDED");
    assert_eq!(error["path"], json!(["inventorySetQuantities", "input", "quantities"]));
    // Written out in the document, too.
    let tags = vec!["\"a\""; 251].join(", ");
    let text = format!(
        "mutation {{ tagsAdd(id: \"gid://shopify/Product/1\", tags: [{tags}]) {{ userErrors {{ message }} }} }}"
    );
    let error = &bench.ask(&text, json!({})).await["errors"][0];
    assert_eq!(error["extensions"]["code"], "MAX_INPUT_SIZE_EXCEEDED");
    assert_eq!(error["path"], json!(["tagsAdd", "tags"]));
}

/// Runs a mutation of inventory; its payload.
async fn run(bench: &Bench, mutation: &str, key: &str, input: &Value) -> Value {
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let text = format!(
        "mutation($input: {kind}!, $key: String!) {{ {mutation}(input: $input) @idempotent(key: $key) {{ inventoryAdjustmentGroup {{ id changes {{ name delta ledgerDocumentUri item {{ id }} }} }} userErrors {{ code field message }} }} }}"
    );
    bench.data(&text, json!({ "input": input, "key": key })).await[mutation].take()
}

/// The code and the path of each error.
fn errors(payload: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let path = |error: &Value| {
        let steps = error["field"].as_array().map(Vec::as_slice).unwrap_or_default();
        steps.iter().map(text).collect::<Vec<_>>().join(".")
    };
    payload["userErrors"].as_array().unwrap().iter().map(|error| (text(&error["code"]), path(error))).collect()
}

fn said(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(code, path)| ((*code).to_owned(), (*path).to_owned())).collect()
}

const SET_ROWS: &str = "inventorySetQuantities";
const SET_ON_HAND: &str = "inventorySetOnHandQuantities";
const ADJUST: &str = "inventoryAdjustQuantities";
const MOVE: &str = "inventoryMoveQuantities";

#[tokio::test(start_paused = true)]
async fn set_quantity_has_bounds_and_only_on_hand_has_zero_for_one() {
    let bench = Bench::new();
    let (item, location, _) = bench.stock();
    let row = |quantity: i64| json!([{ "inventoryItemId": item, "locationId": location, "quantity": quantity, "changeFromQuantity": null }]);
    let input =
        |name: &str, quantity: i64| json!({ "name": name, "reason": "correction", "quantities": row(quantity) });
    let at = "input.quantities.0.quantity";
    for (name, quantity, code) in [
        ("available", -5, None),
        ("available", -1_000_000_000, None),
        ("available", 1_000_000_000, None),
        ("available", -1_000_000_001, Some("INVALID_QUANTITY_TOO_LOW")),
        ("available", 1_000_000_001, Some("INVALID_QUANTITY_TOO_HIGH")),
        ("on_hand", 0, None),
        ("on_hand", -1, Some("INVALID_QUANTITY_NEGATIVE")),
        ("on_hand", 1_000_000_001, Some("INVALID_QUANTITY_TOO_HIGH")),
    ] {
        let payload = run(&bench, SET_ROWS, &format!("{name} {quantity}"), &input(name, quantity)).await;
        let expected: Vec<_> = code.map(|code| (code.to_owned(), at.to_owned())).into_iter().collect();
        assert_eq!(errors(&payload), expected, "{name} {quantity}");
    }
    let payload = run(&bench, SET_ROWS, "below zero", &input("available", -5)).await;
    assert_eq!(errors(&payload), []);
    assert_eq!(available(&bench), -5);
    let on_hand = json!({ "reason": "correction", "setQuantities": row(-1) });
    let payload = run(&bench, SET_ON_HAND, "on hand", &on_hand).await;
    assert_eq!(errors(&payload), said(&[("INVALID_QUANTITY_NEGATIVE", "input.setQuantities.0.quantity")]));
}

#[tokio::test(start_paused = true)]
async fn same_pair_twice_refuses_the_whole_call_with_an_error_for_each_row() {
    let bench = Bench::new();
    let (item, location, before) = bench.stock();
    let (items, _) = bench.sim.inventory(&bench.shop);
    let other = format!("gid://shopify/InventoryItem/{}", items[1]);
    let row = |item: &str, quantity: i64| json!({ "inventoryItemId": item, "locationId": location, "quantity": quantity, "changeFromQuantity": null });
    let rows = json!([row(&item, 1), row(&other, 2), row(&item, 3)]);
    let input = json!({ "name": "available", "reason": "correction", "quantities": rows });
    let payload = run(&bench, SET_ROWS, "k", &input).await;
    let code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR";
    let expected = said(&[(code, "input.quantities.0.locationId"), (code, "input.quantities.2.locationId")]);
    assert_eq!(errors(&payload), expected);
    let message = &payload["userErrors"][0]["message"];
    assert_eq!(message, "The combination of inventoryItemId and locationId must be unique.");
    assert_eq!(available(&bench), before);
}

#[tokio::test(start_paused = true)]
async fn key_of_a_refused_request_is_used_up() {
    let bench = Bench::new();
    let (item, location, before) = bench.stock();
    let input = |reason: &str| {
        json!({ "name": "available", "reason": reason, "changes": [
            { "inventoryItemId": item, "locationId": location, "delta": 1, "changeFromQuantity": before + 1 }
        ] })
    };
    let codes = async |key: &str, reason: &str| errors(&run(&bench, ADJUST, key, &input(reason)).await)[0].0.clone();
    assert_eq!(codes("k", "correction").await, "CHANGE_FROM_QUANTITY_STALE");
    // Even where it would be accepted now.
    run(
        &bench,
        ADJUST,
        "l",
        &json!({ "name": "available", "reason": "correction", "changes": [
        { "inventoryItemId": item, "locationId": location, "delta": 1, "changeFromQuantity": null }
    ] }),
    )
    .await;
    assert_eq!(codes("k", "correction").await, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED");
    assert_eq!(codes("k", "other").await, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH");
    assert_eq!(available(&bench), before + 1);
    assert_eq!(errors(&run(&bench, ADJUST, "m", &input("correction")).await), []);
}

#[tokio::test(start_paused = true)]
async fn ledger_document_is_needed_for_all_but_available() {
    let bench = Bench::new();
    let (item, location, _) = bench.stock();
    let (items, _) = bench.sim.inventory(&bench.shop);
    let other = format!("gid://shopify/InventoryItem/{}", items[1]);
    let row = |item: &str, document: Value| json!({ "inventoryItemId": item, "locationId": location, "delta": 2, "changeFromQuantity": null, "ledgerDocumentUri": document });
    let at = "input.changes.0.ledgerDocumentUri";
    for (number, (name, documents, expected)) in [
        ("available", vec![Value::Null], vec![]),
        ("available", vec![json!("https://example.com/1")], vec![("INVALID_AVAILABLE_DOCUMENT", at)]),
        ("damaged", vec![Value::Null], vec![("INVALID_QUANTITY_DOCUMENT", at)]),
        ("reserved", vec![json!("gid://shopify/Order/1")], vec![("INTERNAL_LEDGER_DOCUMENT", at)]),
        ("incoming", vec![json!("no uri")], vec![("INVALID_LEDGER_DOCUMENT", at)]),
        ("safety_stock", vec![json!("https://example.com/1")], vec![]),
        ("damaged", vec![json!("a://1"), json!("a://2")], vec![("MAX_ONE_LEDGER_DOCUMENT", "input.changes")]),
        ("quality_control", vec![json!("a://1"), json!("a://1")], vec![]),
        ("on_hand", vec![json!("a://1")], vec![("INVALID_QUANTITY_NAME", "input.name")]),
        ("committed", vec![json!("a://1")], vec![("INVALID_QUANTITY_NAME", "input.name")]),
    ]
    .into_iter()
    .enumerate()
    {
        let rows: Vec<Value> =
            documents.into_iter().zip([&item, &other]).map(|(document, item)| row(item, document)).collect();
        let input = json!({ "name": name, "reason": "correction", "changes": rows });
        let payload = run(&bench, ADJUST, &number.to_string(), &input).await;
        assert_eq!(errors(&payload), said(&expected), "{name} {payload}");
    }
}

#[tokio::test(start_paused = true)]
async fn adjustment_is_told_for_its_quantity_and_for_what_is_on_hand() {
    let bench = Bench::new();
    let (items, places) = bench.sim.inventory(&bench.shop);
    let row = |item: u64, delta: i64| json!({ "inventoryItemId": format!("gid://shopify/InventoryItem/{item}"), "locationId": format!("gid://shopify/Location/{}", places[0]), "delta": delta, "changeFromQuantity": null });
    let input = json!({ "name": "available", "reason": "correction", "changes": [row(items[0], 0), row(items[1], -3), row(items[2], 4)] });
    let payload = run(&bench, ADJUST, "k", &input).await;
    let changes = payload["inventoryAdjustmentGroup"]["changes"].as_array().unwrap();
    let told: Vec<_> =
        changes.iter().map(|one| (one["name"].as_str().unwrap(), one["delta"].as_i64().unwrap())).collect();
    assert_eq!(told, [("available", -3), ("available", 4), ("on_hand", -3), ("on_hand", 4)]);
    let input = json!({ "name": "available", "reason": "correction", "changes": [row(items[0], 0)] });
    let payload = run(&bench, ADJUST, "zero", &input).await;
    assert_eq!((errors(&payload).len(), &payload["inventoryAdjustmentGroup"]), (0, &Value::Null));
}

#[tokio::test(start_paused = true)]
async fn reason_document_ids_and_bundles_are_checked_before_anything_changes() {
    let bench = Bench::new();
    let (item, location, before) = bench.stock();
    let (items, _) = bench.sim.inventory(&bench.shop);
    bench.sim.make_bundle(&bench.shop, items[1]);
    let bundle = format!("gid://shopify/InventoryItem/{}", items[1]);
    let input = |item: &str, place: &str, reason: &str, reference: &str| {
        json!({ "name": "available", "reason": reason, "referenceDocumentUri": reference, "changes": [
            { "inventoryItemId": item, "locationId": place, "delta": 1, "changeFromQuantity": null }
        ] })
    };
    let (item_path, place_path) = ("input.changes.0.inventoryItemId", "input.changes.0.locationId");
    let (nobody, nowhere) = ("gid://shopify/InventoryItem/42", "gid://shopify/Location/42");
    for (number, (input, expected)) in [
        (input(&item, &location, "whim", "erp://1"), vec![("INVALID_REASON", "input.reason")]),
        (
            input(&item, &location, "other", "no uri"),
            vec![("INVALID_REFERENCE_DOCUMENT", "input.referenceDocumentUri")],
        ),
        (
            input(nobody, nowhere, "other", "erp://1"),
            vec![("INVALID_INVENTORY_ITEM", item_path), ("INVALID_LOCATION", place_path)],
        ),
        (input(&location, &location, "other", "erp://1"), vec![("INVALID_INVENTORY_ITEM", item_path)]),
        (input(&bundle, &location, "other", "erp://1"), vec![("NON_MUTABLE_INVENTORY_ITEM", item_path)]),
    ]
    .into_iter()
    .enumerate()
    {
        let payload = run(&bench, ADJUST, &number.to_string(), &input).await;
        assert_eq!(errors(&payload), said(&expected), "{input}");
    }
    assert_eq!(available(&bench), before);
}

#[tokio::test(start_paused = true)]
async fn move_takes_from_one_quantity_and_gives_to_another() {
    let bench = Bench::new();
    let (item, location, before) = bench.stock();
    let (_, places) = bench.sim.inventory(&bench.shop);
    let elsewhere = format!("gid://shopify/Location/{}", places[1]);
    let end = |place: &str, name: &str, document: Value| json!({ "locationId": place, "name": name, "changeFromQuantity": null, "ledgerDocumentUri": document });
    let input = |quantity: i64, from: Value, to: Value| {
        json!({ "reason": "damaged", "referenceDocumentUri": "erp://1", "changes": [
            { "inventoryItemId": item, "quantity": quantity, "from": from, "to": to }
        ] })
    };
    let (available_end, damaged) =
        (end(&location, "available", Value::Null), end(&location, "damaged", json!("erp://d")));
    let payload = run(&bench, MOVE, "good", &input(2, available_end.clone(), damaged.clone())).await;
    let changes = &payload["inventoryAdjustmentGroup"]["changes"];
    let told: Vec<_> = (0..2).map(|at| (changes[at]["name"].clone(), changes[at]["delta"].clone())).collect();
    assert_eq!(told, [(json!("available"), json!(-2)), (json!("damaged"), json!(2))], "{payload}");
    assert_eq!(available(&bench), before - 2);
    let row = "input.changes.0";
    for (number, (input, code, rest)) in [
        (input(2, end(&location, "on_hand", json!("erp://d")), damaged.clone()), "INVALID_QUANTITY_NAME", ".from.name"),
        (input(-1, available_end.clone(), damaged.clone()), "INVALID_QUANTITY_NEGATIVE", ".quantity"),
        (input(1, available_end.clone(), available_end.clone()), "SAME_QUANTITY_NAME", ""),
        (input(1, available_end.clone(), end(&elsewhere, "damaged", json!("erp://d"))), "DIFFERENT_LOCATIONS", ""),
        (
            input(1, available_end.clone(), end(&location, "damaged", Value::Null)),
            "INVALID_QUANTITY_DOCUMENT",
            ".to.ledgerDocumentUri",
        ),
        (
            input(1, json!({ "locationId": location, "name": "available", "changeFromQuantity": before + 7 }), damaged),
            "CHANGE_FROM_QUANTITY_STALE",
            ".from.changeFromQuantity",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let payload = run(&bench, MOVE, &number.to_string(), &input).await;
        assert_eq!(errors(&payload), said(&[(code, &format!("{row}{rest}"))]), "{input}");
    }
    assert_eq!(available(&bench), before - 2);
}

#[tokio::test(start_paused = true)]
async fn move_without_change_from_quantity_or_key_never_runs() {
    let bench = Bench::new();
    let (item, location, _) = bench.stock();
    let input = json!({ "reason": "other", "referenceDocumentUri": "erp://1", "changes": [
        { "inventoryItemId": item, "quantity": 1, "from": { "locationId": location, "name": "available", "changeFromQuantity": null },
          "to": { "locationId": location, "name": "damaged", "ledgerDocumentUri": "erp://d" } }
    ] });
    let text = |directive: &str| {
        format!(
            "mutation($input: InventoryMoveQuantitiesInput!) {{ inventoryMoveQuantities(input: $input) {directive} {{ userErrors {{ code }} }} }}"
        )
    };
    let body = bench.ask(&text("@idempotent(key: \"k\")"), json!({ "input": input })).await;
    let message = "InventoryMoveQuantityTerminalInput must include the following argument: changeFromQuantity.";
    assert_eq!(body["errors"][0]["message"], message);
    let body = bench
        .ask(&text(""), json!({ "input": { "reason": "other", "referenceDocumentUri": "erp://1", "changes": [] } }))
        .await;
    assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_REQUEST");
}
