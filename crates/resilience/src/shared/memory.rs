//! Shared documents in memory: for one process alone, and for tests.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;

use super::{SharedState, SharedStateError, Swap, Versioned};

/// A store in memory, that yields before each operation as one over a network would. Forgets nothing.
#[derive(Debug, Default)]
pub struct MemoryState {
    documents: Mutex<HashMap<String, Versioned>>,
    latency: Duration,
    reads: AtomicU64,
    writes: AtomicU64,
}

impl MemoryState {
    /// A store that answers after `latency`.
    pub fn with_latency(latency: Duration) -> Self {
        Self { latency, ..Self::default() }
    }

    /// Reads so far.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Writes so far; those that were refused count, as DynamoDB bills them.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    async fn travel(&self) {
        if self.latency.is_zero() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(self.latency).await;
        }
    }

    fn documents(&self) -> std::sync::MutexGuard<'_, HashMap<String, Versioned>> {
        // Each change is one insertion: a panic elsewhere leaves the map whole.
        self.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedState for MemoryState {
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Versioned>, SharedStateError>> {
        Box::pin(async move {
            self.travel().await;
            self.reads.fetch_add(1, Ordering::Relaxed);
            Ok(self.documents().get(key).cloned())
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<u64>,
        value: &'a str,
        _keep: Duration,
    ) -> BoxFuture<'a, Result<Swap, SharedStateError>> {
        Box::pin(async move {
            self.travel().await;
            self.writes.fetch_add(1, Ordering::Relaxed);
            let mut documents = self.documents();
            let current = documents.get(key);
            if current.map(|current| current.version) != expected {
                return Ok(Swap::Lost(current.cloned()));
            }
            let version = expected.map_or(1, |version| version + 1);
            documents.insert(key.to_owned(), Versioned { version, value: value.to_owned() });
            Ok(Swap::Written)
        })
    }
}
