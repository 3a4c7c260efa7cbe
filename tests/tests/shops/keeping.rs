//! The workers keep registry and cache in step with the webhooks.

use shopify_client::cache::{CacheStore, Entry};
use std::time::Duration;
use weir_core::UnixMillis;
use weir_shops::{
    ShopState,
    cache::{DynamoCache, Kind, key},
};
use weir_tests::World;

use super::{APP, add, new_shop, offline, registry, shop};

const TTL: Duration = Duration::from_secs(300);

#[tokio::test]
async fn a_webhook_marks_its_shop_uninstalled_or_makes_its_product_be_asked_for_anew() {
    let world = World::new("keeping").await;
    let north = shop("north");
    add(&world, new_shop(&north, offline("shpat_1"))).await;
    let cache = DynamoCache::new(&world.aws, world.deployed.cache_table.clone());
    let key = key(&north, Kind::Product, 788_032_119_674_292_922_u64);
    let cached = async || {
        let mut found = cache.get(std::slice::from_ref(&key), UnixMillis::now(), TTL).await.unwrap();
        found.pop().flatten().is_some()
    };
    let entry = Entry { key: key.clone(), value: "{}".into(), fetched_at: UnixMillis::now() };
    cache.put(&[entry], TTL).await.unwrap();
    assert!(cached().await);
    let update = world.delivery("products/update", "1", r#"{"id":788032119674292922}"#);
    world.accepted(&update).await;
    world.done("1").await;
    assert!(!cached().await);

    let gone = r#"{"id":1,"myshopify_domain":"north.myshopify.com"}"#;
    let before = world.delivery("app/uninstalled", "2", gone).with("X-Shopify-Triggered-At", "2020-01-01T00:00:00Z");
    world.accepted(&before).await;
    world.done("2").await;
    assert_eq!(registry(&world).get(&north, APP).await.unwrap().unwrap().state, ShopState::Installed, "it came late");
    let after = world.delivery("app/uninstalled", "3", gone).with("X-Shopify-Triggered-At", "2100-01-01T00:00:00Z");
    world.accepted(&after).await;
    world.done("3").await;
    let there = registry(&world).get(&north, APP).await.unwrap().unwrap();
    assert_eq!((there.state, there.token), (ShopState::Uninstalled, None));
    assert_eq!(world.events(3).await.len(), 3, "all of them are on the bus");
    world.end().await;
}

/// It would grow what every event waits for, for nothing: a worker calls no Shopify.
#[test]
fn a_worker_links_no_shopify_client() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = ["tree", "--package", "weir-worker", "--edges", "normal", "--prefix", "none", "--locked"];
    let printed =
        std::process::Command::new(cargo).args(tree).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let linked = String::from_utf8(printed.stdout).unwrap();
    assert!(linked.contains("weir-shops v"), "{}", String::from_utf8_lossy(&printed.stderr));
    for name in ["shopify-client", "moka"] {
        assert!(!linked.lines().any(|line| line.starts_with(&format!("{name} v"))), "{name}");
    }
}
