//! Reading objects, and the store that the Shopify client sees.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use aws_sdk_dynamodb::types::KeysAndAttributes;
use futures_util::future::BoxFuture;
use resilience::{Backoff, UnixMillis};
use shopify_client::cache::{CacheStore, CacheStoreError, Entry};

use super::{DynamoCache, FETCHED_AT_MS, value};
use crate::attribute::{self, Item, PK, Reader};

/// Keys that one `BatchGetItem` takes.
const AT_ONCE: usize = 100;
/// How often what DynamoDB left out is asked for again. Then it counts as not there: this is a cache.
const ROUNDS: u32 = 4;
const BACKOFF: Backoff = Backoff { base: Duration::from_millis(50), cap: Duration::from_millis(400) };

type Cause = Box<dyn std::error::Error + Send + Sync>;

impl DynamoCache {
    async fn get_all(&self, keys: &[String], now: UnixMillis, ttl: Duration) -> Result<Vec<Option<Entry>>, Cause> {
        // DynamoDB refuses a call that names a key twice.
        let distinct: Vec<&String> = keys.iter().collect::<HashSet<_>>().into_iter().collect();
        let mut found = HashMap::new();
        for some in distinct.chunks(AT_ONCE) {
            for item in self.get_some(some).await? {
                // What can't be read is not there: it is fetched anew, and written over.
                if let Some(entry) = entry(&item).filter(|entry| now < entry.fetched_at + ttl) {
                    found.insert(entry.key.clone(), entry);
                }
            }
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    /// Strongly consistent, at a unit for 4 KB in place of half of one: who reads after an invalidation must not get
    /// what was invalidated.
    async fn get_some(&self, keys: &[&String]) -> Result<Vec<Item>, Cause> {
        let keys = keys.iter().map(|key| attribute::key(key)).collect();
        let mut wanted = Some(KeysAndAttributes::builder().consistent_read(true).set_keys(Some(keys)).build()?);
        let mut items = Vec::new();
        for round in 1..=ROUNDS {
            let Some(keys) = wanted.take() else { break };
            let reply = self.client.batch_get_item().request_items(&self.table, keys).send().await?;
            items.extend(reply.responses.into_iter().flatten().flat_map(|(_, items)| items));
            wanted = reply.unprocessed_keys.and_then(|mut left| left.remove(&self.table));
            if wanted.is_some() && round < ROUNDS {
                tokio::time::sleep(BACKOFF.delay(round, &mut fastrand::Rng::new())).await;
            }
        }
        if let Some(left) = wanted {
            tracing::warn!(keys = left.keys().len(), "DynamoDB left cached objects unprocessed after every retry");
        }
        Ok(items)
    }
}

fn entry(item: &Item) -> Option<Entry> {
    let read = Reader(item);
    let value = value::unpack(read).ok().flatten()?;
    Some(Entry { key: read.text(PK)?.to_owned(), value, fetched_at: read.time(FETCHED_AT_MS)? })
}

impl CacheStore for DynamoCache {
    fn get<'a>(
        &'a self,
        keys: &'a [String],
        now: UnixMillis,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Vec<Option<Entry>>, CacheStoreError>> {
        Box::pin(async move { self.get_all(keys, now, ttl).await.map_err(failed("read")) })
    }

    fn put<'a>(&'a self, entries: &'a [Entry], ttl: Duration) -> BoxFuture<'a, Result<(), CacheStoreError>> {
        Box::pin(async move { self.put_all(entries, ttl).await.map_err(|error| failed("written")(error.0)) })
    }

    fn invalidate<'a>(
        &'a self,
        key: &'a str,
        now: UnixMillis,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<(), CacheStoreError>> {
        Box::pin(async move { self.forget(key, now, ttl).await.map_err(|error| failed("invalidated")(error.0)) })
    }
}

fn failed(action: &'static str) -> impl FnOnce(Cause) -> CacheStoreError {
    move |source| CacheStoreError { action, source }
}
