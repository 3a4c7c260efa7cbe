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
}
