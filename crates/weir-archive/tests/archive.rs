//! Batches in, objects out: what S3 does not take comes back, and nothing else.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use weir_archive::{ArchiveStep, Store};
use weir_aws::{CallError, ErrorClass};
use weir_consumer::BatchStep;
use weir_core::{
    EventShop, Failure, UnixMillis,
    archive::{ArchivedEvent, ObjectKey},
    envelope::{self, Envelope, Meta},
};

/// A bucket that refuses the objects of a shop. Clones share it.
#[derive(Clone, Default)]
struct MemoryStore(Arc<Mutex<BTreeMap<String, String>>>);

impl Store for MemoryStore {
    async fn put(&self, key: &ObjectKey, lines: &str) -> Result<usize, CallError> {
        if key.shop == "refused.myshopify.com" {
            let (resource, reason) = ("archive".to_owned(), "SlowDown".to_owned());
            return Err(CallError { operation: "PutObject", resource, reason, class: ErrorClass::Unavailable });
        }
        self.0.lock().unwrap().insert(key.to_string(), lines.to_owned());
        Ok(lines.len())
    }
}

fn event(shop: &str, id: &str) -> Envelope {
    let body = format!("{{\"id\":\"{id}\"}}");
    let shop = EventShop::from_stored(format!("{shop}.myshopify.com"));
    let meta = Meta { shop, received_at: UnixMillis(1_795_755_600_120), ..Meta::sample(id, body.as_bytes()) };
    Envelope::parse(&envelope::seal(&meta, body.as_bytes()).unwrap()).unwrap()
}

#[tokio::test]
async fn events_of_an_object_that_was_not_stored_come_back_and_no_others() {
    let store = MemoryStore::default();
    let step = ArchiveStep { store: store.clone() };
    let events = vec![event("north", "1"), event("refused", "2"), event("mill", "3"), event("north", "4")];
    let results = step.run(events).await;
    assert!(matches!(results[..], [Ok(()), Err(Failure::Outage { .. }), Ok(()), Ok(())]), "{results:?}");
    let objects = store.0.lock().unwrap().clone();
    let ids = |lines: &String| {
        let id = |line: &str| serde_json::from_str::<ArchivedEvent<'_>>(line).unwrap().webhook_id.into_owned();
        lines.lines().map(id).collect::<Vec<_>>()
    };
    assert_eq!(objects.values().map(ids).collect::<Vec<_>>(), [vec!["3"], vec!["1", "4"]]);
}

#[tokio::test]
async fn batch_that_comes_again_makes_no_second_object() {
    let store = MemoryStore::default();
    let step = ArchiveStep { store: store.clone() };
    for _ in 0..2 {
        step.run(vec![event("north", "1"), event("north", "2")]).await;
    }
    assert_eq!(store.0.lock().unwrap().len(), 1);
}
