//! What callers see: objects looked up by id, and invalidation.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures_util::future::join_all;
use shopify_webhook::ShopDomain;
use tokio::time::timeout_at;

use super::{
    CacheStore, CacheStoreError, Cacheable, Metafield, Object, Product, ShopSettings, Variant,
    cacheable::sealed::Fetch, fences::Fences, key, layers::CacheLayers, type_cache::TypeCache,
};
use crate::{Call, Client, Error, Kind, Retry, transport::TransportError};

/// How long objects are kept, and where.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The age that an object reaches at most, counted from before Shopify was asked for it. Never more than for how
    /// long those who invalidate have it remembered, which is these five minutes for weir's workers.
    pub ttl: Duration,
    /// The same, for the knowledge that there is no such object.
    pub absent_ttl: Duration,
    /// How long memory may go without a look at the shared store: what another process invalidates is served from
    /// here for so long.
    pub memory_ttl: Duration,
    /// Memory for each kind of object, in bytes.
    pub memory_bytes: u64,
    /// How long the first caller waits for others, to share a query with them.
    pub gather: Duration,
    /// The longest wait for the shared store: without it an object costs one call of Shopify's.
    pub store_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(300),
            absent_ttl: Duration::from_secs(30),
            memory_ttl: Duration::from_secs(15),
            memory_bytes: 16 * 1024 * 1024,
            gather: Duration::from_millis(2),
            store_timeout: Duration::from_secs(1),
        }
    }
}

/// Products, variants, metafields and settings by id. Cheap to clone.
///
/// Errors are shared by all who waited for the same fetch.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

pub(super) struct Inner {
    pub(super) client: Client,
    pub(super) layers: CacheLayers,
    type_caches: TypeCaches,
}

/// Each kind's memory, and what of it is on its way.
pub struct TypeCaches {
    pub(super) products: Arc<TypeCache<Product>>,
    pub(super) variants: Arc<TypeCache<Variant>>,
    pub(super) metafields: Arc<TypeCache<Metafield>>,
    pub(super) shops: Arc<TypeCache<ShopSettings>>,
}

type Id<T> = <T as Fetch>::Id;

/// How far the clocks of two processes may lie apart. What one that is ahead asked for before an invalidation must
/// not outlast it: for so long afterwards, what is fetched is kept in memory only.
const CLOCK_SKEW: Duration = Duration::from_secs(5);

impl Cache {
    /// A cache before `client`, over `store`, which other processes share.
    pub fn new(client: Client, store: Arc<dyn CacheStore>, settings: Settings) -> Self {
        let clock = client.0.clock;
        let layers =
            CacheLayers { store, clock, settings, fences: Fences::default(), quiet_until: std::sync::Mutex::new(None) };
        let bytes = settings.memory_bytes;
        let type_caches = TypeCaches {
            products: Arc::new(TypeCache::new(bytes)),
            variants: Arc::new(TypeCache::new(bytes)),
            metafields: Arc::new(TypeCache::new(bytes)),
            shops: Arc::new(TypeCache::new(bytes)),
        };
        Self(Arc::new(Inner { client, layers, type_caches }))
    }

    /// One object; `None` if there is none. Fails as [`Cache::get_many`] does.
    pub async fn get<T: Cacheable>(
        &self,
        shop: &ShopDomain,
        id: Id<T>,
        call: &Call,
    ) -> Result<Option<Arc<T>>, Arc<Error>> {
        let mut found = self.get_many::<T>(shop, &[id], call).await?;
        Ok(found.pop().flatten())
    }

    /// Objects in the order of their ids, `None` where there is none.
    ///
    /// # Errors
    /// When one can't be fetched. Those that could are kept: asking again costs what failed.
    pub async fn get_many<T: Cacheable>(
        &self,
        shop: &ShopDomain,
        ids: &[Id<T>],
        call: &Call,
    ) -> Result<Vec<Option<Arc<T>>>, Arc<Error>> {
        let type_cache = T::type_cache(&self.0.type_caches);
        let mut found = HashMap::with_capacity(ids.len());
        let mut wanted = Vec::new();
        for id in ids.iter().copied().collect::<HashSet<_>>() {
            match type_cache.remembered(&self.0.layers, shop, id).await {
                Some(value) => _ = found.insert(id, value),
                None => wanted.push(id),
            }
        }
        while !wanted.is_empty() {
            let joined = type_cache.join(&self.0, shop, &wanted, call);
            let batches = join_all(joined.iter().map(|(batch, _)| batch.run.clone()));
            let results = timeout_at(call.deadline, batches).await.map_err(|_| late::<T>(shop))?;
            wanted.clear();
            for ((batch, ids), results) in joined.into_iter().zip(results) {
                for id in ids {
                    match results.get(&id) {
                        Some(Ok(value)) => _ = found.insert(id, value.clone()),
                        // Its time was shorter than this caller's, who may still have what it takes.
                        Some(Err(error)) if error.retry != Retry::Never && batch.deadline() < call.deadline => {
                            wanted.push(id);
                        }
                        Some(Err(error)) => return Err(Arc::clone(error)),
                        None => return Err(late::<T>(shop)),
                    }
                }
            }
        }
        Ok(ids.iter().map(|id| found.get(id).cloned().flatten()).collect())
    }

    /// Forgets an object, here and in the shared store; of a product also its variants and metafields.
    ///
    /// # Errors
    /// When the store does not take it: here it is forgotten, elsewhere it may be served until it is too old.
    pub async fn invalidate(&self, shop: &ShopDomain, object: Object) -> Result<(), CacheStoreError> {
        let Inner { layers, type_caches, .. } = &*self.0;
        let now = layers.clock.now();
        layers.fences.raise(shop, object, now, layers.settings.ttl);
        type_caches.products.detach(shop, object);
        type_caches.variants.detach(shop, object);
        type_caches.metafields.detach(shop, object);
        type_caches.shops.detach(shop, object);
        layers.store.invalidate(&key(shop, object), now + CLOCK_SKEW, layers.settings.ttl).await
    }
}

#[cfg(test)]
impl Cache {
    pub(super) fn clock(&self) -> resilience::Clock {
        self.0.layers.clock
    }

    pub(super) fn client(&self) -> &Client {
        &self.0.client
    }

    /// How many products and fetches of them are on their way.
    pub(super) fn in_flight_count(&self) -> usize {
        self.0.type_caches.products.in_flight_count()
    }

    /// What products take.
    pub(super) async fn memory_bytes(&self) -> u64 {
        self.0.type_caches.products.memory_bytes().await
    }
}

/// The caller's time is up; the fetch goes on for others who wait.
fn late<T: Cacheable>(shop: &ShopDomain) -> Arc<Error> {
    Arc::new(Error {
        shop: shop.clone(),
        operation: T::OPERATION.to_owned(),
        request_id: None,
        attempts: 0,
        is_unclear: false,
        retry: Retry::After(Duration::from_secs(1)),
        kind: Kind::Transport(TransportError::Broken("the caller's time was up".to_owned())),
    })
}
