//! The cache before a Shopify that a test scripts, on paused time.

mod batches;
mod changes;
mod layers;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use resilience::UnixMillis;
use serde_json::{Value, json};

use super::*;
use crate::{
    Call,
    operations::testing::{Answers, Graph, client, shop},
    transport::{Payload, Pieces, Transport, TransportError},
};

/// A Shopify with a product, variant or metafield for every id below a thousand million.
#[derive(Default)]
struct Shopify {
    /// The ids of each query.
    asked: Mutex<Vec<Vec<u64>>>,
    /// The title of every product, and the name of the shop: what a test changes.
    title: Mutex<String>,
    is_down: AtomicBool,
    /// Leaves out the last node of each answer.
    is_short: AtomicBool,
}

const NONE_FROM: u64 = 1_000_000_000;

impl Answers for Shopify {
    fn answer(&self, operation: &str, variables: &Value) -> Result<Value, TransportError> {
        let gids: Vec<String> = serde_json::from_value(variables["ids"].clone()).unwrap_or_default();
        let number = |gid: &String| gid.rsplit('/').next().unwrap().parse::<u64>().unwrap();
        self.asked.lock().unwrap().push(gids.iter().map(number).collect());
        if self.is_down.load(Ordering::SeqCst) {
            return Ok(json!({"errors": [{"message": "x", "extensions": {"code": "SHOP_INACTIVE"}}]}));
        }
        let title = self.title.lock().unwrap().clone();
        let node = |gid: &String| if number(gid) >= NONE_FROM { Value::Null } else { node(operation, gid, &title) };
        let mut nodes: Vec<Value> = gids.iter().map(node).collect();
        if self.is_short.load(Ordering::SeqCst) {
            nodes.pop();
        }
        let shop = json!({
            "id": "gid://shopify/Shop/1", "name": title, "myshopifyDomain": "north.myshopify.com", "currencyCode": "EUR",
            "ianaTimezone": "Europe/Berlin", "timezoneOffsetMinutes": 60, "taxesIncluded": true,
            "weightUnit": "KILOGRAMS", "updatedAt": "2026-11-01T10:00:00Z",
            "plan": {"publicDisplayName": "Basic", "partnerDevelopment": false, "shopifyPlus": false},
        });
        Ok(json!({"data": if operation == "ShopInfo" { json!({"shop": shop}) } else { json!({"nodes": nodes}) }}))
    }
}

/// The product of every variant.
const PRODUCT: u64 = 7;

fn node(operation: &str, gid: &str, title: &str) -> Value {
    let at = "2026-11-01T10:00:00Z";
    match operation {
        "ProductsByIds" => json!({
            "__typename": "Product", "id": gid, "title": title, "handle": "lamp", "status": "ACTIVE", "vendor": "North",
            "productType": "", "tags": ["new"], "totalInventory": 3, "createdAt": at, "updatedAt": at,
        }),
        "VariantsByIds" => json!({
            "__typename": "ProductVariant", "id": gid, "title": title, "sku": "a", "barcode": null, "price": "10.10",
            "compareAtPrice": null, "inventoryPolicy": "DENY", "updatedAt": at,
            "product": {"id": format!("gid://shopify/Product/{PRODUCT}")},
            "inventoryItem": {"id": "gid://shopify/InventoryItem/1"},
        }),
        "MetafieldsByIds" => json!({
            "__typename": "Metafield", "id": gid, "namespace": "a", "key": "b", "type": "single_line_text_field",
            "value": title, "createdAt": at, "updatedAt": at,
        }),
        other => panic!("{other}"),
    }
}

/// Answers after a while, with what holds when the request came.
struct Slow<T>(T, Arc<Mutex<Duration>>);

impl<T: Transport> Transport for Slow<T> {
    fn open(&self, request: http::Request<Payload>) -> BoxFuture<'_, Result<http::Response<Pieces>, TransportError>> {
        async move {
            let reply = self.0.open(request).await;
            let wait = *self.1.lock().unwrap();
            tokio::time::sleep(wait).await;
            reply
        }
        .boxed()
    }
}

/// Counts calls, and fails or hangs as it is told.
#[derive(Default)]
struct Store {
    kept: MemoryCache,
    gets: AtomicUsize,
    puts: AtomicUsize,
    is_down: AtomicBool,
    hangs: AtomicBool,
}

impl Store {
    async fn trouble(&self, action: &'static str) -> Result<(), CacheStoreError> {
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.is_down.load(Ordering::SeqCst) {
            return Err(CacheStoreError { action, source: "down".into() });
        }
        Ok(())
    }
}

impl CacheStore for Store {
    fn get<'a>(
        &'a self,
        keys: &'a [String],
        now: UnixMillis,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Vec<Option<Entry>>, CacheStoreError>> {
        self.gets.fetch_add(1, Ordering::SeqCst);
        async move {
            self.trouble("read").await?;
            self.kept.get(keys, now, ttl).await
        }
        .boxed()
    }

    fn put<'a>(&'a self, entries: &'a [Entry], ttl: Duration) -> BoxFuture<'a, Result<(), CacheStoreError>> {
        self.puts.fetch_add(1, Ordering::SeqCst);
        async move {
            self.trouble("written").await?;
            self.kept.put(entries, ttl).await
        }
        .boxed()
    }

    fn invalidate<'a>(
        &'a self,
        key: &'a str,
        now: UnixMillis,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<(), CacheStoreError>> {
        async move {
            self.trouble("invalidated").await?;
            self.kept.invalidate(key, now, ttl).await
        }
        .boxed()
    }
}

/// Two processes with a cache each, over one store.
struct Rig {
    shopify: Arc<Shopify>,
    delay: Arc<Mutex<Duration>>,
    store: Arc<Store>,
    here: Cache,
    there: Cache,
}

fn rig() -> Rig {
    let (shopify, store, delay) = (Arc::<Shopify>::default(), Arc::<Store>::default(), Arc::default());
    let client = client(Arc::new(Slow(Graph(Arc::clone(&shopify)), Arc::clone(&delay))));
    let cache = || Cache::new(client.clone(), Arc::clone(&store) as Arc<dyn CacheStore>, Settings::default());
    let (here, there) = (cache(), cache());
    Rig { shopify, delay, store, here, there }
}

impl Rig {
    fn calls(&self) -> usize {
        self.shopify.asked.lock().unwrap().len()
    }

    fn is_now(&self, title: &str) {
        title.clone_into(&mut self.shopify.title.lock().unwrap());
    }

    /// The title that a cache gives for product 1.
    async fn title(&self, cache: &Cache) -> String {
        cache.get::<Product>(&shop(), 1, &call()).await.unwrap().unwrap().title.clone()
    }
}

fn call() -> Call {
    Call::foreground(Duration::from_secs(60))
}

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}
