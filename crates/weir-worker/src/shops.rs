//! The registry of shops and the cache of Shopify's objects, as the worker's own handlers change them.

use shopify_webhook::ShopDomain;
use weir_aws::{SdkConfig, table_failure};
use weir_core::{AppName, CLOCK_SKEW, Failure, UnixMillis};
use weir_shops::{
    Registry,
    cache::{CACHED_FOR, DynamoCache},
    registry::Uninstalled,
};

/// Keeps what is known of shops in step with what their webhooks say.
pub trait Shops: Send + Sync + 'static {
    /// Marks a shop uninstalled and wipes its tokens, unless it was installed after `triggered_at`. Says whether.
    fn uninstalled(
        &self,
        shop: &ShopDomain,
        app: &AppName,
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
    async fn uninstalled(&self, shop: &ShopDomain, app: &AppName, triggered_at: UnixMillis) -> Result<bool, Failure> {
        let marked = self.registry.uninstalled(shop, app.as_str(), triggered_at, UnixMillis::now()).await;
        marked.map(|marked| marked == Uninstalled::Marked).map_err(|error| table_failure(&self.shops_table, &error))
    }

    async fn invalidate(&self, key: &str) -> Result<(), Failure> {
        // By the clock of whoever asked Shopify last, now may be a little later: what it asked for must not pass.
        let now = UnixMillis::now() + CLOCK_SKEW;
        let forgotten = self.cache.forget(key, now, CACHED_FOR).await;
        forgotten.map_err(|error| table_failure(&self.cache_table, &error))
    }
}
