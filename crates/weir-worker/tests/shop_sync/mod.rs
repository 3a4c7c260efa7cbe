//! What the worker itself does with events, over a registry and a cache in memory.

use std::sync::{Arc, atomic::Ordering};

use crate::support::{World, envelope_of, run};
use weir_core::ledger::State;
use weir_worker::handlers::shop_sync;

const SHOP_BODY: &[u8] = br#"{"id":548380009,"name":"North","myshopify_domain":"north.myshopify.com"}"#;

async fn tell(world: &World, topic: &str, body: &[u8]) -> Vec<String> {
    let worker = world.worker(shop_sync::router(Arc::new(world.clone())));
    run(&worker, &[envelope_of(topic, Some("2026-11-27T05:00:00.123456789Z"), "1", body)]).await
}

#[tokio::test(start_paused = true)]
async fn cache_is_invalidated_before_the_event_is_published() {
    for topic in ["products/create", "products/update", "products/delete"] {
        let world = World::default();
        assert!(tell(&world, topic, br#"{"id":788032119674292922,"title":"x"}"#).await.is_empty());
        assert_eq!(world.told(), ["north.myshopify.com/product/788032119674292922"], "{topic}");
        assert_eq!(world.published_ids(), ["1"]);
    }
    let world = World::default();
    assert!(tell(&world, "shop/update", SHOP_BODY).await.is_empty());
    assert_eq!(world.told(), ["north.myshopify.com/shop/settings"]);
}

#[tokio::test(start_paused = true)]
async fn an_uninstalled_shop_is_marked_as_of_when_it_happened() {
    let world = World::default();
    assert!(tell(&world, "app/uninstalled", SHOP_BODY).await.is_empty());
    assert_eq!(world.told(), ["north.myshopify.com uninstalled default at 2026-11-27T05:00:00.123Z"]);
    assert_eq!(world.published_ids(), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_header_alone_uninstalls_nothing() {
    for body in [&br#"{"myshopify_domain":"south.myshopify.com"}"#[..], br#"{"id":1}"#, br#"[1]"#] {
        let world = World::default();
        assert!(tell(&world, "app/uninstalled", body).await.is_empty());
        assert!(world.told().is_empty(), "{}", String::from_utf8_lossy(body));
        assert_eq!(world.published_ids(), ["1"], "the event is on the bus all the same");
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_down_the_event_waits_and_then_takes_effect() {
    let world = World::default();
    world.shops_are_down.store(true, Ordering::SeqCst);
    assert_eq!(tell(&world, "app/uninstalled", SHOP_BODY).await, ["m0"]);
    assert!(world.published_ids().is_empty());
    assert!(matches!(world.record("1").state, State::Failed(failure) if !failure.is_permanent()));
    world.shops_are_down.store(false, Ordering::SeqCst);
    assert!(tell(&world, "app/uninstalled", SHOP_BODY).await.is_empty());
    assert_eq!((world.told().len(), world.published_ids().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_body_without_what_is_needed_still_reaches_the_bus() {
    let world = World::default();
    assert!(tell(&world, "products/update", br#"{"title":"x"}"#).await.is_empty());
    assert!(world.told().is_empty());
    assert_eq!(world.published_ids(), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn other_topics_cost_nothing() {
    let world = World::default();
    assert!(tell(&world, "orders/create", br#"{"id":1}"#).await.is_empty());
    assert!(world.told().is_empty());
}
