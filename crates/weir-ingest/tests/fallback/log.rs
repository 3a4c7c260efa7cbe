//! What the log says of the second region.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;
use tracing_subscriber::filter::LevelFilter;
use weir_telemetry::logs;

use super::there;
use crate::{
    ORDER,
    support::{HANGS, Outside, Request, World},
};

/// The lines of warnings and errors while one order is posted.
async fn troubles(world: &World) -> Vec<Value> {
    let (subscriber, output) = logs::captured(LevelFilter::INFO);
    let told = tracing::subscriber::set_default(subscriber);
    world.post(&Request::signed(ORDER)).await;
    drop(told);
    let lines = output.lines().into_iter().map(|line| serde_json::from_str::<Value>(&line).unwrap());
    lines.filter(|line| line["level"] != "INFO").collect()
}

#[track_caller]
fn assert_names_the_delivery(line: &Value) {
    assert_eq!(line["shop"], "north.myshopify.com", "{line}");
    assert_eq!(line["topic"], "orders/create", "{line}");
    assert_eq!(line["webhook_id"], "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", "{line}");
    assert!(!line.to_string().contains("820982911946154508"), "the body is in the log: {line}");
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_the_fallback_took_is_one_warning_with_the_reason() {
    for (home, reason) in [(None, "refused"), (HANGS, "no answer within 1500 ms")] {
        let lines = troubles(&World::with_fallback(Outside::with_queue(home), &there())).await;
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert_names_the_delivery(line);
        assert_eq!((&line["level"], &line["message"]), (&"WARN".into(), &"Enqueued in the fallback region".into()));
        assert_eq!(line["reason"], reason);
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_neither_took_is_one_error_with_both_reasons() {
    let lines = troubles(&World::with_fallback(Outside::with_queue(None), &Outside::with_queue(HANGS))).await;
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_names_the_delivery(line);
    assert_eq!((&line["level"], &line["message"]), (&"ERROR".into(), &"The delivery was not stored".into()));
    assert_eq!(line["error"], "refused; in the fallback region: no answer within 3000 ms");
}

#[tokio::test(start_paused = true)]
async fn without_a_fallback_a_queue_that_hangs_is_one_error() {
    let lines = troubles(&World::new(Outside::with_queue(HANGS))).await;
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_names_the_delivery(line);
    assert_eq!(line["error"], "no answer within 3000 ms");
}
