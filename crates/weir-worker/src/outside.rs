//! What the worker needs from outside: AWS in the function; in tests and in the simulation, services that fail on
//! purpose.

use std::{sync::Arc, time::Duration};

use shopify_webhook::ShopDomain;
use weir_aws::{
    Bodies, BodyError, Bus, DynamoFence, DynamoLedger, Entry, LaneQueue, NotParked, SdkConfig, table_failure,
};
use weir_core::{CLOCK_SKEW, Failure, UnixMillis, envelope::Meta, fence::Fence, ledger::Ledger};
use weir_shops::{
    Registry,
    cache::{CACHED_FOR, DynamoCache},
    registry::Uninstalled,
};

/// Everything outside.
pub trait Outside: Send + Sync + 'static {
    /// What happened to each event.
    type Ledger: Ledger;
    /// Who handles which resource.
    type Fence: Fence;
    /// Where events go.
    type Bus: Publish;
    /// Where large bodies lie.
    type Bodies: BodyStore;
    /// Where the messages come from.
    type Queue: Queue;

    /// What happened to each event.
    fn ledger(&self) -> &Self::Ledger;
    /// Who handles which resource.
    fn fence(&self) -> &Self::Fence;
    /// Where events go.
    fn bus(&self) -> Arc<Self::Bus>;
    /// Where large bodies lie.
    fn bodies(&self) -> &Self::Bodies;
    /// Where the messages come from.
    fn queue(&self) -> &Self::Queue;
}

/// Publishes events.
pub trait Publish: Send + Sync + 'static {
    /// One result an entry, in order.
    fn publish(&self, entries: Vec<Entry>) -> impl Future<Output = Vec<Result<(), Failure>>> + Send;
}

/// Keeps bodies that no message can carry.
pub trait BodyStore: Send + Sync + 'static {
    /// The bytes at a reference.
    fn get(&self, reference: &str) -> impl Future<Output = Result<Vec<u8>, BodyError>> + Send;
    /// Stores the bytes and returns their reference.
    fn put(&self, meta: &Meta, body: Vec<u8>) -> impl Future<Output = Result<String, BodyError>> + Send;
}

/// The queue that the messages come from.
pub trait Queue: Send + Sync + 'static {
    /// Sets when messages (their receipt handles) come back. Returns how many changes failed, with the first reason:
    /// such a message comes back when the queue's visibility time-out runs out.
    fn postpone(&self, messages: &[(String, Duration)]) -> impl Future<Output = Option<(usize, String)>> + Send;
    /// Sends a copy that comes after `delay`, in the message group of its shop.
    fn park(&self, copy: String, group: &str, delay: Duration) -> impl Future<Output = Result<(), NotParked>> + Send;
}

/// Keeps what is known of shops in step with what their webhooks say.
pub trait Shops: Send + Sync + 'static {
    /// Marks a shop uninstalled and wipes its tokens, unless it was installed after `triggered_at`. Says whether.
    fn uninstalled(
        &self,
        shop: &ShopDomain,
        app: &str,
        triggered_at: UnixMillis,
    ) -> impl Future<Output = Result<bool, Failure>> + Send;
    /// Forgets a cached object, and what was asked for before now.
    fn invalidate(&self, key: &str) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// The stack's registry of shops and cache of objects.
#[derive(Debug, Clone)]
pub struct StackShops {
    registry: Registry,
    cache: DynamoCache,
    shops_table: String,
    cache_table: String,
}

impl StackShops {
    /// Those of these tables.
    pub fn new(config: &SdkConfig, shops_table: String, cache_table: String) -> Self {
        let registry = Registry::new(config, shops_table.clone());
        Self { registry, cache: DynamoCache::new(config, cache_table.clone()), shops_table, cache_table }
    }
}

impl Shops for StackShops {
    async fn uninstalled(&self, shop: &ShopDomain, app: &str, triggered_at: UnixMillis) -> Result<bool, Failure> {
        let marked = self.registry.uninstalled(shop, app, triggered_at, UnixMillis::now()).await;
        marked.map(|marked| marked == Uninstalled::Marked).map_err(|error| table_failure(&self.shops_table, &error))
    }

    async fn invalidate(&self, key: &str) -> Result<(), Failure> {
        // By the clock of whoever asked Shopify last, now may be a little later: what it asked for must not pass.
        let now = UnixMillis::now() + CLOCK_SKEW;
        let forgotten = self.cache.forget(key, now, CACHED_FOR).await;
        forgotten.map_err(|error| table_failure(&self.cache_table, &error))
    }
}

impl Publish for Bus {
    fn publish(&self, entries: Vec<Entry>) -> impl Future<Output = Vec<Result<(), Failure>>> + Send {
        self.publish(entries)
    }
}

impl BodyStore for Bodies {
    fn get(&self, reference: &str) -> impl Future<Output = Result<Vec<u8>, BodyError>> + Send {
        self.get(reference)
    }

    fn put(&self, meta: &Meta, body: Vec<u8>) -> impl Future<Output = Result<String, BodyError>> + Send {
        self.put(meta, body)
    }
}

impl Queue for LaneQueue {
    fn postpone(&self, messages: &[(String, Duration)]) -> impl Future<Output = Option<(usize, String)>> + Send {
        self.postpone(messages)
    }

    fn park(&self, copy: String, group: &str, delay: Duration) -> impl Future<Output = Result<(), NotParked>> + Send {
        self.park(copy, group, delay)
    }
}

/// The stack's own.
#[derive(Debug)]
pub struct Stack {
    /// The ledger.
    pub ledger: DynamoLedger,
    /// The fence.
    pub fence: DynamoFence,
    /// The bus.
    pub bus: Arc<Bus>,
    /// The bucket for large bodies.
    pub bodies: Bodies,
    /// The lane's queue.
    pub queue: LaneQueue,
}

impl Outside for Stack {
    type Ledger = DynamoLedger;
    type Fence = DynamoFence;
    type Bus = Bus;
    type Bodies = Bodies;
    type Queue = LaneQueue;

    fn ledger(&self) -> &DynamoLedger {
        &self.ledger
    }

    fn fence(&self) -> &DynamoFence {
        &self.fence
    }

    fn bus(&self) -> Arc<Bus> {
        Arc::clone(&self.bus)
    }

    fn bodies(&self) -> &Bodies {
        &self.bodies
    }

    fn queue(&self) -> &LaneQueue {
        &self.queue
    }
}
