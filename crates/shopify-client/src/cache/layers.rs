//! The two layers of the cache, memory and the shared store: how objects get in and out.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use resilience::{Clock, UnixMillis};
use shopify_webhook::ShopDomain;
use tokio::time::timeout;

use super::{
    CacheStore, CacheStoreError, Cacheable, Entry, Object, Settings, cacheable::sealed::Fetch, fences::Fences, key,
    lookup::Inner, type_cache::TypeCache,
};
use crate::{Call, Error, Kind, Retry};

type Id<T> = <T as Fetch>::Id;

/// What a fetch brought, by id.
pub(super) type BatchResult<T> = Arc<HashMap<Id<T>, Result<Option<Arc<T>>, Arc<Error>>>>;

/// What all kinds have in common.
pub(super) struct CacheLayers {
    pub(super) store: Arc<dyn CacheStore>,
    pub(super) clock: Clock,
    pub(super) settings: Settings,
    pub(super) fences: Fences,
    /// Until when trouble with the store is not logged again.
    pub(super) quiet_until: Mutex<Option<UnixMillis>>,
}

/// An object in memory, or that there is none.
pub(super) struct CachedValue<T> {
    pub(super) value: Option<Arc<T>>,
    asked_at: UnixMillis,
    until: UnixMillis,
    /// About what it takes.
    pub(super) bytes: u32,
}

impl<T> Clone for CachedValue<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), ..*self }
    }
}

/// What a cached value takes beside its object: key, times, moka's own book-keeping.
const OVERHEAD_BYTES: usize = 300;
/// How long trouble with the store is not logged again.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);
/// An entry under a product's key without a product in it. Read as a product it is none, as anything else that can't
/// be read.
const PLACEHOLDER: &str = "{}";

impl CacheLayers {
    /// Whether a cached value may still be served.
    pub(super) fn counts<T: Cacheable>(&self, shop: &ShopDomain, id: Id<T>, cached: &CachedValue<T>) -> bool {
        self.clock.now() < cached.until && self.is_unchanged::<T>(shop, id, cached.asked_at)
    }

    fn is_unchanged<T: Cacheable>(&self, shop: &ShopDomain, id: Id<T>, asked_at: UnixMillis) -> bool {
        self.fences.pass(shop, [Some(T::object(id)), T::owner(id)], asked_at)
    }

    fn cached<T>(&self, value: Option<Arc<T>>, asked_at: UnixMillis, json_bytes: usize) -> CachedValue<T> {
        let ttl = if value.is_some() { self.settings.ttl } else { self.settings.absent_ttl };
        let until = (self.clock.now() + self.settings.memory_ttl).min(asked_at + ttl);
        // Parsed, text takes about twice its room.
        let bytes = u32::try_from(2 * json_bytes + OVERHEAD_BYTES).unwrap_or(u32::MAX);
        CachedValue { value, asked_at, until, bytes }
    }

    /// What the store has of these, and which of their owners stand there. Nothing if the store is out of order.
    async fn stored<T: Cacheable>(&self, shop: &ShopDomain, ids: &[Id<T>]) -> Stored<T> {
        let mut keys: Vec<String> = ids.iter().map(|id| key(shop, T::object(*id))).collect();
        let mut places: HashMap<Object, usize> = HashMap::new();
        for owner in ids.iter().filter_map(|id| T::owner(*id)) {
            places.entry(owner).or_insert_with(|| {
                keys.push(key(shop, owner));
                keys.len() - 1
            });
        }
        let (now, ttl) = (self.clock.now(), self.settings.ttl);
        let Some(entries) = self.in_time(self.store.get(&keys, now, ttl)).await else {
            return Stored { cached_values: HashMap::new(), owners: None };
        };
        let entry = |place: usize| entries.get(place).and_then(Option::as_ref);
        let stands = |(owner, place): (Object, usize)| Some((owner, entry(place)?.fetched_at));
        let owners: HashMap<Object, UnixMillis> = places.into_iter().filter_map(stands).collect();
        let mut cached_values = HashMap::new();
        for (place, id) in ids.iter().enumerate() {
            let Some(Entry { value, fetched_at, .. }) = entry(place) else { continue };
            let holds = T::owner(*id).is_none_or(|owner| owners.get(&owner).is_some_and(|since| since <= fetched_at));
            // What can't be read is of another version of weir, or a placeholder.
            let Ok(object) = serde_json::from_str::<Option<T>>(value) else { continue };
            // By the clock of whoever asked for it, that may be still to come. By this one it was before this read.
            let cached = self.cached(object.map(Arc::new), now.min(*fetched_at), value.len());
            if holds && self.counts::<T>(shop, *id, &cached) {
                cached_values.insert(*id, cached);
            }
        }
        Stored { cached_values, owners: Some(owners) }
    }

    /// Stores what Shopify said, with a placeholder for each owner that does not stand there.
    async fn store<T: Cacheable>(
        &self,
        shop: &ShopDomain,
        brought: Vec<(Id<T>, String)>,
        owners: &HashMap<Object, UnixMillis>,
        asked_at: UnixMillis,
    ) {
        let mut entries: HashMap<String, Entry> = HashMap::new();
        let mut add = |key: String, value: String| {
            entries.insert(key.clone(), Entry { key, value, fetched_at: asked_at });
        };
        for (id, json) in brought {
            if let Some(owner) = T::owner(id).filter(|owner| !owners.contains_key(owner)) {
                add(key(shop, owner), PLACEHOLDER.to_owned());
            }
            add(key(shop, T::object(id)), json);
        }
        if !entries.is_empty() {
            let entries: Vec<Entry> = entries.into_values().collect();
            self.in_time(self.store.put(&entries, self.settings.ttl)).await;
        }
    }

    /// What the store answers in time. Trouble is logged once a minute: weir goes on without the store.
    async fn in_time<X>(&self, answer: impl Future<Output = Result<X, CacheStoreError>>) -> Option<X> {
        let trouble = match timeout(self.settings.store_timeout, answer).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => match std::error::Error::source(&error) {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            },
            Err(_) => format!("no answer within {:?}", self.settings.store_timeout),
        };
        let now = self.clock.now();
        let mut quiet_until = self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
        if quiet_until.is_none_or(|until| until <= now) {
            *quiet_until = Some(now + WARNING_INTERVAL);
            tracing::warn!(trouble, "The shared cache is unavailable: querying Shopify instead");
        }
        None
    }
}

struct Stored<T: Cacheable> {
    cached_values: HashMap<Id<T>, CachedValue<T>>,
    /// When what stands under an owner's key was asked for; `None` if the store is out of order.
    owners: Option<HashMap<Object, UnixMillis>>,
}

/// A whole batch: one read of the store, a query for each 250 that it lacks, one write.
pub(super) async fn fetch<T: Cacheable>(
    inner: &Inner,
    type_cache: &TypeCache<T>,
    shop: &ShopDomain,
    ids: &[Id<T>],
    call: &Call,
) -> BatchResult<T> {
    let layers = &inner.layers;
    let Stored { cached_values, owners } = layers.stored::<T>(shop, ids).await;
    let missing: Vec<Id<T>> = ids.iter().copied().filter(|id| !cached_values.contains_key(id)).collect();
    let mut results = HashMap::with_capacity(ids.len());
    for (id, cached) in cached_values {
        results.insert(id, Ok(cached.value.clone()));
        type_cache.remember(shop, id, cached).await;
    }
    // Before the queries: what is invalidated while they are on their way ends what they bring.
    let asked_at = layers.clock.now();
    let queries = missing.chunks(T::AT_ONCE).map(|ids| async move { (ids, query::<T>(inner, shop, ids, call).await) });
    let mut brought = Vec::new();
    for (ids, answer) in join_all(queries).await {
        let objects = match answer {
            Ok(objects) => objects,
            Err(error) => {
                let error = Arc::new(error);
                results.extend(ids.iter().map(|id| (*id, Err(Arc::clone(&error)))));
                continue;
            }
        };
        for (id, object) in ids.iter().zip(objects) {
            let object = object.map(Arc::new);
            // Text keys and plain values: there is nothing that JSON can't say. What it could not is only not kept.
            if let Ok(json) = serde_json::to_string(&object.as_deref()) {
                type_cache.remember(shop, *id, layers.cached(object.clone(), asked_at, json.len())).await;
                brought.push((*id, json));
            }
            results.insert(*id, Ok(object));
        }
    }
    // A store that can't be read is not waited for again.
    if let Some(owners) = owners {
        layers.store::<T>(shop, brought, &owners, asked_at).await;
    }
    Arc::new(results)
}

/// One query; its answer has an element for each id.
async fn query<T: Cacheable>(
    inner: &Inner,
    shop: &ShopDomain,
    ids: &[Id<T>],
    call: &Call,
) -> Result<Vec<Option<T>>, Error> {
    let objects = T::fetch(&inner.client, shop, ids, call).await?;
    if objects.len() == ids.len() {
        return Ok(objects);
    }
    Err(Error {
        shop: shop.clone(),
        operation: T::OPERATION.to_owned(),
        request_id: None,
        attempts: 1,
        is_unclear: false,
        retry: Retry::Never,
        kind: Kind::Malformed(format!("{} nodes for {} ids", objects.len(), ids.len())),
    })
}
