//! States of one resource whose `updated_at` is the same: Shopify's has whole seconds.

#![expect(clippy::unwrap_used, reason = "support of tests, where unwrapping is asserting")]

use std::sync::{Arc, Mutex};

use crate::support::{World, envelope_of, run};
use weir_consumer::router::{Event, Router};
use weir_core::{
    EventId, UnixMillis,
    envelope::{self, Envelope},
    ledger::{Attempt, Outcome, State},
};

/// A delivery of an inventory level that was triggered in the sixth second of a minute.
fn level(topic: &str, id: &str, triggered_at: &str, available: Option<i64>) -> String {
    let ids = r#""inventory_item_id":271,"location_id":24"#;
    let body = match available {
        Some(available) => format!(r#"{{{ids},"available":{available},"updated_at":"2026-11-27T05:00:05Z"}}"#),
        None => format!("{{{ids}}}"),
    };
    let triggered_at = format!("2026-11-27T05:00:{triggered_at}Z");
    envelope_of(&format!("inventory_levels/{topic}"), Some(&triggered_at), id, body.as_bytes())
}

/// The same delivery, of an action.
fn of_action(message: &str, action: &str) -> String {
    let delivered = Envelope::parse(message).unwrap();
    let mut meta = delivered.meta.clone();
    meta.event_id = EventId::parse(action);
    envelope::seal(&meta, &delivered.open(None).unwrap()).unwrap()
}

/// Runs the messages one after the other; the ids for which handlers ran, and what was published, as topic and id.
async fn effects(world: &World, messages: &[String]) -> (Vec<String>, Vec<(String, String)>) {
    let ran = Arc::new(Mutex::new(Vec::new()));
    let seen = ran.clone();
    let worker = world.worker(Router::new().on("*", move |event: Event| {
        seen.lock().unwrap().push(event.meta().webhook_id.to_string());
        std::future::ready(Ok(()))
    }));
    for message in messages {
        assert!(run(&worker, std::slice::from_ref(message)).await.is_empty());
    }
    let ran = ran.lock().unwrap().clone();
    let id =
        |detail: String| serde_json::from_str::<serde_json::Value>(&detail).unwrap()["id"].as_str().unwrap().to_owned();
    (ran, world.topics().into_iter().zip(world.published().into_iter().map(id)).collect())
}

fn outcome(world: &World, id: &str) -> Outcome {
    let Attempt { outcome, .. } = world.record(id).history.pop().unwrap();
    outcome
}

#[tokio::test(start_paused = true)]
async fn three_states_of_one_second_in_order_all_take_effect() {
    let levels = [("10", "05.1", 10), ("9", "05.4", 9), ("8", "05.7", 8)];
    let messages = levels.map(|(id, at, available)| level("update", id, at, Some(available)));
    let (ran, published) = effects(&World::default(), &messages).await;
    assert_eq!(ran, ["10", "9", "8"]);
    assert!(published.iter().all(|(topic, _)| topic == "inventory_levels/update"), "{published:?}");
}

#[tokio::test(start_paused = true)]
async fn the_newest_of_three_states_of_one_second_is_the_last_in_any_order() {
    let levels = [("10", "05.1", 10), ("9", "05.4", 9), ("8", "05.7", 8)];
    for order in [[2, 0, 1], [2, 1, 0], [1, 2, 0], [0, 2, 1], [1, 0, 2]] {
        let messages = order.map(|index: usize| {
            let (id, at, available) = levels[index];
            level("update", id, at, Some(available))
        });
        let (ran, published) = effects(&World::default(), &messages).await;
        assert_eq!(ran.last().map(String::as_str), Some("8"), "{order:?}");
        let own = published.iter().rfind(|(topic, _)| topic == "inventory_levels/update");
        assert_eq!(own.map(|(_, id)| id.as_str()), Some("8"), "{order:?}");
        assert_eq!(published.len(), 3, "what came too late is published apart: {published:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_state_runs_no_handler_and_is_not_published() {
    let world = World::default();
    let messages = ["1", "2", "3"].map(|id| level("update", id, "05.1", Some(10)));
    let (ran, published) = effects(&world, &messages).await;
    assert_eq!(ran, ["1"]);
    assert_eq!(published, [("inventory_levels/update".to_owned(), "1".to_owned())]);
    assert_eq!((outcome(&world, "1"), outcome(&world, "2")), (Outcome::Done, Outcome::Repeated));
    assert_eq!(world.record("2").state, State::Stale);
}

#[tokio::test(start_paused = true)]
async fn a_body_without_updated_at_takes_its_place_by_its_trigger() {
    let (gone, back) = (level("disconnect", "gone", "05.2", None), level("connect", "back", "05.7", Some(3)));
    let (ran, _) = effects(&World::default(), &[gone.clone(), back.clone()]).await;
    assert_eq!(ran, ["gone", "back"]);
    let (ran, published) = effects(&World::default(), &[back, gone]).await;
    assert_eq!(ran, ["back"]);
    assert_eq!(published[1].0, "superseded/inventory_levels/disconnect");
}

#[tokio::test(start_paused = true)]
async fn topics_of_one_action_run_in_any_order_and_an_older_action_does_not() {
    let (connect, update) = (level("connect", "a", "05.3", Some(3)), level("update", "b", "05.5", Some(3)));
    let [connect, update] = [connect, update].map(|message| of_action(&message, "stocked"));
    let before = of_action(&level("connect", "c", "05.4", Some(2)), "before");
    let (ran, published) = effects(&World::default(), &[update, connect, before]).await;
    assert_eq!(ran, ["b", "a"]);
    assert_eq!(published[2].0, "superseded/inventory_levels/connect");
}

#[tokio::test(start_paused = true)]
async fn a_version_far_ahead_of_the_clock_holds_up_no_other_event() {
    let world = World::default();
    let order = |id: &str, updated_at: &str| {
        envelope_of("orders/updated", None, id, format!(r#"{{"id":1,"updated_at":"{updated_at}"}}"#).as_bytes())
    };
    let messages =
        [order("1", "2026-11-27T05:00:00Z"), order("2", "9999-12-30T00:00:00Z"), order("3", "2026-11-27T05:00:01Z")];
    let (ran, _) = effects(&world, &messages).await;
    assert_eq!(ran, ["1", "2", "3"]);
    let resource = world.ledger.resource("north.myshopify.com#default#orders/1").unwrap();
    assert!(!resource.newest.version.is_far_ahead_of(UnixMillis(1_795_755_600_000)));
}
