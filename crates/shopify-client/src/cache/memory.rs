//! Cached objects in memory: for one process alone, and for tests.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use resilience::UnixMillis;

use super::{CacheStore, CacheStoreError, Entry};

/// A store in memory, that yields before each operation as one over a network would. Forgets nothing by itself.
#[derive(Default)]
pub struct MemoryCache {
    objects: Mutex<HashMap<String, Object>>,
}

/// As in a table: an object, or when it was invalidated. Either gives way only to what is later.
enum Object {
    Cached(Entry),
    Invalidated(UnixMillis),
}

impl std::fmt::Debug for MemoryCache {
    /// How many there are: what is in them is the shops' business.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MemoryCache({} objects)", self.objects().len())
    }
}

impl MemoryCache {
    fn objects(&self) -> MutexGuard<'_, HashMap<String, Object>> {
        // Each change is one insertion: a panic elsewhere leaves the map whole.
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CacheStore for MemoryCache {
    fn get<'a>(
        &'a self,
        keys: &'a [String],
        now: UnixMillis,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Vec<Option<Entry>>, CacheStoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let objects = self.objects();
            let find = |key: &String| match objects.get(key) {
                Some(Object::Cached(entry)) if now < entry.fetched_at + ttl => Some(entry.clone()),
                _ => None,
            };
            Ok(keys.iter().map(find).collect())
        })
    }

    fn put<'a>(&'a self, entries: &'a [Entry], _ttl: Duration) -> BoxFuture<'a, Result<(), CacheStoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let mut objects = self.objects();
            for entry in entries {
                let gives_way = match objects.get(&entry.key) {
                    None => true,
                    Some(Object::Cached(there)) => there.fetched_at <= entry.fetched_at,
                    Some(Object::Invalidated(at)) => *at < entry.fetched_at,
                };
                if gives_way {
                    objects.insert(entry.key.clone(), Object::Cached(entry.clone()));
                }
            }
            Ok(())
        })
    }

    fn invalidate<'a>(
        &'a self,
        key: &'a str,
        now: UnixMillis,
        _ttl: Duration,
    ) -> BoxFuture<'a, Result<(), CacheStoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let mut objects = self.objects();
            let gives_way = match objects.get(key) {
                None => true,
                Some(Object::Cached(there)) => there.fetched_at <= now,
                Some(Object::Invalidated(at)) => *at < now,
            };
            if gives_way {
                objects.insert(key.to_owned(), Object::Invalidated(now));
            }
            Ok(())
        })
    }
}
