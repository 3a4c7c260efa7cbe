//! One kind of object: its memory, and the fetches on their way.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use shopify_webhook::ShopDomain;
use tokio::time::Instant;

use super::{
    Cacheable, Object,
    cacheable::sealed::Fetch,
    layers::{BatchResult, CacheLayers, CachedValue, fetch},
    lookup::Inner,
};
use crate::{Call, budget::Priority};

type Id<T> = <T as Fetch>::Id;
type Run<T> = BoxFuture<'static, BatchResult<T>>;

/// One kind of object.
pub struct TypeCache<T: Cacheable> {
    memory: moka::future::Cache<(ShopDomain, Id<T>), CachedValue<T>>,
    coalescer: Mutex<Coalescer<T>>,
}

/// What is on its way. Held weakly: a fetch that nobody waits for any more is dropped, not kept half done until
/// somebody asks again.
struct Coalescer<T: Cacheable> {
    in_flight: HashMap<(ShopDomain, Id<T>, Priority), WeakBatch<T>>,
    /// Those that others may still join with other ids.
    open: HashMap<(ShopDomain, Priority), WeakBatch<T>>,
}

struct WeakBatch<T: Cacheable> {
    run: WeakShared<Run<T>>,
    state: Arc<Mutex<BatchState<Id<T>>>>,
}

/// A fetch of some objects, that all who wait for it drive together. Nobody else does: what is left in a frozen
/// function's background would end at an unknown time.
pub(super) struct InFlightBatch<T: Cacheable> {
    pub(super) run: Shared<Run<T>>,
    state: Arc<Mutex<BatchState<Id<T>>>>,
}

struct BatchState<I> {
    ids: Vec<I>,
    /// The latest of those who wait.
    deadline: Instant,
    closed: bool,
}

/// Objects that one batch takes: so many that ids of which the store has most still share queries, and no more, so
/// that nobody waits for thousands of others.
const MAX_BATCH: usize = 1_000;

/// Nothing is left half done under these locks.
fn lock<X>(mutex: &Mutex<X>) -> MutexGuard<'_, X> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Cacheable> InFlightBatch<T> {
    /// Until when it may take.
    pub(super) fn deadline(&self) -> Instant {
        lock(&self.state).deadline
    }
}

impl<T: Cacheable> TypeCache<T> {
    pub(super) fn new(bytes: u64) -> Self {
        let memory = moka::future::Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, cached: &CachedValue<T>| cached.bytes)
            .build();
        Self { memory, coalescer: Mutex::new(Coalescer { in_flight: HashMap::new(), open: HashMap::new() }) }
    }

    #[cfg(test)]
    pub(super) async fn memory_bytes(&self) -> u64 {
        self.memory.run_pending_tasks().await;
        self.memory.weighted_size()
    }

    #[cfg(test)]
    pub(super) fn in_flight_count(&self) -> usize {
        let coalescer = lock(&self.coalescer);
        coalescer.in_flight.len() + coalescer.open.len()
    }

    /// What memory knows: an object, or that there is none.
    pub(super) async fn remembered(
        &self,
        layers: &CacheLayers,
        shop: &ShopDomain,
        id: Id<T>,
    ) -> Option<Option<Arc<T>>> {
        let name = (shop.clone(), id);
        let cached = self.memory.get(&name).await?;
        if layers.counts::<T>(shop, id, &cached) {
            return Some(cached.value);
        }
        self.memory.invalidate(&name).await;
        None
    }

    pub(super) async fn remember(&self, shop: &ShopDomain, id: Id<T>, cached: CachedValue<T>) {
        self.memory.insert((shop.clone(), id), cached).await;
    }

    /// Joins a fetch for each id: one that has it already, or one that others may join.
    pub(super) fn join(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        shop: &ShopDomain,
        ids: &[Id<T>],
        call: &Call,
    ) -> Vec<(InFlightBatch<T>, Vec<Id<T>>)> {
        let mut joined: Vec<(InFlightBatch<T>, Vec<Id<T>>)> = Vec::new();
        let mut coalescer = lock(&self.coalescer);
        for id in ids {
            let batch = coalescer.with(shop, *id, call).unwrap_or_else(|| {
                let batch = coalescer
                    .joinable(shop, call)
                    .unwrap_or_else(|| self.start_batch(&mut coalescer, inner, shop, call));
                lock(&batch.state).ids.push(*id);
                if let Some(known) = batch.known() {
                    coalescer.in_flight.insert((shop.clone(), *id, call.priority), known);
                }
                batch
            });
            {
                let mut state = lock(&batch.state);
                if !state.closed {
                    state.deadline = state.deadline.max(call.deadline);
                }
            }
            match joined.iter_mut().find(|(joined, _)| joined.run.ptr_eq(&batch.run)) {
                Some((_, ids)) => ids.push(*id),
                None => joined.push((batch, vec![*id])),
            }
        }
        joined
    }

    /// Nobody joins a fetch for an object any more that began before it was invalidated.
    pub(super) fn detach(&self, shop: &ShopDomain, object: Object) {
        lock(&self.coalescer).in_flight.retain(|(its_shop, id, _), known| {
            let is_meant = T::object(*id) == object || T::owner(*id) == Some(object);
            !(is_meant && its_shop == shop && lock(&known.state).closed)
        });
    }

    /// A new fetch that waits a moment for others.
    fn start_batch(
        self: &Arc<Self>,
        coalescer: &mut Coalescer<T>,
        inner: &Arc<Inner>,
        shop: &ShopDomain,
        call: &Call,
    ) -> InFlightBatch<T> {
        let state = Arc::new(Mutex::new(BatchState { ids: Vec::new(), deadline: call.deadline, closed: false }));
        let guard = BatchGuard {
            type_cache: Arc::clone(self),
            shop: shop.clone(),
            priority: call.priority,
            state: Arc::clone(&state),
        };
        let inner = Arc::clone(inner);
        let run = async move {
            tokio::time::sleep(inner.layers.settings.gather).await;
            let (ids, deadline) = guard.close();
            let call = Call { priority: guard.priority, deadline };
            fetch(&inner, &guard.type_cache, &guard.shop, &ids, &call).await
        };
        let batch = InFlightBatch { run: run.boxed().shared(), state };
        if let Some(known) = batch.known() {
            coalescer.open.insert((shop.clone(), call.priority), known);
        }
        batch
    }
}

impl<T: Cacheable> Coalescer<T> {
    /// The fetch that has an id already. What nobody waits for is slower: only its like joins it.
    fn with(&self, shop: &ShopDomain, id: Id<T>, call: &Call) -> Option<InFlightBatch<T>> {
        let find = |priority| self.in_flight.get(&(shop.clone(), id, priority)).and_then(WeakBatch::batch);
        let background = || (call.priority == Priority::Background).then(|| find(Priority::Background)).flatten();
        find(Priority::Foreground).or_else(background)
    }

    /// The fetch that others may join.
    fn joinable(&self, shop: &ShopDomain, call: &Call) -> Option<InFlightBatch<T>> {
        let known = self.open.get(&(shop.clone(), call.priority))?;
        // Asked first: a batch that is looked at here must not be dropped here, since its end takes this lock.
        let has_room = {
            let state = lock(&known.state);
            !state.closed && state.ids.len() < MAX_BATCH
        };
        if has_room { known.batch() } else { None }
    }
}

impl<T: Cacheable> WeakBatch<T> {
    fn batch(&self) -> Option<InFlightBatch<T>> {
        Some(InFlightBatch { run: self.run.upgrade()?, state: Arc::clone(&self.state) })
    }
}

impl<T: Cacheable> InFlightBatch<T> {
    /// `None` once it has ended.
    fn known(&self) -> Option<WeakBatch<T>> {
        Some(WeakBatch { run: self.run.downgrade()?, state: Arc::clone(&self.state) })
    }
}

/// Ends a batch, whether it finished or was dropped before: nobody finds it any more.
struct BatchGuard<T: Cacheable> {
    type_cache: Arc<TypeCache<T>>,
    shop: ShopDomain,
    priority: Priority,
    state: Arc<Mutex<BatchState<Id<T>>>>,
}

impl<T: Cacheable> BatchGuard<T> {
    /// From now on nobody joins with other ids.
    fn close(&self) -> (Vec<Id<T>>, Instant) {
        let mut coalescer = lock(&self.type_cache.coalescer);
        self.shut(&mut coalescer);
        let mut state = lock(&self.state);
        state.closed = true;
        (state.ids.clone(), state.deadline)
    }

    fn shut(&self, coalescer: &mut Coalescer<T>) {
        let place = (self.shop.clone(), self.priority);
        if coalescer.open.get(&place).is_some_and(|known| Arc::ptr_eq(&known.state, &self.state)) {
            coalescer.open.remove(&place);
        }
    }
}

impl<T: Cacheable> Drop for BatchGuard<T> {
    fn drop(&mut self) {
        let mut coalescer = lock(&self.type_cache.coalescer);
        self.shut(&mut coalescer);
        for id in &lock(&self.state).ids {
            let place = (self.shop.clone(), *id, self.priority);
            if coalescer.in_flight.get(&place).is_some_and(|known| Arc::ptr_eq(&known.state, &self.state)) {
                coalescer.in_flight.remove(&place);
            }
        }
    }
}
