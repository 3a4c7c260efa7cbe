//! Dead letters, for tests.

use weir_core::{
    Failure, Lane, UnixMillis,
    envelope::{Meta, seal},
    ledger::{Owner, Record, State},
};
use weir_ops::dead_letters::{DeadLetterEntry, DeadLetterInfo};

pub(super) const RECEIVED: UnixMillis = UnixMillis(1_795_755_600_120);

fn meta() -> Meta {
    Meta { received_at: RECEIVED, ..Meta::sample("7", b"{}") }
}

fn letter(message: &str) -> DeadLetterInfo {
    DeadLetterInfo::read(Lane::Standard, "m-1".into(), None, RECEIVED, message)
}

/// A message whose event failed.
pub(super) fn found() -> DeadLetterEntry {
    let failure = Failure::permanent("the ERP answered HTTP 500");
    let record = Record {
        owner: Owner("me".into()),
        attempts: 1,
        last_error: Some(failure.reason().to_owned()),
        ..Record::of(&meta(), State::Failed(failure))
    };
    DeadLetterEntry::new(letter(&seal(&meta(), b"{}").unwrap()), Some(record))
}

/// A message that is no envelope.
pub(super) fn unreadable() -> DeadLetterEntry {
    DeadLetterEntry::new(letter("hello"), None)
}
