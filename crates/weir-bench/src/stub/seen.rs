//! What a stub saw.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Everything since the stub began, or since it was asked to forget.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// How many requests of each operation, as `UpdateItem`.
    pub requests: BTreeMap<String, u64>,
    /// Requests that no answer was known for: whoever sent them was not served as AWS would.
    pub unknown: Vec<String>,
    /// When connections were ready for their first request: after the TLS handshake, where there is one.
    pub handshakes: Vec<Instant>,
    /// For how long requests were in the stub, from their last byte to its answer: delays included.
    pub inside: Duration,
}

impl Seen {
    /// How many requests of this operation.
    #[must_use]
    pub fn count(&self, operation: &str) -> u64 {
        self.requests.get(operation).copied().unwrap_or_default()
    }

    /// Writes to tables.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.requests.iter().filter(|(name, _)| super::answers::is_write(name)).map(|(_, count)| count).sum()
    }

    /// Connections that were opened since.
    #[must_use]
    pub fn handshakes_since(&self, moment: Instant) -> usize {
        self.handshakes.iter().filter(|at| **at >= moment).count()
    }
}

/// The same, while it goes on.
#[derive(Debug, Default)]
pub(super) struct Record(Mutex<Seen>);

impl Record {
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn request(&self, operation: &str) {
        self.change(|seen| match seen.requests.get_mut(operation) {
            Some(count) => *count += 1,
            None => drop(seen.requests.insert(operation.to_owned(), 1)),
        });
    }
}
