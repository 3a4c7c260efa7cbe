//! The contract of every [`SharedState`].

use std::time::Duration;

use futures_util::future::join_all;
use resilience::{
    SharedState,
    shared::{self, Change, SharedStateError, Swap, Versioned},
};

const KEEP: Duration = Duration::from_secs(3600);

/// Runs every case. `prefix` keeps the keys apart from those of other runs on the same table.
pub async fn cases(state: &dyn SharedState, prefix: &str) {
    let key = |name: &str| format!("{prefix}/{name}");
    only_the_first_makes_a_document(state, &key("first")).await;
    a_document_is_replaced_by_who_saw_it_last(state, &key("swap")).await;
    what_is_not_there_cannot_be_replaced(state, &key("absent")).await;
    any_text_comes_back_as_it_was(state, &key("text")).await;
    no_change_is_lost_among_many(state, &key("sum")).await;
}

async fn only_the_first_makes_a_document(state: &dyn SharedState, key: &str) {
    assert_eq!(reached(state.read(key).await), None);
    assert_eq!(reached(state.swap(key, None, "1", KEEP).await), Swap::Written);
    assert_eq!(reached(state.read(key).await), document(1, "1"));
    assert_eq!(reached(state.swap(key, None, "2", KEEP).await), Swap::Lost(document(1, "1")));
}

async fn a_document_is_replaced_by_who_saw_it_last(state: &dyn SharedState, key: &str) {
    reached(state.swap(key, None, "1", KEEP).await);
    assert_eq!(reached(state.swap(key, Some(1), "2", KEEP).await), Swap::Written);
    assert_eq!(reached(state.swap(key, Some(1), "3", KEEP).await), Swap::Lost(document(2, "2")));
    assert_eq!(reached(state.swap(key, Some(3), "3", KEEP).await), Swap::Lost(document(2, "2")));
    assert_eq!(reached(state.swap(key, Some(2), "3", KEEP).await), Swap::Written);
    assert_eq!(reached(state.read(key).await), document(3, "3"));
}

async fn what_is_not_there_cannot_be_replaced(state: &dyn SharedState, key: &str) {
    assert_eq!(reached(state.swap(key, Some(1), "2", KEEP).await), Swap::Lost(None));
    assert_eq!(reached(state.read(key).await), None);
}

async fn any_text_comes_back_as_it_was(state: &dyn SharedState, key: &str) {
    let value = format!("{{\"é\\u0000\":\"{}\",\"n\":1e-7}}", "ü".repeat(10_000));
    reached(state.swap(key, None, &value, KEEP).await);
    assert_eq!(reached(state.read(key).await), document(1, &value));
}

async fn no_change_is_lost_among_many(state: &dyn SharedState, key: &str) {
    let add = || shared::update(state, key, KEEP, |sum: Option<u32>| (Change::Write(sum.unwrap_or(0) + 1), ()));
    for result in join_all((0..8).map(|_| add())).await {
        reached(result);
    }
    assert_eq!(reached(shared::peek::<u32>(state, key).await), Some(8));
}

/// What [`SharedState::swap`] promises of `keep`: `now` and `later` are the same store, seen by clocks that are more than
/// an hour apart.
pub async fn expiry(now: &dyn SharedState, later: &dyn SharedState, prefix: &str) {
    let key = &format!("{prefix}/expiry");
    reached(now.swap(key, None, "1", KEEP).await);
    assert_eq!(reached(now.read(key).await), document(1, "1"));
    // Its time is up, though nobody deleted it yet.
    assert_eq!(reached(later.read(key).await), None);
    assert_eq!(reached(later.swap(key, Some(1), "2", KEEP).await), Swap::Lost(None));
    assert_eq!(reached(later.swap(key, None, "2", KEEP).await), Swap::Written);
    assert_eq!(reached(later.read(key).await), document(1, "2"));
}

fn document(version: u64, value: &str) -> Option<Versioned> {
    Some(Versioned { version, value: value.to_owned() })
}

#[expect(clippy::panic, reason = "a contract fails by panicking, as assertions do")]
#[track_caller]
fn reached<T>(result: Result<T, SharedStateError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}: {:?}", error.source))
}
