//! Ten thousand dead letters: filtered, previewed, replayed, killed half-way, resumed.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message};
use futures_util::future::try_join_all;
use serde_json::Value;
use weir_aws::DocumentStore;
use weir_core::{Lane, ledger::State};
use weir_tests::{World, eventually};

use super::{
    command::Weir,
    fill::{Dead, fill},
};

/// So many messages. Every fifth failed for another reason, and is not meant.
const MESSAGES: usize = 10_000;

fn dead_letters() -> Vec<Dead> {
    let shops = ["north", "mill", "harbour"].map(|shop| format!("{shop}.myshopify.com"));
    let kinds = [
        ("refunds/create", Lane::Standard),
        ("carts/update", Lane::Bulk),
        ("disputes/create", Lane::Standard),
        ("orders/paid", Lane::Urgent),
    ];
    let one = |index: usize| {
        let (topic, lane) = kinds[index % kinds.len()];
        let error = match index % 5 {
            0 => format!("not JSON (line 1, column {index})"),
            _ => "the ERP answered HTTP 500".to_owned(),
        };
        let body = format!("{{\"id\":{},\"updated_at\":\"2026-11-22T12:00:00Z\"}}", 820_982_911_946_000_000 + index);
        Dead::new(&format!("e-{index}"), &shops[index % shops.len()], topic, lane, &error, body.as_bytes())
    };
    (0..MESSAGES).map(one).collect()
}

const MEANT: [&str; 2] = ["--error", "http 500"];

async fn depths(world: &World) -> usize {
    let mut all = 0;
    for lane in Lane::ALL {
        all += world.depth(&world.deployed.lanes[lane.as_str()].dlq_url).await;
    }
    all
}

/// Takes what was published, ten at a time, until nothing is there.
async fn published(world: &World, counts: &mut HashMap<String, usize>) -> Option<()> {
    let sqs = aws_sdk_sqs::Client::new(&world.aws);
    let (tap, before) = (&world.deployed.tap_queue_url, counts.len());
    loop {
        let receives = (0..4).map(|_| sqs.receive_message().queue_url(tap).max_number_of_messages(10).send());
        let replies = try_join_all(receives).await.unwrap();
        let batches: Vec<Vec<Message>> = replies.into_iter().filter_map(|reply| reply.messages).collect();
        if batches.iter().all(Vec::is_empty) {
            return (counts.len() > before).then_some(());
        }
        for messages in batches {
            let mut entries = Vec::new();
            for (index, message) in messages.into_iter().enumerate() {
                let entry: Value = serde_json::from_str(&message.body.unwrap()).unwrap();
                *counts.entry(entry["detail"]["id"].as_str().unwrap().to_owned()).or_default() += 1;
                let entry = DeleteMessageBatchRequestEntry::builder().id(index.to_string());
                entries.push(entry.receipt_handle(message.receipt_handle.unwrap()).build().unwrap());
            }
            if !entries.is_empty() {
                sqs.delete_message_batch().queue_url(tap).set_entries(Some(entries)).send().await.unwrap();
            }
        }
    }
}

async fn history(weir: &Weir) -> Value {
    weir.json(&["history"]).await
}

#[tokio::test]
async fn ten_thousand_are_replayed_killed_half_way_and_resumed_with_none_lost_or_doubled() {
    let world = World::new("replay").await;
    let weir = Weir::of(&world).await;
    let dead = dead_letters();
    let began = std::time::Instant::now();
    let step = |what: &str| println!("{:6.1} s  {what}", began.elapsed().as_secs_f64());
    fill(&world, &dead).await;
    step("dead-lettered");
    let meant: BTreeSet<String> =
        dead.iter().filter(|one| one.error.contains("HTTP 500")).map(|one| one.meta.webhook_id.to_string()).collect();

    // A dry run tells what there is, and changes nothing.
    let preview = weir.json(&[&["replay"][..], &MEANT].concat()).await;
    assert_eq!((&preview["changed"], &preview["matching"]), (&false.into(), &meant.len().into()));
    assert_eq!((&preview["read"], &preview["groups"][0]["count"]), (&MESSAGES.into(), &meant.len().into()));
    assert_eq!(preview["to"], serde_json::json!({"urgent": 2_000, "standard": 4_000, "bulk": 2_000}));
    assert_eq!(depths(&world).await, MESSAGES, "everything was given back");
    assert_eq!(history(&weir).await, serde_json::json!([]));

    step("previewed");

    // Killed half-way: when it has written down that it sent some, and not yet all.
    let mut child = weir.start(&[&["replay", "--yes"][..], &MEANT].concat());
    let operations = DocumentStore::new(&world.aws, world.deployed.operations_table.clone());
    let name = eventually("the replay to be under way", async || {
        let there = operations.list::<Value>("replays", true, 1).await.unwrap().pop()?;
        (there.value["counts"]["sent"].as_u64()? > 1_000).then_some(there.name)
    });
    let name = name.await;
    child.kill().await.unwrap();
    let killed = history(&weir).await[0].take();
    assert_eq!((&killed["state"], &killed["by"].as_str().unwrap()[..9]), (&"running".into(), "operator@"));
    let sent = killed["counts"]["sent"].as_u64().unwrap();
    assert!(sent < meant.len() as u64, "it was killed too late: {killed}");

    step(&format!("killed after {sent}"));

    // Resumed, without a word of the filter: it waits for what the killed one held.
    let outcome = weir.json(&["replay", "--resume", &name, "--yes"]).await;
    assert_eq!((&outcome["state"], &outcome["operation"]), (&"done".into(), &name.as_str().into()), "{outcome}");
    step("resumed");
    let ended = history(&weir).await;
    assert_eq!((ended.as_array().unwrap().len(), &ended[0]["state"]), (1, &"done".into()));
    assert_eq!(ended[0]["resumed"].as_array().unwrap().len(), 1);
    let written = weir.json(&["history", &name]).await;
    let events: BTreeSet<&str> = written["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["event"].as_str().unwrap().split_once('#').unwrap().1)
        .collect();
    assert_eq!(events, meant.iter().map(String::as_str).collect(), "what was replayed is written down");

    // Each that was meant took effect once; what was not is where it was.
    let mut counts: HashMap<String, usize> = HashMap::new();
    while counts.len() < meant.len() {
        eventually("another event on the bus", async || published(&world, &mut counts).await).await;
    }
    published(&world, &mut counts).await;
    step("published");
    assert_eq!(counts.keys().cloned().collect::<BTreeSet<_>>(), meant);
    let doubled: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    let (mut done, mut page) = (BTreeSet::new(), None);
    loop {
        let next = world.ledger.scan(page).await.unwrap();
        done.extend(next.records.iter().filter(|one| one.state == State::Done).map(|one| {
            assert_eq!(one.key.generation, 0);
            one.key.event.split_once('#').unwrap().1.to_owned()
        }));
        if !next.has_more() {
            break;
        }
        page = Some(next);
    }
    assert_eq!(done, meant);
    assert_eq!(depths(&world).await, MESSAGES - meant.len());
    let rest = weir.json(&["list"]).await;
    let group = &rest["groups"][0];
    assert_eq!((&group["what"], &group["count"]), (&"not JSON (line #, column #)".into(), &2_000.into()));
    world.end().await;
}
