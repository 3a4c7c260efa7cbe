//! What went wrong with a store.

/// A store can't be reached, or throttles. What was asked may or may not have been written.
#[derive(Debug, thiserror::Error)]
#[error("could not {action}")]
pub struct StoreError {
    /// What was tried: `claim the event`, `enter the resource`, …
    pub action: &'static str,
    /// What the store's client said.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}
