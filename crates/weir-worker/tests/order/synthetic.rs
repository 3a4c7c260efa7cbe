//! Synthetic events beside delivered ones of the same resource.

#![expect(clippy::unwrap_used, reason = "support of tests, where unwrapping is asserting")]

use std::sync::{Arc, Mutex};

use crate::support::{World, envelope_of, run};
use weir_consumer::router::{Event, Router};
use weir_core::{
    UnixMillis,
    envelope::{self, Envelope, RECONCILE},
    ledger::State,
    sha256,
};

use super::{NEW, OLD, order};

/// What the reconciliation would send in place of a delivery.
fn synthetic(topic: &str, id: &str, updated_at: &str) -> String {
    let delivered = Envelope::parse(&order(topic, id, updated_at)).unwrap();
    let mut meta = delivered.meta.clone();
    meta.synthetic = Some(RECONCILE.to_owned());
    // It was read when the second was over.
    meta.received_at = UnixMillis(1_795_756_200_000);
    envelope::seal(&meta, &delivered.open(None).unwrap()).unwrap()
}

/// Runs the messages one after the other; the ids that took effect, and how each ended.
async fn effects(messages: &[String], ids: &[&str]) -> (Vec<String>, Vec<State>, Vec<String>) {
    let world = World::default();
    let ran = Arc::new(Mutex::new(Vec::new()));
    let seen = ran.clone();
    let worker = world.worker(Router::new().on("*", move |event: Event| {
        seen.lock().unwrap().push(event.meta().webhook_id.to_string());
        std::future::ready(Ok(()))
    }));
    for message in messages {
        assert!(run(&worker, std::slice::from_ref(message)).await.is_empty());
    }
    let states = ids.iter().map(|id| world.record(id).state).collect();
    (ran.lock().unwrap().clone(), states, world.topics())
}

#[tokio::test(start_paused = true)]
async fn a_synthetic_event_undoes_no_newer_delivery() {
    let messages = [order("orders/updated", "new", NEW), synthetic("orders/create", "made", OLD)];
    let (ran, states, topics) = effects(&messages, &["new", "made"]).await;
    assert_eq!((ran, states), (vec!["new".to_owned()], vec![State::Done, State::Stale]));
    assert_eq!(topics, ["orders/updated"], "nor is it published apart: nobody delivered it");
}

#[tokio::test(start_paused = true)]
async fn a_delivery_of_the_same_version_that_comes_late_has_no_second_effect() {
    for topic in ["orders/create", "orders/updated"] {
        let messages = [synthetic(topic, "made", OLD), order(topic, "late", OLD)];
        let (ran, states, _) = effects(&messages, &["made", "late"]).await;
        assert_eq!((ran, states), (vec!["made".to_owned()], vec![State::Done, State::Stale]), "{topic}");
    }
}

/// Shopify's REST API may write the same state in other bytes than its webhooks do.
#[tokio::test(start_paused = true)]
async fn a_delivery_of_the_same_second_that_comes_late_in_other_bytes_has_no_second_effect() {
    let body = br#"{"id":820982911946154508, "updated_at":"2026-11-27T05:00:00Z"}"#;
    for topic in ["orders/create", "orders/updated"] {
        let late = envelope_of(topic, Some("2026-11-27T05:00:00.4Z"), "late", body);
        let (ran, states, topics) = effects(&[synthetic(topic, "made", OLD), late], &["made", "late"]).await;
        assert_eq!((ran, states), (vec!["made".to_owned()], vec![State::Done, State::Stale]), "{topic}");
        assert_eq!(topics, [topic.to_owned(), format!("superseded/{topic}")]);
    }
    let paid = envelope_of("orders/paid", Some("2026-11-27T05:00:00.4Z"), "paid", body);
    let (ran, ..) = effects(&[synthetic("orders/updated", "made", OLD), paid], &["made", "paid"]).await;
    assert_eq!(ran, ["made", "paid"], "another topic's delivery is news");
}

#[tokio::test(start_paused = true)]
async fn once_only_event_has_no_second_effect_by_a_newer_snapshot() {
    let messages = [order("orders/create", "delivered", OLD), synthetic("orders/create", "made", NEW)];
    let (ran, states, _) = effects(&messages, &["delivered", "made"]).await;
    assert_eq!((ran, states), (vec!["delivered".to_owned()], vec![State::Done, State::Stale]));
    let messages = [synthetic("orders/create", "made", NEW), order("orders/create", "delivered", OLD)];
    let (ran, states, _) = effects(&messages, &["made", "delivered"]).await;
    assert_eq!((ran, states), (vec!["made".to_owned()], vec![State::Done, State::Stale]));
}

#[tokio::test(start_paused = true)]
async fn an_update_that_was_lost_takes_effect() {
    let messages = [order("orders/updated", "delivered", OLD), synthetic("orders/updated", "made", NEW)];
    let (ran, states, _) = effects(&messages, &["delivered", "made"]).await;
    assert_eq!((ran.len(), states), (2, vec![State::Done, State::Done]));
}

#[tokio::test(start_paused = true)]
async fn a_second_reading_under_the_same_id_is_acknowledged_and_the_first_one_stands() {
    let first = synthetic("orders/updated", "made", OLD);
    let parsed = Envelope::parse(&first).unwrap();
    let mut meta = parsed.meta.clone();
    let body = br#"{"id":820982911946154508,"note":"x","updated_at":"2026-11-27T05:00:00Z"}"#;
    meta.body_sha256 = sha256::hex(body);
    let (ran, states, _) = effects(&[first, envelope::seal(&meta, body).unwrap()], &["made"]).await;
    assert_eq!((ran, states), (vec!["made".to_owned()], vec![State::Done]));
}
