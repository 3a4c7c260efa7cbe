//! Against a stock that keeps Shopify's rules: all rows or none, compare and set, keys.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};

use super::*;
use crate::{
    operations::testing::{Answers, Graph, client, shop},
    transport::TransportError,
};

#[derive(Default)]
struct Stock(Mutex<State>);

#[derive(Default)]
struct State {
    levels: HashMap<(String, String), i64>,
    /// By key: what was sent with it, and whether it was written.
    keys: HashMap<String, (Value, bool)>,
    /// Row counts of the writes that arrived.
    writes: Vec<usize>,
    /// Quantities that somebody else writes just before the n-th write arrives.
    meddling: Vec<(usize, (String, String), i64)>,
    /// The writes whose answer is lost.
    lost: Vec<usize>,
    /// Whether the next write finds the stock out of service.
    away: bool,
    /// Whether the stock tells which row is stale.
    vague: bool,
}

impl Answers for Stock {
    fn answer(&self, operation: &str, variables: &Value) -> Result<Value, TransportError> {
        let mut state = self.0.lock().unwrap();
        match operation {
            "InventoryLevelsAt" => Ok(state.levels_at(variables)),
            "InventorySetQuantities" => state.write("inventorySetQuantities", "quantities", variables),
            "InventoryAdjustQuantities" => state.write("inventoryAdjustQuantities", "changes", variables),
            other => panic!("{other}"),
        }
    }
}

impl State {
    fn put(&mut self, item: usize, quantity: i64) {
        self.levels.insert((item.to_string(), "here".to_owned()), quantity);
    }

    fn levels_at(&self, variables: &Value) -> Value {
        let location = variables["location"].as_str().unwrap();
        let node = |id: &Value| {
            let level = self.levels.get(&(id.as_str().unwrap().to_owned(), location.to_owned()));
            let level = level.map(|quantity| {
                json!({"id": "gid://shopify/InventoryLevel/1", "updatedAt": "2026-11-27T05:00:00Z", "quantities": [
                    {"name": "on_hand", "quantity": 999}, {"name": "available", "quantity": quantity}]})
            });
            json!({"__typename": "InventoryItem", "id": id, "inventoryLevel": level})
        };
        let nodes: Vec<Value> = variables["ids"].as_array().unwrap().iter().map(node).collect();
        json!({"data": {"nodes": nodes}})
    }

    fn write(&mut self, mutation: &str, list: &str, variables: &Value) -> Result<Value, TransportError> {
        let rows = variables["input"][list].as_array().unwrap().clone();
        let number = self.writes.len();
        self.writes.push(rows.len());
        assert!(rows.len() <= MOST_ROWS);
        for (_, level, quantity) in self.meddling.iter().filter(|(at, ..)| *at == number) {
            self.levels.insert(level.clone(), *quantity);
        }
        let errors = self.errors(list, &rows, variables);
        if errors.is_empty() {
            let key = variables["idempotencyKey"].as_str().unwrap().to_owned();
            if self.keys.insert(key, (variables["input"].clone(), true)).is_none() {
                rows.iter().for_each(|row| self.apply(row));
            }
        }
        match self.lost.contains(&number) {
            true => Err(TransportError::Broken("lost".into())),
            false => Ok(json!({"data": {mutation: {"inventoryAdjustmentGroup": null, "userErrors": errors}}})),
        }
    }

    fn errors(&mut self, list: &str, rows: &[Value], variables: &Value) -> Vec<Value> {
        let key = variables["idempotencyKey"].as_str().unwrap();
        let error = |code: &str, field: Value| json!({"code": code, "field": field, "message": "No."});
        match self.keys.get(key) {
            Some((input, _)) if *input != variables["input"] => {
                return vec![error("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", Value::Null)];
            }
            Some((_, false)) => return vec![error("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", Value::Null)],
            Some((_, true)) => return Vec::new(),
            None => {}
        }
        if std::mem::take(&mut self.away) {
            return vec![error("SERVICE_UNAVAILABLE", Value::Null)];
        }
        if variables["input"]["reason"] == "whim" {
            return vec![error("INVALID_REASON", json!(["input", "reason"]))];
        }
        let mut errors = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let expected = row.get("changeFromQuantity").expect("changeFromQuantity is always sent");
            let amount = row.get("quantity").or(row.get("delta")).and_then(Value::as_i64).unwrap();
            assert!(i32::try_from(amount).is_ok(), "Could not coerce value {amount} to Int");
            if rows.iter().filter(|other| place(other) == place(row)).count() > 1 {
                let code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR";
                errors.push(error(code, json!(["input", list, at.to_string(), "locationId"])));
            } else if row["locationId"] == "nowhere" {
                errors.push(error("INVALID_LOCATION", json!(["input", list, at.to_string(), "locationId"])));
            } else if expected.as_i64().is_some_and(|expected| self.levels.get(&place(row)) != Some(&expected)) {
                let field = json!(["input", list, at.to_string(), "changeFromQuantity"]);
                errors.push(error("CHANGE_FROM_QUANTITY_STALE", if self.vague { Value::Null } else { field }));
            }
        }
        if !errors.is_empty() {
            self.keys.insert(key.to_owned(), (variables["input"].clone(), false));
        }
        errors
    }

    fn apply(&mut self, row: &Value) {
        let level = self.levels.entry(place(row)).or_default();
        match row.get("quantity") {
            Some(quantity) => *level = quantity.as_i64().unwrap(),
            None => *level += row["delta"].as_i64().unwrap(),
        }
    }
}

fn place(row: &Value) -> (String, String) {
    (row["inventoryItemId"].as_str().unwrap().to_owned(), row["locationId"].as_str().unwrap().to_owned())
}

struct Test {
    stock: Arc<Stock>,
    client: Client,
    change: Change,
}

impl Test {
    /// A stock with ten of each of 600 items at `here`.
    fn new(set_up: impl FnOnce(&mut State)) -> Self {
        let stock = Arc::new(Stock::default());
        let mut state = stock.0.lock().unwrap();
        state.levels.extend((0..600).map(|item| ((item.to_string(), "here".to_owned()), 10)));
        set_up(&mut state);
        drop(state);
        let client = client(Arc::new(Graph(Arc::clone(&stock))));
        let change = Change { name: QuantityName::Available, reason: "correction".into(), reference: None };
        Self { stock, client, change }
    }

    async fn set(&self, rows: &[Row], decide: impl FnMut(&Row, i64) -> Decision + Send) -> Vec<RowResult> {
        let call = Call::foreground(Duration::from_secs(60));
        set_quantities(&self.client, &shop(), &self.change, rows, "event", decide, &call).await.unwrap()
    }

    async fn adjust(&self, rows: &[Row], decide: impl FnMut(&Row, i64) -> Decision + Send) -> Vec<RowResult> {
        let call = Call::foreground(Duration::from_secs(600));
        adjust_quantities(&self.client, &shop(), &self.change, rows, "event", decide, &call).await.unwrap()
    }

    fn level(&self, item: usize) -> i64 {
        self.stock.0.lock().unwrap().levels[&(item.to_string(), "here".to_owned())]
    }

    fn writes(&self) -> Vec<usize> {
        self.stock.0.lock().unwrap().writes.clone()
    }
}

fn rows(count: usize, amount: i64) -> Vec<Row> {
    let row =
        |item: usize| Row { item: item.to_string(), location: "here".into(), amount, expected: Expected::Quantity(10) };
    (0..count).map(row).collect()
}

fn never(_: &Row, current: i64) -> Decision {
    panic!("nothing is stale, but {current} was read")
}

fn rejected(code: &str) -> RowResult {
    RowResult::Rejected { code: code.into() }
}

#[tokio::test(start_paused = true)]
async fn rows_go_in_batches_of_250() {
    let test = Test::new(|_| {});
    assert_eq!(test.set(&rows(501, 3), never).await, vec![RowResult::Written; 501]);
    assert_eq!(test.writes(), [250, 250, 1]);
    assert_eq!((test.level(0), test.level(500), test.level(501)), (3, 3, 10));
    assert!(test.set(&[], never).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_good_rows_beside_a_bad_one_are_written() {
    for verb in ["set", "adjust"] {
        let test = Test::new(|_| {});
        let mut rows = rows(5, 3);
        rows[2].location = "nowhere".into();
        let results = if verb == "set" { test.set(&rows, never).await } else { test.adjust(&rows, never).await };
        let mut expected = vec![RowResult::Written; 5];
        expected[2] = rejected("INVALID_LOCATION");
        assert_eq!(results, expected, "{verb}");
        assert_eq!(test.level(4), if verb == "set" { 3 } else { 13 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_row_is_read_again_and_decided_anew() {
    let test = Test::new(|state| {
        state.levels.insert(("1".into(), "here".into()), 7);
        state.levels.insert(("2".into(), "here".into()), 6);
        state.levels.remove(&("3".into(), "here".into()));
    });
    let mut asked = Vec::new();
    let results = test
        .set(&rows(5, 3), |row, current| {
            asked.push((row.item.clone(), current));
            if current == 7 { Decision::Write(70) } else { Decision::Leave }
        })
        .await;
    assert_eq!(asked, [("1".to_owned(), 7), ("2".to_owned(), 6)]);
    let (written, left) = (RowResult::Written, RowResult::Left { current: 6 });
    assert_eq!(results, [written.clone(), written.clone(), left, rejected("NOT_STOCKED"), written]);
    assert_eq!((test.level(0), test.level(1), test.level(2)), (3, 70, 6));
}

#[tokio::test(start_paused = true)]
async fn a_row_that_keeps_changing_is_given_up_and_the_others_are_written() {
    for vague in [false, true] {
        let test = Test::new(|state| {
            state.vague = vague;
            state.meddling = (0..9).map(|at| (at, ("1".into(), "here".into()), 100 + at as i64)).collect();
        });
        let mut rows = rows(3, 3);
        rows[2].expected = Expected::Unconditional;
        let results = test.set(&rows, |_, _| Decision::Write(3)).await;
        assert_eq!(results, [RowResult::Written, RowResult::Stale { current: 103 }, RowResult::Written], "{vague}");
        assert_eq!(test.writes(), [3, 3, 3, 3, 2]);
        assert_eq!((test.level(0), test.level(2)), (3, 3));
    }
}

#[tokio::test(start_paused = true)]
async fn an_unconditional_row_overwrites_whatever_is_there() {
    let test = Test::new(|state| state.put(0, 77));
    let mut rows = rows(1, 3);
    rows[0].expected = Expected::Unconditional;
    assert_eq!(test.set(&rows, never).await, [RowResult::Written]);
    assert_eq!(test.level(0), 3);
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_whole_batch_is_every_rows() {
    let mut test = Test::new(|_| {});
    test.change.reason = "whim".into();
    assert_eq!(test.set(&rows(2, 3), never).await, vec![rejected("INVALID_REASON"); 2]);
    assert_eq!(test.adjust(&rows(2, 3), never).await, vec![rejected("INVALID_REASON"); 2]);
}

#[tokio::test(start_paused = true)]
async fn a_stock_out_of_service_rejects_no_row_but_parks_the_caller() {
    let test = Test::new(|state| state.away = true);
    let call = Call::foreground(Duration::from_secs(60));
    let written = adjust_quantities(&test.client, &shop(), &test.change, &rows(2, 5), "event", never, &call).await;
    assert!(matches!(written.unwrap_err().retry, crate::Retry::After(_)));
    assert_eq!(test.adjust(&rows(2, 5), never).await, vec![RowResult::Written; 2]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_and_a_redelivery_add_nothing_twice() {
    let test = Test::new(|state| state.lost = vec![0]);
    for _ in 0..3 {
        assert_eq!(test.adjust(&rows(300, 5), never).await, vec![RowResult::Written; 300]);
    }
    assert_eq!((test.level(0), test.level(299)), (15, 15));
}

#[tokio::test(start_paused = true)]
async fn a_redelivery_after_a_refused_batch_adds_nothing_twice() {
    let test = Test::new(|_| {});
    let mut rows = rows(4, 5);
    rows[1].location = "nowhere".into();
    let mut expected = vec![RowResult::Written; 4];
    expected[1] = rejected("INVALID_LOCATION");
    assert_eq!(test.adjust(&rows, never).await, expected);
    // What was wrong is right the next time: the whole batch would fit now.
    test.stock.0.lock().unwrap().levels.insert(("1".into(), "nowhere".into()), 10);
    for _ in 0..2 {
        let again = test.adjust(&rows, never).await;
        assert_eq!((&again[0], &again[2], &again[3]), (&RowResult::Written, &RowResult::Written, &RowResult::Written));
        assert_eq!((test.level(0), test.level(2), test.level(3)), (15, 15, 15));
    }
}

#[tokio::test(start_paused = true)]
async fn a_redelivery_after_a_decision_never_adds_twice_and_says_what_it_can_not_know() {
    let test = Test::new(|state| state.put(0, 8));
    let decide = |_: &Row, _: i64| Decision::Write(5);
    assert_eq!(test.adjust(&rows(2, 5), decide).await, [RowResult::Written, RowResult::Written]);
    assert_eq!((test.level(0), test.level(1)), (13, 15));
    assert_eq!(test.adjust(&rows(2, 5), decide).await, [RowResult::Unclear, RowResult::Written]);
    assert_eq!((test.level(0), test.level(1)), (13, 15));
}

#[tokio::test(start_paused = true)]
async fn a_redelivery_adds_nothing_even_where_the_quantity_is_the_expected_one_again() {
    let test = Test::new(|state| state.put(0, 8));
    assert_eq!(test.adjust(&rows(2, 5), |_, _| Decision::Write(5)).await, vec![RowResult::Written; 2]);
    test.stock.0.lock().unwrap().put(0, 10);
    assert_eq!(test.adjust(&rows(2, 5), never).await, [RowResult::Unclear, RowResult::Written]);
    assert_eq!((test.level(0), test.level(1)), (10, 15));
}

#[tokio::test(start_paused = true)]
async fn setting_again_after_a_decision_asks_again() {
    let test = Test::new(|state| state.put(0, 8));
    assert_eq!(test.set(&rows(2, 5), |_, _| Decision::Write(6)).await, vec![RowResult::Written; 2]);
    let leave = |_: &Row, current: i64| if current == 6 { Decision::Leave } else { Decision::Write(5) };
    let again = test.set(&rows(2, 5), leave).await;
    assert_eq!(again, [RowResult::Left { current: 6 }, RowResult::Written]);
    assert_eq!((test.level(0), test.level(1)), (6, 5));
}

#[tokio::test(start_paused = true)]
async fn another_event_writes_again() {
    let test = Test::new(|_| {});
    let call = Call::foreground(Duration::from_secs(60));
    let mut unconditional = rows(1, 5);
    unconditional[0].expected = Expected::Unconditional;
    for event in ["a", "b", "a"] {
        let results =
            adjust_quantities(&test.client, &shop(), &test.change, &unconditional, event, never, &call).await.unwrap();
        assert_eq!(results, [RowResult::Written]);
    }
    assert_eq!(test.level(0), 20);
}

#[tokio::test(start_paused = true)]
async fn same_pair_twice_goes_in_two_calls_in_the_order_of_its_rows() {
    for verb in ["set", "adjust"] {
        let test = Test::new(|_| {});
        let mut rows = rows(3, 4);
        // The second row of item 0 expects what the first one leaves.
        let after = if verb == "set" { 4 } else { 14 };
        rows.push(Row { amount: 7, expected: Expected::Quantity(after), ..rows[0].clone() });
        rows.push(Row { amount: 9, expected: Expected::Unconditional, ..rows[0].clone() });
        let results = if verb == "set" { test.set(&rows, never).await } else { test.adjust(&rows, never).await };
        assert_eq!(results, vec![RowResult::Written; 5], "{verb}");
        assert_eq!(test.writes(), [3, 1, 1], "{verb}");
        assert_eq!(test.level(0), if verb == "set" { 9 } else { 10 + 4 + 7 + 9 });
        // The same event again adds nothing.
        if verb == "adjust" {
            test.adjust(&rows, never).await;
            assert_eq!(test.level(0), 30);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn repeated_pairs_do_not_change_the_batches_of_the_others() {
    let test = Test::new(|_| {});
    let mut rows = rows(300, 3);
    rows.insert(1, Row { amount: 5, expected: Expected::Unconditional, ..rows[0].clone() });
    assert_eq!(test.set(&rows, never).await, vec![RowResult::Written; 301]);
    assert_eq!(test.writes(), [250, 50, 1]);
    assert_eq!((test.level(0), test.level(299)), (5, 3));
}

#[tokio::test(start_paused = true)]
async fn oversold_item_is_read_and_written_below_zero() {
    let test = Test::new(|state| state.put(0, -3));
    let results = test.set(&rows(2, -5), |_, current| Decision::Write(current - 1)).await;
    assert_eq!(results, vec![RowResult::Written; 2]);
    assert_eq!((test.level(0), test.level(1)), (-4, -5));
}

#[tokio::test(start_paused = true)]
async fn amount_beyond_shopifys_numbers_rejects_its_row_alone() {
    for (amount, code) in [
        (1_000_000_001, "INVALID_QUANTITY_TOO_HIGH"),
        (i64::MAX, "INVALID_QUANTITY_TOO_HIGH"),
        (-1_000_000_001, "INVALID_QUANTITY_TOO_LOW"),
        (i64::MIN, "INVALID_QUANTITY_TOO_LOW"),
    ] {
        let test = Test::new(|_| {});
        let mut rows = rows(3, 4);
        rows[1].amount = amount;
        let results = test.set(&rows, never).await;
        assert_eq!(results, [RowResult::Written, rejected(code), RowResult::Written], "{amount}");
        // What the caller decides later is held to the same.
        let test = Test::new(|state| state.put(0, 7));
        let results = test.set(&rows[..1], |_, _| Decision::Write(amount)).await;
        assert_eq!(results, [rejected(code)], "{amount}");
        assert_eq!(test.level(0), 7);
    }
    let test = Test::new(|_| {});
    let mut rows = rows(1, 4);
    rows[0].expected = Expected::Quantity(i64::MAX);
    assert_eq!(test.set(&rows, never).await, [rejected("CHANGE_FROM_QUANTITY_STALE")]);
}
