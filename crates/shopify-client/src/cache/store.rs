//! The layer of the cache that processes share.

use std::time::Duration;

use futures_util::future::BoxFuture;
use resilience::UnixMillis;

/// One cached object.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which object: `{shop}/{kind}/{id}`, made by the cache.
    pub key: String,
    /// It, as JSON. `null` says that Shopify has no such object.
    pub value: String,
    /// When it was asked for, before Shopify answered: what was invalidated later than that is not stored.
    pub fetched_at: UnixMillis,
}

/// The store can't be reached. The cache goes on without it.
#[derive(Debug, thiserror::Error)]
#[error("the cache could not be {action}")]
pub struct CacheStoreError {
    /// What was tried: `read`, `written`, `invalidated`.
    pub action: &'static str,
    /// What the store's client said.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// A store of cached objects.
pub trait CacheStore: Send + Sync + 'static {
    /// What is there of these keys and younger than `ttl` at `now`: one result a key, in their order.
    fn get<'a>(
        &'a self,
        keys: &'a [String],
        now: UnixMillis,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Vec<Option<Entry>>, CacheStoreError>>;

    /// Stores each entry, unless its key was invalidated at or after the moment when it was asked for, or a later
    /// one is there.
    fn put<'a>(&'a self, entries: &'a [Entry], ttl: Duration) -> BoxFuture<'a, Result<(), CacheStoreError>>;

    /// Forgets a key, and remembers for `ttl` that what was asked for before `now` must not be stored.
    fn invalidate<'a>(
        &'a self,
        key: &'a str,
        now: UnixMillis,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<(), CacheStoreError>>;
}
