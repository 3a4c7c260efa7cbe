//! Dead letters, for tests.

use weir_core::{
    Failure, Lane, UnixMillis,
    envelope::{Meta, seal},
    ledger::{Key, Owner, Progress, Record, State},
    sha256,
};
use weir_ops::dead_letters::{DeadLetterEntry, DeadLetterInfo};

pub(super) const RECEIVED: UnixMillis = UnixMillis(1_795_755_600_120);

fn meta() -> Meta {
    Meta {
        webhook_id: "7".into(),
        shop: "north.myshopify.com".into(),
        topic: "orders/create".into(),
        app: "default".into(),
        event_id: None,
        api_version: None,
        subscription: None,
        triggered_at: None,
        received_at: RECEIVED,
        body_sha256: sha256::hex(b"{}"),
        traceparent: None,
        dedupe_key: None,
        synthetic: None,
        test: false,
        generation: 0,
    }
}

fn letter(message: &str) -> DeadLetterInfo {
    DeadLetterInfo::read(Lane::Standard, "m-1".into(), None, RECEIVED, message)
}

/// A message whose event failed.
pub(super) fn found() -> DeadLetterEntry {
    let failure = Failure::permanent("the ERP answered HTTP 500");
    let record = Record {
        key: Key::of(&meta()),
        owner: Owner("me".into()),
        attempts: 1,
        duplicates: 0,
        mismatches: 0,
        webhook_id: None,
        last_webhook_id: None,
        parks: 0,
        progress: Progress::default(),
        body_sha256: sha256::hex(b"{}"),
        topic: Some("orders/create".into()),
        app: Some("default".into()),
        event_id: None,
        lane: Lane::Standard,
        triggered_at: None,
        received_at: RECEIVED,
        updated_at: RECEIVED,
        last_error: Some(failure.reason().to_owned()),
        history: Vec::new(),
        test: false,
        actions: Vec::new(),
        resource: None,
        state: State::Failed(failure),
    };
    DeadLetterEntry::new(letter(&seal(&meta(), b"{}").unwrap()), Some(record))
}

/// A message that is no envelope.
pub(super) fn unreadable() -> DeadLetterEntry {
    DeadLetterEntry::new(letter("hello"), None)
}
