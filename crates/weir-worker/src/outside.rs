//! What the worker needs from outside, besides the ledger: so that its whole way can be run in tests against
//! services that fail on purpose.

use std::time::Duration;

use shopify_webhook::ShopDomain;
use weir_aws::{Bodies, BodyError, Bus, Entry, SdkConfig, Visibility, reason};
use weir_core::{CLOCK_SKEW, Failure, UnixMillis, envelope::Meta};
use weir_shops::{
    Registry,
    cache::{CACHED_FOR, DynamoCache},
    registry::Uninstalled,
};

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

/// Sets when failed messages come back.
pub trait Postpone: Send + Sync + 'static {
    /// Best effort. Returns how many changes failed, with the first reason.
    fn postpone(&self, messages: &[(String, Duration)]) -> impl Future<Output = Option<(usize, String)>> + Send;
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
}

impl StackShops {
    /// Those of these tables.
    pub fn new(config: &SdkConfig, shops_table: String, cache_table: String) -> Self {
        Self { registry: Registry::new(config, shops_table), cache: DynamoCache::new(config, cache_table) }
    }
}

impl Shops for StackShops {
    async fn uninstalled(&self, shop: &ShopDomain, app: &str, triggered_at: UnixMillis) -> Result<bool, Failure> {
        let marked = self.registry.uninstalled(shop, app, triggered_at, UnixMillis::now()).await;
        marked.map(|marked| marked == Uninstalled::Marked).map_err(|error| Failure::transient(reason(&error)))
    }

    async fn invalidate(&self, key: &str) -> Result<(), Failure> {
        // By the clock of whoever asked Shopify last, now may be a little later: what it asked for must not pass.
        let now = UnixMillis::now() + CLOCK_SKEW;
        self.cache.forget(key, now, CACHED_FOR).await.map_err(|error| Failure::transient(reason(&error)))
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

impl Postpone for Visibility {
    fn postpone(&self, messages: &[(String, Duration)]) -> impl Future<Output = Option<(usize, String)>> + Send {
        self.change(messages)
    }
}
