//! What becomes of events, as the ledger's indexes and records tell it, on the local emulator.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use weir_aws::ledger::{Entry, Indexes, Listing, Range};
use weir_core::{
    AppName, EventId, EventShop, Failure, Lane, Topic, UnixMillis,
    envelope::Meta,
    ledger::{
        AttemptResult, Claim, ClaimRequest, Key, Ledger, Outcome, Owner, Record, SettleRequest, State,
        index::{Bucket, Unsettled},
    },
};
use weir_tests::{World, eventually};

/// When the events happen that a test writes by itself. What functions write is of the real clock.
const NOW: UnixMillis = UnixMillis(1_795_755_600_000);
const DAY: Duration = Duration::from_secs(86_400);
const SHOP: &str = "north.myshopify.com";

/// As long as real ones are.
const OWNER: &str = "5b1c9d0e-3f0a-4a53-9a2b-8a1f0c6d7e21/0f9f2a51-93c8-4c4f-8d2b-6b5f7a1c2d3e";
const SHA: &str = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
const ID: &str = "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043";

fn meta(shop: &str, id: &str, received_at: UnixMillis) -> Meta {
    Meta {
        shop: EventShop::from_stored(shop),
        event_id: EventId::parse("98880550-7158-44d4-b7cd-2c97c8a091b5"),
        triggered_at: Some("2026-11-22T12:00:00.123456789Z".into()),
        received_at,
        body_sha256: SHA.into(),
        ..Meta::sample(id, b"")
    }
}

/// Claims an event, and ends the attempt so.
async fn attempt(world: &World, meta: &Meta, now: UnixMillis, ending: &AttemptResult) -> Key {
    let (key, owner) = (Key::of(meta), Owner(OWNER.into()));
    let (resource, lane) = (Some("orders/820982911946154508"), Lane::Standard);
    let ask = ClaimRequest {
        key: &key,
        owner: &owner,
        body_sha256: &meta.body_sha256,
        meta: Some(meta),
        resource,
        lane,
        receives: 1,
        parks: 9,
        now,
        lease_until: now + Duration::from_secs(35),
    };
    let Claim::Granted { attempt, progress, .. } = world.ledger.claim(&ask).await.unwrap() else {
        panic!("{key} is another's")
    };
    let comes_back = Some(now + Duration::from_secs(20));
    let ended = SettleRequest {
        key: &key,
        owner: &owner,
        ending,
        attempt,
        receives: attempt,
        begun: now,
        comes_back,
        copy: None,
        progress: &progress,
        resource,
        now: now + Duration::from_millis(120),
    };
    world.ledger.settle(&ended).await.unwrap();
    key
}

fn range(days: u32) -> Range {
    Range { since: NOW - DAY * days, until: NOW + DAY }
}

async fn all(mut listing: Listing<'_, impl Indexes>) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some(entry) = listing.next().await.unwrap() {
        entries.push(entry);
    }
    entries
}

async fn unsettled(world: &World, state: Unsettled, range: Range) -> Vec<(Key, Option<String>)> {
    let listing = Listing::by_unsettled(&world.ledger, &[state], &Bucket::all(), range, 100);
    all(listing).await.into_iter().map(|entry| (entry.key, entry.last_error)).collect()
}

#[tokio::test]
async fn the_index_by_day_has_every_event_and_the_index_of_unsettled_events_only_those() {
    let world = World::new("indexes").await;
    let mut expected = Vec::new();
    for index in 0..40 {
        // Three days, and two events of each millisecond.
        let received_at = NOW - Duration::from_secs(index / 2 * 12_000);
        let meta = meta(&format!("shop-{}.myshopify.com", index % 3), &index.to_string(), received_at);
        expected.push((received_at, attempt(&world, &meta, received_at, &AttemptResult::Done).await));
    }
    expected.sort_by(|a, b| (b.0, &a.1).cmp(&(a.0, &b.1)));
    let listed = all(Listing::by_day(&world.ledger, Bucket::all(), range(4), 5)).await;
    assert_eq!(listed.iter().map(|entry| (entry.received_at, entry.key.clone())).collect::<Vec<_>>(), expected);
    let first = &listed[0];
    assert_eq!(
        (first.topic.clone(), first.app.clone(), first.lane),
        (Topic::parse("orders/create"), Some(AppName::default()), Lane::Standard)
    );
    assert_eq!(first.resource.as_deref(), Some("orders/820982911946154508"));
    let mut of_a_shop = Listing::by_day(
        &world.ledger,
        Bucket::of_shop(&EventShop::from_stored("shop-1.myshopify.com")).into(),
        range(0),
        100,
    );
    while of_a_shop.next().await.unwrap().is_some() {}
    let spent = of_a_shop.spent();
    // Today and tomorrow, two buckets each.
    assert_eq!(spent.requests, 4);
    assert!(spent.units > 0.0, "{spent:?}");

    let event = meta(SHOP, ID, NOW);
    let parked = AttemptResult::Parked { parks: 1, until: NOW + DAY, reason: "erp is down".into() };
    assert!(unsettled(&world, Unsettled::Failed, range(9)).await.is_empty());
    let key = attempt(&world, &event, NOW, &AttemptResult::Failed(Failure::transient("timed out"))).await;
    assert_eq!(unsettled(&world, Unsettled::Failed, range(9)).await, [(key.clone(), Some("timed out".into()))]);
    attempt(&world, &event, NOW, &parked).await;
    assert_eq!(unsettled(&world, Unsettled::Failed, range(9)).await, []);
    assert_eq!(unsettled(&world, Unsettled::Parked, range(9)).await, [(key.clone(), Some("erp is down".into()))]);
    attempt(&world, &event, NOW, &AttemptResult::Done).await;
    assert_eq!(unsettled(&world, Unsettled::Parked, range(9)).await, []);
    let (records, spent) = world.ledger.records(&[key.clone(), Key { generation: 7, ..key.clone() }]).await.unwrap();
    assert_eq!((records.len(), records[&key].state.clone(), spent.items), (1, State::Done, 1));
    world.end().await;
}

#[tokio::test]
async fn an_event_keeps_its_place_in_the_list_whatever_comes_later() {
    let world = World::new("place").await;
    attempt(&world, &meta(SHOP, ID, NOW), NOW, &AttemptResult::Failed(Failure::transient("down"))).await;
    // Shopify sends it again, days later: another message of the same event.
    let later = NOW + 3 * DAY;
    attempt(&world, &meta(SHOP, ID, later), later, &AttemptResult::Done).await;
    let range = Range { since: NOW - DAY, until: later + DAY };
    let listed = all(Listing::by_day(&world.ledger, Bucket::all(), range, 5)).await;
    assert_eq!(listed.iter().map(|entry| entry.received_at).collect::<Vec<_>>(), [NOW]);
    world.end().await;
}

/// The bytes that DynamoDB bills: names, and values as it stores them.
fn size(item: &std::collections::HashMap<String, AttributeValue>) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::Bool(_) => 1,
        other => panic!("{other:?}"),
    };
    item.iter().map(|(name, at)| name.len() + value(at)).sum()
}

#[tokio::test]
async fn a_write_costs_one_unit_for_all_but_an_event_that_fails_again_and_again() {
    let world = World::new("size").await;
    let dynamo = aws_sdk_dynamodb::Client::new(&world.aws);
    let mut sizes = BTreeMap::new();
    for (tries, told_by) in [(1, None), (3, None), (5, None), (20, None), (2, Some("event id"))] {
        // Of an event that may come under another webhook id, the item has that, too.
        let dedupe_key = told_by.map(|_| format!("{ID}~0123456789abcdef"));
        let event = Meta { dedupe_key, ..meta(SHOP, &format!("{ID}-{tries}"), NOW) };
        for _ in 1..tries {
            let error = "forward: the service answered 503 Service Unavailable after 10.0 s, and is tried again";
            attempt(&world, &event, NOW, &AttemptResult::Failed(Failure::transient(error))).await;
        }
        let key = attempt(&world, &event, NOW, &AttemptResult::Done).await;
        let request = dynamo.get_item().table_name(&world.deployed.ledger_table);
        let request = request.key("pk", AttributeValue::S(key.event)).key("generation", AttributeValue::N("0".into()));
        sizes.insert(tries, size(&request.send().await.unwrap().item.unwrap()));
    }
    // What succeeds within three attempts stays in the kilobyte that a write unit is; the rest costs two.
    assert!(sizes[&1] < 800 && sizes[&3] < 1024 && sizes[&2] < 1024 && sizes[&20] < 2048, "{sizes:?}");
    world.end().await;
}

async fn ended(world: &World, id: &str) -> Record {
    eventually(&format!("{id} to end"), async || {
        let record = world.record(id).await?;
        matches!(record.state, State::Done | State::Stale | State::Failed(_)).then_some(record)
    })
    .await
}

#[tokio::test]
async fn events_show_lists_every_attempt() {
    let world = World::new("stories").await;
    let order =
        |version: &str| format!("{{\"id\":820982911946154508,\"updated_at\":\"2026-11-27T05:00:0{version}Z\"}}");
    let post = async |topic: &str, id: &str, body: String| {
        world.accepted(&world.delivery(topic, id, body)).await;
    };
    let outcomes = |record: &Record| record.history.iter().map(|attempt| attempt.outcome).collect::<Vec<_>>();
    post("orders/updated", "new", order("2")).await;
    let done = ended(&world, "new").await;
    assert_eq!(done.resource.as_deref(), Some("orders/820982911946154508"));
    assert_eq!(outcomes(&done), [Outcome::Done]);
    assert!(done.history[0].begun <= done.history[0].ended && done.history[0].comes_back.is_none());
    // The older version comes too late, and the new one again.
    post("orders/updated", "old", order("1")).await;
    assert_eq!(outcomes(&ended(&world, "old").await), [Outcome::Stale]);
    post("orders/updated", "new", order("2")).await;
    eventually("the duplicate", async || (world.record("new").await?.duplicates > 0).then_some(())).await;
    let again = world.record("new").await.unwrap();
    assert_eq!((again.history, again.state), (done.history, State::Done));
    // A poison payload.
    world.send_raw(&world.deployed.lanes["bulk"].queue_url, "not from ingest").await;
    // Received by the real clock, unlike the events of the other tests.
    let now = Range { since: UnixMillis::now() - DAY, until: UnixMillis::now() + DAY };
    let failed = eventually("the poison in the index", async || unsettled(&world, Unsettled::Failed, now).await.pop());
    let (key, error) = failed.await;
    assert!(error.unwrap().contains("not a CloudEvents envelope"));
    let poison = world.ledger.get(&key).await.unwrap().unwrap();
    assert_eq!(outcomes(&poison), [Outcome::FailedForGood]);
    assert!(poison.history[0].error.as_ref().unwrap().contains("not a CloudEvents envelope"));
    let listed =
        all(Listing::by_day(&world.ledger, Bucket::of_shop(&EventShop::from_stored(SHOP)).into(), now, 20)).await;
    let ids: Vec<&str> = listed.iter().map(|entry| entry.key.event.as_str()).collect();
    assert_eq!(ids, ["north.myshopify.com#old", "north.myshopify.com#new"], "the newest first");
    world.end().await;
}
