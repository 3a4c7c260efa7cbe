//! A record of the ledger, for tests.

use weir_core::{
    Failure, Lane, UnixMillis,
    ledger::{Attempt, Key, Outcome, Owner, Progress, Record, State},
};

pub(super) const NOW: UnixMillis = UnixMillis(1_795_755_700_000);

/// An event that failed for good.
pub(crate) fn record() -> Record {
    Record {
        key: Key { event: "north.myshopify.com#1".into(), generation: 0 },
        state: State::Failed(Failure::permanent("the body is not JSON")),
        owner: Owner("me".into()),
        attempts: 5,
        duplicates: 0,
        mismatches: 0,
        webhook_id: None,
        last_webhook_id: None,
        parks: 0,
        progress: Progress::default(),
        body_sha256: "aa".into(),
        topic: Some("orders/create".into()),
        app: Some("default".into()),
        event_id: None,
        lane: Lane::Standard,
        triggered_at: None,
        resource: None,
        received_at: UnixMillis(1_795_755_600_120),
        updated_at: UnixMillis(1_795_755_601_000),
        last_error: Some("the body is not JSON".into()),
        history: Vec::new(),
        test: false,
        actions: Vec::new(),
    }
}

/// The attempt of this number and receive, of one second, that failed.
pub(super) fn attempt(number: u32, comes_back: Option<UnixMillis>) -> Attempt {
    let begun = UnixMillis(1_795_755_600_120 + i64::from(number) * 10_000);
    Attempt {
        number,
        receives: number,
        begun,
        ended: UnixMillis(begun.0 + 1_000),
        outcome: Outcome::Failed,
        comes_back,
        error: Some("timed out".into()),
    }
}
