//! Small documents that processes share, each replaced as a whole by compare-and-swap.
//!
//! A store needs two operations only, so that it can be DynamoDB, a map in memory, or one that fails on purpose.
//! What is decided about a document is a pure function given to [`update`].

mod memory;

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};

use crate::Backoff;

pub use memory::MemoryState;

/// A document as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// Counts its writes; what a swap compares.
    pub version: u64,
    /// JSON.
    pub value: String,
}

/// The answer to a swap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swap {
    /// Written.
    Written,
    /// Somebody else wrote in between: this is what stands there now.
    Lost(Option<Versioned>),
}

/// The store can't be reached, or what it holds can't be read.
#[derive(Debug, thiserror::Error)]
#[error("the shared state {key} could not be {action}")]
pub struct SharedStateError {
    /// Which document.
    pub key: String,
    /// What was tried: `read`, `written`.
    pub action: &'static str,
    /// What the store's client said.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// A store of shared documents.
pub trait SharedState: Send + Sync + 'static {
    /// The document, as of now: a read that sees every write before it.
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Versioned>, SharedStateError>>;

    /// Writes `value` if the document is still at version `expected` (`None`: if it does not exist), to be
    /// forgotten `keep` after this write.
    fn swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<u64>,
        value: &'a str,
        keep: Duration,
    ) -> BoxFuture<'a, Result<Swap, SharedStateError>>;
}

/// What to do with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// Leave it as it is: costs no write.
    Keep,
    /// Replace it.
    Write(T),
}

/// How often a change is decided anew when others write at the same time, before the store counts as unreachable.
const ROUNDS: u32 = 16;

/// Waits after a meeting.
const CROWD: Backoff = Backoff { base: Duration::from_millis(20), cap: Duration::from_millis(500) };

/// Reads a document, lets `decide` change it, and writes it unless somebody else did: then decides again on what
/// stands there now. One read, and one write if there is a change and nobody else writes.
///
/// A document that this version can't read counts as none: it is a hint about the present, and is made anew.
pub async fn update<T: Serialize + DeserializeOwned, R>(
    state: &dyn SharedState,
    key: &str,
    keep: Duration,
    mut decide: impl FnMut(Option<T>) -> (Change<T>, R),
) -> Result<R, SharedStateError> {
    let failed = |source| SharedStateError { key: key.to_owned(), action: "written", source };
    let mut current = state.read(key).await?;
    for round in 1..=ROUNDS {
        let document = current.as_ref().and_then(|current| serde_json::from_str(&current.value).ok());
        let (change, result) = decide(document);
        let Change::Write(document) = change else { return Ok(result) };
        let value = serde_json::to_string(&document).map_err(|error| failed(Box::new(error)))?;
        let expected = current.as_ref().map(|current| current.version);
        match state.swap(key, expected, &value, keep).await? {
            Swap::Written => return Ok(result),
            Swap::Lost(now) => current = now,
        }
        // Those who met here must not meet again: each meeting costs all but one of them a write.
        tokio::time::sleep(CROWD.delay(round, &mut fastrand::Rng::new())).await;
        // The wait made what was seen old.
        if round > 1 {
            current = state.read(key).await?;
        }
    }
    Err(failed(format!("others wrote it {ROUNDS} times meanwhile").into()))
}

/// Reads a document without changing it.
pub async fn peek<T: DeserializeOwned>(state: &dyn SharedState, key: &str) -> Result<Option<T>, SharedStateError> {
    let current = state.read(key).await?;
    Ok(current.and_then(|current| serde_json::from_str(&current.value).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn changes_made_at_the_same_time_are_all_there_in_the_end() {
        let state = MemoryState::default();
        let add = || update(&state, "sum", KEEP, |sum: Option<u32>| (Change::Write(sum.unwrap_or(0) + 1), ()));
        let all = futures_util::future::join_all((0..10).map(|_| add())).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(peek::<u32>(&state, "sum").await.unwrap(), Some(10));
    }

    #[tokio::test]
    async fn a_decision_to_keep_costs_no_write() {
        let state = MemoryState::default();
        let seen = update(&state, "x", KEEP, |document: Option<u32>| (Change::Keep, document)).await.unwrap();
        assert_eq!((seen, state.writes()), (None, 0));
    }

    #[tokio::test]
    async fn a_document_of_another_shape_is_made_anew() {
        let state = MemoryState::default();
        state.swap("x", None, "{\"old\":1}", KEEP).await.unwrap();
        update(&state, "x", KEEP, |document: Option<u32>| (Change::Write(document.map_or(7, |n| n)), ()))
            .await
            .unwrap();
        assert_eq!(peek::<u32>(&state, "x").await.unwrap(), Some(7));
    }
}
