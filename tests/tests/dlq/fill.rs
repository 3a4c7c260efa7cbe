//! Dead letters, put where the lanes would have put them.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures_util::{StreamExt, stream};
use weir_core::{
    ApiVersion, EventShop, Lane, Topic, UnixMillis,
    envelope::{Meta, seal},
    ledger::{
        Key,
        index::{Bucket, day},
    },
};
use weir_tests::World;

/// One event that failed for good.
#[derive(Clone)]
pub(crate) struct Dead {
    pub(crate) meta: Meta,
    pub(crate) lane: Lane,
    pub(crate) error: String,
    pub(crate) body: Vec<u8>,
}

impl Dead {
    pub(crate) fn new(id: &str, shop: &str, topic: &str, lane: Lane, error: &str, body: &[u8]) -> Self {
        let meta = Meta {
            shop: EventShop::from_stored(shop),
            topic: Topic::from_stored(topic),
            api_version: ApiVersion::parse("2026-10"),
            received_at: UnixMillis::now() - Duration::from_secs(3600),
            ..Meta::sample(id, body)
        };
        Self { meta, lane, error: error.to_owned(), body: body.to_vec() }
    }

    pub(crate) fn key(&self) -> Key {
        Key::of(&self.meta)
    }
}

/// Calls at once.
const CALLS: usize = 8;

/// Puts them into the dead-letter queues, and into the ledger as failed for good.
pub(crate) async fn fill(world: &World, dead: &[Dead]) {
    record(world, dead, "failed").await;
    let sqs = aws_sdk_sqs::Client::new(&world.aws);
    let calls = Lane::ALL.into_iter().flat_map(|lane| {
        let of_lane: Vec<&Dead> = dead.iter().filter(|one| one.lane == lane).collect();
        let chunks: Vec<Vec<&Dead>> = of_lane.chunks(10).map(<[&Dead]>::to_vec).collect();
        chunks.into_iter().map(move |chunk| (lane, chunk))
    });
    let send = async |(lane, chunk): (Lane, Vec<&Dead>)| {
        let entry = |(index, one): (usize, &&Dead)| {
            let entry =
                SendMessageBatchRequestEntry::builder().id(index.to_string()).message_group_id(one.meta.shop.as_str());
            entry.message_body(seal(&one.meta, &one.body).unwrap()).build().unwrap()
        };
        let request = sqs.send_message_batch().queue_url(&world.deployed.lanes[lane.as_str()].dlq_url);
        let entries = chunk.iter().enumerate().map(entry).collect();
        assert!(request.set_entries(Some(entries)).send().await.unwrap().failed().is_empty());
    };
    stream::iter(calls.map(send)).buffer_unordered(CALLS).collect::<()>().await;
}

/// Puts them into the ledger in this state.
pub(crate) async fn record(world: &World, dead: &[Dead], state: &str) {
    let dynamodb = aws_sdk_dynamodb::Client::new(&world.aws);
    let table = &world.deployed.ledger_table;
    let write = async |chunk: &[Dead]| {
        let put = |one: &Dead| {
            let item = PutRequest::builder().set_item(Some(item(one, state))).build().unwrap();
            WriteRequest::builder().put_request(item).build()
        };
        let request = dynamodb.batch_write_item().request_items(table, chunk.iter().map(put).collect());
        assert!(request.send().await.unwrap().unprocessed_items().is_none_or(HashMap::is_empty));
    };
    stream::iter(dead.chunks(25).map(write)).buffer_unordered(CALLS).collect::<()>().await;
}

fn item(one: &Dead, state: &str) -> HashMap<String, AttributeValue> {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let number = |value: i64| AttributeValue::N(value.to_string());
    let item = [
        ("pk", text(&one.key().event)),
        ("generation", number(0)),
        ("state", text(state)),
        ("owner", text("somebody")),
        ("attempts", number(1)),
        ("body_sha256", text(&one.meta.body_sha256)),
        ("lane", text(one.lane.as_str())),
        ("topic", text(one.meta.topic.as_str())),
        ("app", text("default")),
        ("received_at_ms", number(one.meta.received_at.0)),
        ("day_bucket", text(&Bucket::of_delivery(&one.meta.shop, &one.meta.webhook_id).on(&day(one.meta.received_at)))),
        ("updated_at_ms", number(one.meta.received_at.0)),
        ("last_error", text(&one.error)),
        ("permanent", AttributeValue::Bool(true)),
        ("expires_at_s", number(UnixMillis::now().as_seconds() + 86_400)),
    ];
    item.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
