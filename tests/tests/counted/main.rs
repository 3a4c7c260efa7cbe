//! What one event makes the functions ask of AWS, counted on the wire, and held against `bench/counted.json`, from which
//! `weir cost` reckons.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod items;
mod lines;
mod wire;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use weir_tests::{World, eventually};

use items::Stored;
use lines::Lines;
use wire::Wire;

/// One of each is counted so often. SQS and DynamoDB repeat a request now and then when the emulator is slow: the usual
/// count is the one that most had.
const TIMES: usize = 5;

/// Asked by the clock and not by the event.
const BY_TIME: [&str; 3] = ["secretsmanager:GetSecretValue", "ssm:GetParameter", "sqs:GetQueueAttributes"];

const FUNCTIONS: [&str; 4] = ["IngestFunction", "UrgentWorker", "StandardWorker", "BulkWorker"];

type Counts = BTreeMap<String, u64>;

/// Posts one after the other, each done before the next, and gives the counts that most of them had.
async fn usual(world: &World, wire: &Wire, topic: &str, name: &str, deliveries: usize) -> Counts {
    let mut all: Vec<Counts> = Vec::new();
    for number in 0..TIMES {
        let id = format!("{name}-{number}");
        let body = shopify_samples::Samples::new(number as u64, "north.myshopify.com", jiff::Timestamp::now());
        let body = body.clone().body(topic).unwrap();
        let before = wire.counts();
        for delivery in 0..deliveries {
            assert_eq!(world.post(&world.delivery(topic, &id, body.clone())).await.status, 200);
            let known = |record: &weir_core::ledger::Record| record.duplicates as usize >= delivery;
            eventually("the event", async || world.record(&id).await.filter(known)).await;
            world.done(&id).await;
        }
        // The last request may still be on its way back: the one that counts nothing more is the answer to Lambda.
        let mut counts = wire.counts();
        for (operation, count) in &before {
            *counts.entry(operation.clone()).or_default() -= count;
        }
        counts.retain(|operation, count| *count > 0 && !BY_TIME.contains(&operation.as_str()));
        all.push(counts);
    }
    let times = |counts: &Counts| all.iter().filter(|other| *other == counts).count();
    all.iter().max_by_key(|counts| times(counts)).unwrap().clone()
}

fn less(more: &Counts, base: &Counts) -> Counts {
    let left = more.iter().map(|(name, count)| (name.clone(), count - base.get(name).copied().unwrap_or_default()));
    left.filter(|(_, count)| *count > 0).collect()
}

fn committed() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../bench/counted.json");
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The same to a tenth: ids and times differ in their length.
fn is_about(counted: &Value, committed: &Value) -> bool {
    match (counted, committed) {
        (Value::Object(one), Value::Object(other)) => {
            one.iter().all(|(name, value)| other.get(name).is_some_and(|committed| is_about(value, committed)))
        }
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= other / 10.0
        }
        (one, other) => one == other,
    }
}

#[tokio::test]
async fn an_event_asks_of_aws_what_the_cost_model_reckons_with() {
    let world = World::new("counted").await;
    let wire = Wire::start(&world.deployed.endpoint).await;
    for function in FUNCTIONS {
        world.set_variables(function, &[("WEIR_ENDPOINT_URL", &wire.url())]).await;
    }
    // What a process asks once, when it begins, is no event's.
    for (topic, id) in [("orders/paid", "warm-1"), ("orders/create", "warm-2"), ("products/update", "warm-3")] {
        let body = shopify_samples::Samples::new(7, "north.myshopify.com", jiff::Timestamp::now()).body(topic).unwrap();
        world.post(&world.delivery(topic, id, body)).await;
        world.done(id).await;
    }
    let each = usual(&world, &wire, "refunds/create", "each", 1).await;
    let ordered = usual(&world, &wire, "orders/create", "ordered", 1).await;
    let twice = usual(&world, &wire, "refunds/create", "twice", 2).await;
    let stored = Stored::read(&world, "ordered-0").await;
    let lines = Lines::read(&world).await;
    let counted = json!({
        "requests_per_event": each,
        "more_per_ordered_event": less(&ordered, &each),
        "more_per_duplicate": less(&twice, &each),
        "stored_bytes": stored.json(),
        "log_bytes": lines.bytes(),
        "metrics": lines.series(),
    });
    let whole = committed();
    let committed = &whole["weir"];
    for part in ["requests_per_event", "more_per_ordered_event", "more_per_duplicate"] {
        assert_eq!(committed[part], counted[part], "bench/counted.json is not what was counted: {counted:#}");
    }
    for part in ["stored_bytes", "log_bytes", "metrics"] {
        assert!(is_about(&counted[part], &committed[part]), "bench/counted.json is not what was counted: {counted:#}");
    }
    world.end().await;
}
