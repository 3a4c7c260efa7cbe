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
    front::Inner,
    shelf::{Landed, Shelf, Slot, fetch},
};
use crate::{Call, budget::Priority};

type Id<T> = <T as Fetch>::Id;
type Run<T> = BoxFuture<'static, Landed<T>>;

/// One kind of object.
pub struct Lane<T: Cacheable> {
    memory: moka::future::Cache<(ShopDomain, Id<T>), Slot<T>>,
    gate: Mutex<Gate<T>>,
}

/// What is on its way. Held weakly: a fetch that nobody waits for any more is dropped, not kept half done until
/// somebody asks again.
struct Gate<T: Cacheable> {
    aboard: HashMap<(ShopDomain, Id<T>, Priority), Known<T>>,
    /// Those that others may still join with other ids.
    open: HashMap<(ShopDomain, Priority), Known<T>>,
}

struct Known<T: Cacheable> {
    run: WeakShared<Run<T>>,
    manifest: Arc<Mutex<Manifest<Id<T>>>>,
}

/// A fetch of some objects, that all who wait for it drive together. Nobody else does: what is left in a frozen
/// function's background would end at an unknown time.
pub(super) struct Flight<T: Cacheable> {
    pub(super) run: Shared<Run<T>>,
    manifest: Arc<Mutex<Manifest<Id<T>>>>,
}

struct Manifest<I> {
    ids: Vec<I>,
    /// The latest of those who wait.
    deadline: Instant,
    closed: bool,
}

/// Objects that one flight takes: so many that ids of which the store has most still share queries, and no more, so
/// that nobody waits for thousands of others.
const SEATS: usize = 1_000;

/// Nothing is left half done under these locks.
fn lock<X>(mutex: &Mutex<X>) -> MutexGuard<'_, X> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Cacheable> Flight<T> {
    /// Until when it may take.
    pub(super) fn deadline(&self) -> Instant {
        lock(&self.manifest).deadline
    }
}

impl<T: Cacheable> Lane<T> {
    pub(super) fn new(bytes: u64) -> Self {
        let memory = moka::future::Cache::builder().max_capacity(bytes).weigher(|_, slot: &Slot<T>| slot.bytes).build();
        Self { memory, gate: Mutex::new(Gate { aboard: HashMap::new(), open: HashMap::new() }) }
    }

    #[cfg(test)]
    pub(super) async fn memory_bytes(&self) -> u64 {
        self.memory.run_pending_tasks().await;
        self.memory.weighted_size()
    }

    #[cfg(test)]
    pub(super) fn on_its_way(&self) -> usize {
        let gate = lock(&self.gate);
        gate.aboard.len() + gate.open.len()
    }

    /// What memory knows: an object, or that there is none.
    pub(super) async fn remembered(&self, shelf: &Shelf, shop: &ShopDomain, id: Id<T>) -> Option<Option<Arc<T>>> {
        let name = (shop.clone(), id);
        let slot = self.memory.get(&name).await?;
        if shelf.counts::<T>(shop, id, &slot) {
            return Some(slot.value);
        }
        self.memory.invalidate(&name).await;
        None
    }

    pub(super) async fn remember(&self, shop: &ShopDomain, id: Id<T>, slot: Slot<T>) {
        self.memory.insert((shop.clone(), id), slot).await;
    }

    /// A place for each id: on a fetch that has it already, or on one that others may join.
    pub(super) fn board(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        shop: &ShopDomain,
        ids: &[Id<T>],
        call: &Call,
    ) -> Vec<(Flight<T>, Vec<Id<T>>)> {
        let mut boarded: Vec<(Flight<T>, Vec<Id<T>>)> = Vec::new();
        let mut gate = lock(&self.gate);
        for id in ids {
            let flight = gate.with(shop, *id, call).unwrap_or_else(|| {
                let flight = gate.joinable(shop, call).unwrap_or_else(|| self.take_off(&mut gate, inner, shop, call));
                lock(&flight.manifest).ids.push(*id);
                if let Some(known) = flight.known() {
                    gate.aboard.insert((shop.clone(), *id, call.priority), known);
                }
                flight
            });
            {
                let mut manifest = lock(&flight.manifest);
                if !manifest.closed {
                    manifest.deadline = manifest.deadline.max(call.deadline);
                }
            }
            match boarded.iter_mut().find(|(boarded, _)| boarded.run.ptr_eq(&flight.run)) {
                Some((_, ids)) => ids.push(*id),
                None => boarded.push((flight, vec![*id])),
            }
        }
        boarded
    }

    /// Nobody joins a fetch for an object any more that began before it was invalidated.
    pub(super) fn part_with(&self, shop: &ShopDomain, object: Object) {
        lock(&self.gate).aboard.retain(|(its_shop, id, _), known| {
            let is_meant = T::object(*id) == object || T::owner(*id) == Some(object);
            !(is_meant && its_shop == shop && lock(&known.manifest).closed)
        });
    }

    /// A new fetch that waits a moment for others.
    fn take_off(self: &Arc<Self>, gate: &mut Gate<T>, inner: &Arc<Inner>, shop: &ShopDomain, call: &Call) -> Flight<T> {
        let manifest = Arc::new(Mutex::new(Manifest { ids: Vec::new(), deadline: call.deadline, closed: false }));
        let leave = Leave {
            lane: Arc::clone(self),
            shop: shop.clone(),
            priority: call.priority,
            manifest: Arc::clone(&manifest),
        };
        let inner = Arc::clone(inner);
        let run = async move {
            tokio::time::sleep(inner.shelf.settings.gather).await;
            let (ids, deadline) = leave.close();
            let call = Call { priority: leave.priority, deadline };
            fetch(&inner, &leave.lane, &leave.shop, &ids, &call).await
        };
        let flight = Flight { run: run.boxed().shared(), manifest };
        if let Some(known) = flight.known() {
            gate.open.insert((shop.clone(), call.priority), known);
        }
        flight
    }
}

impl<T: Cacheable> Gate<T> {
    /// The fetch that has an id already. What nobody waits for is slower: only its like joins it.
    fn with(&self, shop: &ShopDomain, id: Id<T>, call: &Call) -> Option<Flight<T>> {
        let find = |priority| self.aboard.get(&(shop.clone(), id, priority)).and_then(Known::flight);
        let background = || (call.priority == Priority::Background).then(|| find(Priority::Background)).flatten();
        find(Priority::Foreground).or_else(background)
    }

    /// The fetch that others may join.
    fn joinable(&self, shop: &ShopDomain, call: &Call) -> Option<Flight<T>> {
        let known = self.open.get(&(shop.clone(), call.priority))?;
        // Asked first: a flight that is looked at here must not be dropped here, since its end takes this lock.
        let has_room = {
            let manifest = lock(&known.manifest);
            !manifest.closed && manifest.ids.len() < SEATS
        };
        if has_room { known.flight() } else { None }
    }
}

impl<T: Cacheable> Known<T> {
    fn flight(&self) -> Option<Flight<T>> {
        Some(Flight { run: self.run.upgrade()?, manifest: Arc::clone(&self.manifest) })
    }
}

impl<T: Cacheable> Flight<T> {
    /// `None` once it has landed.
    fn known(&self) -> Option<Known<T>> {
        Some(Known { run: self.run.downgrade()?, manifest: Arc::clone(&self.manifest) })
    }
}

/// Ends a flight, whether it landed or was dropped on the way: nobody finds it any more.
struct Leave<T: Cacheable> {
    lane: Arc<Lane<T>>,
    shop: ShopDomain,
    priority: Priority,
    manifest: Arc<Mutex<Manifest<Id<T>>>>,
}

impl<T: Cacheable> Leave<T> {
    /// From now on nobody boards with other ids.
    fn close(&self) -> (Vec<Id<T>>, Instant) {
        let mut gate = lock(&self.lane.gate);
        self.shut(&mut gate);
        let mut manifest = lock(&self.manifest);
        manifest.closed = true;
        (manifest.ids.clone(), manifest.deadline)
    }

    fn shut(&self, gate: &mut Gate<T>) {
        let place = (self.shop.clone(), self.priority);
        if gate.open.get(&place).is_some_and(|known| Arc::ptr_eq(&known.manifest, &self.manifest)) {
            gate.open.remove(&place);
        }
    }
}

impl<T: Cacheable> Drop for Leave<T> {
    fn drop(&mut self) {
        let mut gate = lock(&self.lane.gate);
        self.shut(&mut gate);
        for id in &lock(&self.manifest).ids {
            let place = (self.shop.clone(), *id, self.priority);
            if gate.aboard.get(&place).is_some_and(|known| Arc::ptr_eq(&known.manifest, &self.manifest)) {
                gate.aboard.remove(&place);
            }
        }
    }
}
