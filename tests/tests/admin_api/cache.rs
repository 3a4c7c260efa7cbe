//! What the cache costs and what it brings, with a Shopify in the same process: its time is paused.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use resilience::MemoryState;
use serde_json::Value;
use shopify_client::{
    Client, Retry,
    cache::{
        self, Cache, CacheStore, Cacheable, MemoryCache, Metafield, MetafieldId, Object, Product, ShopSettings,
        Variant, VariantId,
    },
};
use shopify_sim::{Act, Options, Rule, ShopSeed, Sim};
use weir_testkit::shopify::{InProcess, Shared, clock_of, tokens_of};

use crate::support::{call, settings, shop};

const PRODUCTS: u32 = 300;

/// One shop, two processes.
struct Two {
    sim: Sim,
    client: Client,
    here: Cache,
    there: Cache,
}

fn two() -> Two {
    let sim = Sim::new(shopify_sim::Clock::new(1_795_000_000_000, 1.0), Options::default());
    let installed = sim.install(ShopSeed { products: PRODUCTS, ..ShopSeed::new(shop()) });
    let transport = InProcess::new(sim.clone());
    let shared = Shared {
        state: Arc::new(MemoryState::default()),
        tokens: tokens_of(&installed),
        clock: clock_of(&sim),
        endpoint: transport.endpoint(),
        transport: Arc::new(transport),
    };
    let store: Arc<dyn CacheStore> = Arc::new(MemoryCache::default());
    let client = |process| shared.client(&installed, process, settings());
    let cache = |process| Cache::new(client(process), Arc::clone(&store), cache::Settings::default());
    Two { sim, client: client("a third"), here: cache("here"), there: cache("there") }
}

async fn get<T: Cacheable>(cache: &Cache, id: impl Into<T::Id>) -> Option<Arc<T>> {
    cache.get::<T>(&shop(), id.into(), &call()).await.expect("Shopify answers")
}

#[tokio::test(start_paused = true)]
async fn three_hundred_who_want_a_product_each_cost_two_queries() {
    let two = two();
    let products = two.sim.products(&shop());
    assert_eq!(products.len(), PRODUCTS as usize);
    let found = join_all(products.iter().map(|id| get::<Product>(&two.here, *id))).await;
    for (id, product) in products.iter().zip(found) {
        assert_eq!(product.unwrap().id, format!("gid://shopify/Product/{id}"));
    }
    assert_eq!(two.sim.calls_of("ProductsByIds"), 2);
    // Whether from memory or from the store, all of them once more are none.
    for cache in [&two.here, &two.there] {
        let again = cache.get_many::<Product>(&shop(), &products, &call()).await.unwrap();
        assert!(again.iter().all(Option::is_some));
    }
    assert_eq!(two.sim.calls_of("ProductsByIds"), 2);
}

/// Ids of a product that has a metafield, and of its parts.
async fn parts(client: &Client) -> (u64, VariantId, MetafieldId) {
    let document = "query Parts { products(first: 100) { nodes { id
        variants(first: 1) { nodes { id } } metafields(first: 1) { nodes { id } } } } }";
    let reply = client.raw::<Value>(&shop(), "Parts", document, &(), &call()).await.expect("Shopify answers");
    let number = |node: &Value| {
        let number = node["id"].as_str().and_then(|gid| gid.rsplit('/').next()).and_then(|id| id.parse::<u64>().ok());
        number.expect("a global id ends with a number")
    };
    let products = reply.data["products"]["nodes"].as_array().expect("there are products");
    let owner = products.iter().find(|product| product["metafields"]["nodes"][0].is_object());
    let owner = owner.expect("one of them has a metafield");
    let product = number(owner);
    let variant = VariantId { product, id: number(&owner["variants"]["nodes"][0]) };
    let metafield = MetafieldId { product: Some(product), id: number(&owner["metafields"]["nodes"][0]) };
    (product, variant, metafield)
}

#[tokio::test(start_paused = true)]
async fn every_kind_comes_through_memory_and_store_as_shopify_said_it() {
    let two = two();
    let (product, variant, metafield) = parts(&two.client).await;
    for cache in [&two.here, &two.here, &two.there] {
        assert_eq!(get::<Product>(cache, product).await.unwrap().id, format!("gid://shopify/Product/{product}"));
        let found = get::<Variant>(cache, variant).await.unwrap();
        assert_eq!(found.id, format!("gid://shopify/ProductVariant/{}", variant.id));
        assert_eq!(get::<Metafield>(cache, metafield).await.unwrap().value, "stoneware");
        assert_eq!(get::<ShopSettings>(cache, ()).await.unwrap().myshopify_domain, shop().as_str());
        // A variant's number names no product.
        assert_eq!(get::<Product>(cache, variant.id).await, None);
    }
    let calls = ["ProductsByIds", "VariantsByIds", "MetafieldsByIds", "ShopInfo"].map(|name| two.sim.calls_of(name));
    assert_eq!(calls, [2, 1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_renamed_product_is_seen_once_its_webhook_came() {
    let two = two();
    let (product, variant, metafield) = parts(&two.client).await;
    get::<Product>(&two.here, product).await;
    get::<Variant>(&two.here, variant).await;
    get::<Metafield>(&two.here, metafield).await;
    two.sim.update_product(&shop(), product, "Renamed");
    tokio::time::advance(Duration::from_secs(1)).await;
    let object = cache::invalidated_by("products/update", Some(product)).unwrap();
    assert_eq!(object, Object::Product(product));
    two.here.invalidate(&shop(), object).await.unwrap();
    for cache in [&two.here, &two.there] {
        assert_eq!(get::<Product>(cache, product).await.unwrap().title, "Renamed");
    }
    two.sim.forget_calls();
    assert!(get::<Variant>(&two.here, variant).await.is_some());
    assert!(get::<Metafield>(&two.here, metafield).await.is_some());
    assert_eq!((two.sim.calls_of("VariantsByIds"), two.sim.calls_of("MetafieldsByIds")), (1, 1), "its parts went too");
}

#[tokio::test(start_paused = true)]
async fn callers_share_a_failure_and_the_next_one_asks_again() {
    let two = two();
    let product = two.sim.products(&shop())[0];
    two.sim.script(Rule::new(Act::Status { status: 503, retry_after: None }).on("ProductsByIds"));
    let (shop, asked) = (shop(), call());
    let failed = join_all((0..20).map(|_| two.here.get::<Product>(&shop, product, &asked))).await;
    for error in failed.into_iter().map(Result::unwrap_err) {
        assert!(matches!(error.retry, Retry::After(_)), "{error}");
    }
    assert_eq!(two.sim.calls_of("ProductsByIds"), 5, "the attempts of one call, however many wait for it");
    two.sim.clear_script();
    assert!(get::<Product>(&two.here, product).await.is_some());
}
