//! Events that are done, sent again with their archived bodies.

use serde_json::{Value, json};
use weir_core::ledger::{Key, Record, State};
use weir_ops::{Stack, StackLocation, events::archived_body};
use weir_tests::{Receiver, World, eventually};

use super::command::Weir;

async fn stack(world: &World) -> Stack {
    let deployed = &world.deployed;
    let location = StackLocation::emulated(&deployed.stack_name, &deployed.region, &deployed.endpoint, None);
    Stack::describe(location).await.unwrap()
}

fn order(id: u64, second: u64) -> String {
    json!({"id": id, "updated_at": format!("2026-11-22T12:00:0{second}Z"), "total_price": "10.10"}).to_string()
}

async fn generation(world: &World, record: &Record, generation: u32) -> Record {
    let key = Key { event: record.key.event.clone(), generation };
    eventually(&format!("{key} to be done"), async || {
        world.ledger.get(&key).await.unwrap().filter(|record| record.state == State::Done)
    })
    .await
}

/// Runs `weir events resend`.
async fn resend(weir: &Weir, arguments: &[&str]) -> (i32, Value, String) {
    let arguments: Vec<&str> = ["resend"].iter().chain(arguments).chain(&["--json"]).copied().collect();
    let (status, stdout, stderr) = weir.run("events", &arguments).await;
    (status, serde_json::from_str(&stdout).unwrap_or_default(), stderr)
}

/// Whether each event of the bus is one of these, once: its id and its generation.
async fn published(world: &World, expected: &[(&str, u64)]) {
    let mut seen: Vec<(String, u64)> = Vec::new();
    let all = async || {
        for event in world.take(&world.deployed.tap_queue_url).await {
            let detail = &event["detail"];
            seen.push((detail["id"].as_str().unwrap().to_owned(), detail["generation"].as_u64().unwrap()));
        }
        (seen.len() >= expected.len()).then(|| seen.clone())
    };
    let mut seen = eventually("the events to be published", all).await;
    seen.sort();
    let expected: Vec<_> = expected.iter().map(|(id, generation)| ((*id).to_owned(), *generation)).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn done_event_is_sent_again_as_a_generation_of_its_own_that_is_handled_and_published_once() {
    let service = Receiver::start(|_| "HTTP/1.1 200 OK\r\n\r\n".to_owned()).await;
    let world = World::with("resends", &[("ArchiveDays", "1"), ("ForwardUrl", &service.url)]).await;
    let (weir, stack) = (Weir::of(&world).await, stack(&world).await);
    let mut records = Vec::new();
    // Of order 7 two states: the older one was overtaken.
    for (id, topic, body) in [
        ("refund", "refunds/create", json!({"id": 5, "order_id": 7}).to_string()),
        ("older", "orders/updated", order(7, 1)),
        ("newest", "orders/updated", order(7, 2)),
    ] {
        world.accepted(&world.delivery(topic, id, body)).await;
        let record = world.done(id).await;
        let look = async || archived_body(&stack, &record).await.unwrap();
        eventually(&format!("{id} to be archived"), look).await;
        records.push(record);
    }
    published(&world, &[("newest", 0), ("older", 0), ("refund", 0)]).await;
    assert_eq!(service.received().len(), 3);

    // A preview says what goes and what does not, and changes nothing.
    let shop = ["--shop", "north.myshopify.com"];
    let (status, preview, said) = resend(&weir, &shop).await;
    assert_eq!((status, &preview["changed"], &preview["sends"]), (0, &false.into(), &2.into()), "{preview} {said}");
    assert_eq!(preview["topics"], json!({"orders/updated": 1, "refunds/create": 1}));
    let older = &records[1].key.event;
    assert_eq!(preview["skipped"], json!([{"event": older, "reason": "superseded"}]));
    assert!(preview["dollars"].as_f64().unwrap() > 0.0);

    let (status, outcome, said) = resend(&weir, &[&shop[..], &["--why", "INC-7", "--yes"]].concat()).await;
    assert_eq!((status, &outcome["state"], &outcome["counts"]["sent"]), (0, &"done".into(), &2.into()), "{said}");
    let (refund, newest) = (&records[0], &records[2]);
    for record in [refund, newest] {
        assert_eq!(generation(&world, record, 1).await.attempts, 1);
    }
    published(&world, &[("newest", 1), ("refund", 1)]).await;
    assert_eq!(service.received().len(), 5, "its handler ran again");
    assert!(world.ledger.get(&Key { event: older.clone(), generation: 1 }).await.unwrap().is_none());
    let (_, story, _) = weir.run("events", &["show", &refund.key.event]).await;
    assert!(story.contains("as replay 1 by operator@") && story.contains("INC-7"), "{story}");

    // Resumed after its end, it has nothing left; sent again, the next generation runs.
    let name = outcome["operation"].as_str().unwrap();
    let (status, _, said) = resend(&weir, &["--resume", name, "--yes"]).await;
    assert!(status == 1 && said.contains("is done"), "{said}");
    let (status, ..) = resend(&weir, &[&refund.key.event, "--yes"]).await;
    if status == 1 {
        // The archive gathers events for a minute before it has generation 1.
        let again = generation(&world, refund, 1).await;
        let look = async || archived_body(&stack, &again).await.unwrap();
        eventually("generation 1 to be archived", look).await;
        let (status, outcome, said) = resend(&weir, &[&refund.key.event, "--yes"]).await;
        assert_eq!((status, &outcome["counts"]["sent"]), (0, &1.into()), "{said}");
    }
    generation(&world, refund, 2).await;
    let (_, resends, _) = weir.run("events", &["resends", "--json"]).await;
    assert_eq!(serde_json::from_str::<Value>(&resends).unwrap().as_array().unwrap().len(), 2);
    world.end().await;
}

#[tokio::test]
async fn event_that_the_archive_does_not_have_is_refused_and_says_why() {
    let world = World::with("unarchived", &[("ArchiveDays", "0")]).await;
    let weir = Weir::of(&world).await;
    world.accepted(&world.delivery("refunds/create", "1", r#"{"id":1}"#)).await;
    let record = world.done("1").await;
    let (status, _, said) = resend(&weir, &[&record.key.event, "--yes"]).await;
    assert!(status == 1 && said.contains("keeps no archive") && said.contains("ArchiveDays"), "{said}");
    let (status, _, said) = resend(&weir, &["north.myshopify.com#nosuch", "--yes"]).await;
    assert!(status == 1 && said.contains("the ledger does not know it"), "{said}");
    let (status, _, said) = resend(&weir, &["--yes"]).await;
    assert!(status == 2 && said.contains("--since"), "{said}");
    assert!(world.ledger.get(&Key { generation: 1, ..record.key }).await.unwrap().is_none());
    world.end().await;
}
