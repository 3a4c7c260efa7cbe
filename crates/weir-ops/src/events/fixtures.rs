//! A record of the ledger, for tests.

use weir_core::{
    AppName, Failure, Topic, UnixMillis,
    ledger::{Attempt, Key, Outcome, Owner, Record, State},
};

pub(crate) const NOW: UnixMillis = UnixMillis(1_795_755_700_000);

/// An event that failed for good.
pub(crate) fn record() -> Record {
    let (key, failure) =
        (Key { event: "north.myshopify.com#1".into(), generation: 0 }, Failure::permanent("the body is not JSON"));
    Record {
        owner: Owner("me".into()),
        attempts: 5,
        body_sha256: "aa".into(),
        topic: Topic::parse("orders/create"),
        app: Some(AppName::default()),
        updated_at: UnixMillis(1_795_755_601_000),
        last_error: Some(failure.reason().to_owned()),
        ..Record::new(key, State::Failed(failure), UnixMillis(1_795_755_600_120))
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
