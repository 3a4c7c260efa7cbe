//! One event at a time: shown, given another body, forced, dropped.

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde_json::Value;
use weir_aws::DocumentStore;
use weir_core::{
    Lane,
    ledger::{Key, Record, State},
};
use weir_tests::{World, eventually};

use super::{
    command::Weir,
    fill::{Dead, fill, record},
};

const SHOP: &str = "north.myshopify.com";

fn dead(id: &str, body: &[u8]) -> Dead {
    Dead::new(id, SHOP, "refunds/create", Lane::Standard, "the body is not JSON", body)
}

async fn generation(world: &World, id: &str, generation: u32) -> Option<Record> {
    world.ledger.get(&Key { event: format!("{SHOP}#{id}"), generation }).await.unwrap()
}

async fn done(world: &World, id: &str, number: u32) {
    let look = async || generation(world, id, number).await.filter(|record| record.state == State::Done);
    eventually(&format!("replay {number} of {id} to be done"), look).await;
}

#[tokio::test]
async fn a_poison_payload_is_replaced_from_a_file_and_runs_as_a_new_generation() {
    let world = World::new("fixed").await;
    let weir = Weir::of(&world).await;
    let poison = dead("poison", b"{\"id\":7,\"email\":");
    fill(&world, std::slice::from_ref(&poison)).await;
    let name = format!("{SHOP}#poison");

    let shown = weir.json(&["show", &name]).await;
    assert_eq!((&shown["error"], &shown["state"]), (&"the body is not JSON".into(), &"failed".into()));
    assert!(!shown.to_string().contains("email"), "bodies are shown on request only");
    let (status, body, _) = weir.dlq(&["show", "poison", "--body"]).await;
    assert_eq!((status, body.as_bytes()), (0, poison.body.as_slice()));
    let (status, body, _) = weir.run("events", &["show", &name, "--body"]).await;
    assert_eq!((status, body.as_bytes()), (0, poison.body.as_slice()), "the event's story has it as well");

    let fixed = weir.file("fixed.json");
    std::fs::write(&fixed, "{\"id\":7}").unwrap();
    let file = fixed.to_str().unwrap();
    let preview = weir.json(&["replay", "--event", &name, "--file", file]).await;
    assert_eq!(
        (&preview["changed"], &preview["generation"], &preview["new_bytes"]),
        (&false.into(), &1.into(), &8.into())
    );
    assert_eq!(weir.json(&["list"]).await["matching"], 1, "a preview changes nothing");
    weir.json(&["replay", "--event", &name, "--file", file, "--yes"]).await;
    done(&world, "poison", 1).await;
    let [event] = &world.events(1).await[..] else { panic!("one event") };
    assert_eq!((&event["data"], &event["generation"]), (&serde_json::json!({"id": 7}), &1.into()));
    assert_eq!(weir.json(&["list"]).await["matching"], 0, "the old message is gone");
    let before = generation(&world, "poison", 0).await.unwrap();
    assert_eq!(
        (&before.state, before.last_error.as_deref()),
        (&State::Replaced { generation: 1 }, Some("the body is not JSON"))
    );
    let (_, failed, _) = weir.run("events", &["list", "--state", "failed"]).await;
    assert!(!failed.contains("#poison"), "{failed}");
    let (_, story, _) = weir.run("events", &["show", &name]).await;
    assert!(story.contains("given another body, as replay 1 by ") && story.contains("replaced: "), "{story}");

    // The same command again does nothing.
    for _ in 0..2 {
        let again = weir.json(&["replay", "--event", &name, "--file", file, "--yes"]).await;
        assert_eq!((&again["changed"], &again["repaired_before"]), (&false.into(), &"done".into()));
    }
    assert!(generation(&world, "poison", 2).await.is_none());
    assert_eq!(weir.json(&["history"]).await.as_array().unwrap().len(), 1);

    // Its message is gone: only with a file it runs again, and with the same one only by force.
    let (status, _, said) = weir.dlq(&["replay", "--event", &name, "--force", "--yes"]).await;
    assert!(status == 1 && said.contains("--file"), "{said}");
    weir.json(&["replay", "--event", &name, "--file", file, "--force", "--yes"]).await;
    done(&world, "poison", 2).await;
    assert_eq!(weir.json(&["history"]).await.as_array().unwrap().len(), 2);
    world.end().await;
}

#[tokio::test]
async fn done_event_is_replayed_once_and_only_by_force() {
    let world = World::new("forced").await;
    let weir = Weir::of(&world).await;
    let all = [dead("a", b"{\"id\":1}"), dead("b", b"{\"id\":2}")];
    fill(&world, &all).await;
    record(&world, &all, "done").await;
    let plain = weir.json(&["replay", "--event", "a", "--yes"]).await;
    assert_eq!((&plain["counts"]["ended"], &plain["counts"]["sent"]), (&1.into(), &0.into()));
    let forced = weir.json(&["replay", "--event", "b", "--force", "--yes"]).await;
    assert_eq!((&forced["counts"]["sent"], &forced["counts"]["forced"]), (&1.into(), &1.into()));
    done(&world, "b", 1).await;
    let [event] = &world.events(1).await[..] else { panic!("one event") };
    assert_eq!((&event["id"], &event["generation"]), (&"b".into(), &1.into()));
    assert!(generation(&world, "a", 1).await.is_none());

    // The same message once more, as if its deletion had been lost: it comes to the same generation.
    fill(&world, &all[1..]).await;
    record(&world, &all[1..], "done").await;
    weir.json(&["replay", "--event", "b", "--force", "--yes"]).await;
    let counted = async || generation(&world, "b", 1).await.filter(|record| record.duplicates == 1);
    eventually("the ledger to tell a duplicate", counted).await;
    assert!(generation(&world, "b", 2).await.is_none());
    world.end().await;
}

#[tokio::test]
async fn dropped_messages_are_exported_and_recorded() {
    let world = World::new("dropped").await;
    let weir = Weir::of(&world).await;
    fill(&world, &[dead("a", b"{\"id\":1}"), dead("b", b"{\"id\":2}")]).await;
    let dlq = &world.deployed.lanes["standard"].dlq_url;
    let sqs = aws_sdk_sqs::Client::new(&world.aws);
    let foreign = SendMessageBatchRequestEntry::builder().id("0").message_body("hello").build().unwrap();
    sqs.send_message_batch().queue_url(dlq).entries(foreign).send().await.unwrap();

    let (status, _, said) = weir.dlq(&["drop", "--yes"]).await;
    assert!(status == 2 && said.contains("--all"), "{said}");
    let preview = weir.json(&["drop", "--state", "unreadable"]).await;
    assert_eq!((&preview["changed"], &preview["dropped"]), (&false.into(), &1.into()));
    assert_eq!(weir.json(&["list"]).await["matching"], 3);

    // A replay leaves what no worker can read.
    let replayed = weir.json(&["replay", "--state", "unreadable", "--yes"]).await;
    assert_eq!((&replayed["counts"]["unreadable"], &replayed["counts"]["sent"]), (&1.into(), &0.into()));

    let keep = weir.file("kept.jsonl");
    drop(std::fs::remove_file(&keep));
    let dropped = weir.json(&["drop", "--all", "--keep", keep.to_str().unwrap(), "--why", "INC-7", "--yes"]).await;
    assert_eq!(dropped["counts"]["dropped"], 3);
    assert_eq!(weir.json(&["list"]).await["matching"], 0);
    let kept = std::fs::read_to_string(&keep).unwrap();
    let kept: Vec<Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(kept.len() == 3 && kept.iter().any(|line| line["message"] == "hello"), "{kept:?}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&keep).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "bodies are in there");
    let name = dropped["operation"].as_str().unwrap();
    let written = weir.json(&["history", name]).await;
    assert_eq!(written["events"].as_array().unwrap().len(), 3);
    let record = generation(&world, "a", 0).await.unwrap();
    assert_eq!((&record.state, record.actions.len()), (&State::Dropped, 1));
    let listed = async |state: &str| weir.run("events", &["list", "--state", state]).await.1;
    assert!(!listed("failed").await.contains(SHOP), "what was dropped is in no trouble");
    eventually("the list of what was dropped", async || {
        let dropped = listed("dropped").await;
        (dropped.contains(&format!("{SHOP}#a")) && dropped.contains(&format!("{SHOP}#b"))).then_some(())
    })
    .await;
    let (_, story, _) = weir.run("events", &["show", &format!("{SHOP}#a")]).await;
    assert!(story.contains("dropped by ") && story.contains(&format!("({name}): INC-7")), "{story}");
    world.end().await;
}

#[tokio::test]
async fn a_replay_that_is_interrupted_gives_back_what_it_holds_and_goes_on_later() {
    let world = World::new("interrupted").await;
    let weir = Weir::of(&world).await;
    let all: Vec<Dead> = (0..30).map(|index| dead(&format!("i-{index}"), b"{\"id\":1}")).collect();
    fill(&world, &all).await;
    let mut child = weir.start(&["replay", "--rate", "2/s", "--yes"]);
    let operations = DocumentStore::new(&world.aws, world.deployed.operations_table.clone());
    let under_way = eventually("the first to be sent", async || {
        let there = operations.list::<Value>("replays", true, 1).await.unwrap().pop()?;
        (there.value["counts"]["sent"].as_u64()? > 0).then_some(there.name)
    });
    let name = under_way.await;
    let signal = std::process::Command::new("kill").args(["-INT", &child.id().unwrap().to_string()]).status();
    assert!(signal.unwrap().success());
    assert_eq!(child.wait().await.unwrap().code(), Some(130));
    let written = weir.json(&["history", &name]).await;
    let sent = written["counts"]["sent"].as_u64().unwrap();
    assert_eq!(written["state"], "interrupted");
    // At once, and not when their time is over.
    assert_eq!(world.depth(&world.deployed.lanes["standard"].dlq_url).await as u64, 30 - sent);

    let outcome = weir.json(&["replay", "--resume", &name, "--rate", "100/s", "--yes"]).await;
    assert_eq!((&outcome["state"], &outcome["counts"]["sent"]), (&"done".into(), &30.into()));
    assert_eq!(world.events(30).await.len(), 30);
    let (status, _, said) = weir.dlq(&["replay", "--resume", &name, "--yes"]).await;
    assert!(status == 1 && said.contains("nothing left of it"), "{said}");
    world.end().await;
}

#[tokio::test]
async fn filter_that_matches_nothing_is_an_error() {
    let world = World::new("nothing").await;
    let weir = Weir::of(&world).await;
    assert_eq!(weir.dlq(&["replay", "--yes"]).await.0, 0, "nothing is dead-lettered, and that is well");
    fill(&world, &[dead("a", b"{\"id\":1}")]).await;
    let absent = weir.file("absent.json");
    let absent = absent.to_str().unwrap();
    for (line, status, hint) in [
        (&["replay", "--topic", "refund/create", "--yes"][..], 1, "refunds/create is there"),
        (&["replay", "--shop", "south.myshopify.com", "--yes"], 1, "`weir dlq list`"),
        (&["drop", "--event", "b", "--yes"], 1, "`weir dlq list`"),
        (&["replay", "--event", "b", "--file", absent], 2, "check the path"),
        (&["replay", "--resume", "nobody", "--yes"], 1, "`weir dlq history`"),
        (&["show", "b"], 1, "weir events show"),
        (&["replay", "--lane", "slow"], 2, "urgent"),
        (&["replay", "--shop", "south"], 2, "south.myshopify.com"),
    ] {
        let (ended, stdout, said) = weir.dlq(line).await;
        assert_eq!((ended, stdout.as_str()), (status, ""), "{line:?}: {said}");
        assert!(said.contains(hint), "{line:?}: {said}");
    }
    let fixed = weir.file("some.json");
    std::fs::write(&fixed, "{}").unwrap();
    let (status, _, said) =
        weir.dlq(&["replay", "--event", "north.myshopify.com#b", "--file", fixed.to_str().unwrap(), "--yes"]).await;
    assert!(status == 1 && said.contains("the ledger does not know it"), "{said}");
    assert_eq!(weir.json(&["list"]).await["matching"], 1);
    assert_eq!(weir.json(&["history"]).await, serde_json::json!([]));
    assert!(world.events(0).await.is_empty());
    world.end().await;
}
