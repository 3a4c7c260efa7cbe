//! What is kept, where, and for how long.

use std::sync::atomic::Ordering;

use super::*;
use crate::Kind;

#[tokio::test(start_paused = true)]
async fn every_kind_is_kept_five_minutes_and_no_longer() {
    let rig = rig();
    let variant = VariantId { product: PRODUCT, id: 1 };
    let (own, of_product) = (MetafieldId { product: None, id: 1 }, MetafieldId { product: Some(PRODUCT), id: 2 });
    for (age, calls) in [(0, 4), (10, 4), (280, 4), (9, 4), (1, 8), (100, 8)] {
        pass(age).await;
        for cache in [&rig.here, &rig.there] {
            assert!(cache.get::<Product>(&shop(), 1, &call()).await.unwrap().is_some());
            assert!(cache.get::<Variant>(&shop(), variant, &call()).await.unwrap().is_some());
            let metafields = cache.get_many::<Metafield>(&shop(), &[own, of_product], &call()).await.unwrap();
            assert!(metafields.iter().all(Option::is_some));
            assert!(cache.get::<ShopSettings>(&shop(), (), &call()).await.unwrap().is_some());
        }
        assert_eq!(rig.calls(), calls, "after {age} s more");
    }
}

#[tokio::test(start_paused = true)]
async fn memory_spares_the_store_for_fifteen_seconds() {
    let rig = rig();
    rig.title(&rig.here).await;
    pass(14).await;
    rig.title(&rig.here).await;
    assert_eq!(rig.store.gets.load(Ordering::SeqCst), 1);
    pass(1).await;
    rig.title(&rig.here).await;
    assert_eq!((rig.store.gets.load(Ordering::SeqCst), rig.calls()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn absence_is_kept_for_thirty_seconds() {
    let rig = rig();
    for (age, calls) in [(0, 1), (29, 1), (1, 2)] {
        pass(age).await;
        for cache in [&rig.here, &rig.there] {
            assert!(cache.get::<Product>(&shop(), NONE_FROM, &call()).await.unwrap().is_none());
        }
        assert_eq!(rig.calls(), calls, "after {age} s more");
    }
}

#[tokio::test(start_paused = true)]
async fn a_variant_of_another_product_is_none_of_this_one() {
    let rig = rig();
    let of = |product| VariantId { product, id: 1 };
    assert!(rig.here.get::<Variant>(&shop(), of(PRODUCT + 1), &call()).await.unwrap().is_none());
    assert!(rig.here.get::<Variant>(&shop(), of(PRODUCT), &call()).await.unwrap().is_some());
    assert!(rig.there.get::<Variant>(&shop(), of(PRODUCT), &call()).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn errors_are_not_kept_nor_is_what_is_too_old_served_for_them() {
    let rig = rig();
    rig.title(&rig.here).await;
    pass(300).await;
    rig.shopify.is_down.store(true, Ordering::SeqCst);
    for calls in [2, 3] {
        let error = rig.here.get::<Product>(&shop(), 1, &call()).await.unwrap_err();
        assert!(matches!(error.kind, Kind::ShopInactive), "{error}");
        assert_eq!(rig.calls(), calls);
    }
    rig.shopify.is_down.store(false, Ordering::SeqCst);
    rig.title(&rig.here).await;
    assert_eq!(rig.calls(), 4);
}

#[tokio::test(start_paused = true)]
async fn without_its_store_the_cache_goes_on() {
    for hangs in [false, true] {
        let rig = rig();
        rig.store.is_down.store(!hangs, Ordering::SeqCst);
        rig.store.hangs.store(hangs, Ordering::SeqCst);
        for _ in 0..3 {
            rig.title(&rig.here).await;
        }
        assert_eq!(rig.calls(), 1, "memory still serves");
        assert_eq!(rig.store.puts.load(Ordering::SeqCst), 0, "what can't be read is not written to");
        pass(15).await;
        rig.title(&rig.here).await;
        assert_eq!(rig.calls(), 2);
    }
}

/// Counts warnings.
#[derive(Default, Clone)]
struct Warnings(Arc<AtomicUsize>);

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test(start_paused = true)]
async fn trouble_with_the_store_is_told_once_a_minute() {
    let (rig, warnings) = (rig(), Warnings::default());
    let _told = tracing::subscriber::set_default(warnings.clone());
    rig.store.is_down.store(true, Ordering::SeqCst);
    for (age, told) in [(0, 1), (20, 1), (39, 1), (20, 2)] {
        pass(age).await;
        rig.title(&rig.here).await;
        assert_eq!(warnings.0.load(Ordering::SeqCst), told, "after {age} s more");
    }
}

#[tokio::test(start_paused = true)]
async fn cache_entry_of_another_version_is_fetched_again() {
    let rig = rig();
    let now = rig.here.clock().now();
    for value in ["{\"id\":1}", "not JSON", "[]"] {
        let entry = Entry { key: key(&shop(), Object::Product(1)), value: value.into(), fetched_at: now };
        rig.store.kept.put(&[entry], Duration::from_secs(300)).await.unwrap();
    }
    assert_eq!((rig.title(&rig.here).await, rig.calls()), (String::new(), 1));
}

#[tokio::test(start_paused = true)]
async fn stock_is_in_no_layer() {
    let rig = rig();
    rig.title(&rig.here).await;
    let keys = [key(&shop(), Object::Product(1))];
    let now = rig.here.clock().now();
    let entry = rig.store.kept.get(&keys, now, Duration::from_secs(300)).await.unwrap().pop().unwrap().unwrap();
    assert!(entry.value.contains("lamp") && !entry.value.to_lowercase().contains("inventory"), "{}", entry.value);
}

#[tokio::test(start_paused = true)]
async fn memory_has_a_limit() {
    let rig = rig();
    let settings = Settings { memory_bytes: 50_000, ..Settings::default() };
    let small = Cache::new(rig.here.client().clone(), Arc::new(MemoryCache::default()), settings);
    rig.is_now(&"x".repeat(2_000));
    let ids: Vec<u64> = (0..200).collect();
    small.get_many::<Product>(&shop(), &ids, &call()).await.unwrap();
    assert!(small.memory_bytes().await <= 50_000);
    assert!(small.memory_bytes().await > 20_000);
}
