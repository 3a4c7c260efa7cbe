//! What an invalidation ends.

use std::{sync::atomic::Ordering, time::Duration};

use futures_util::future::join;

use super::*;

const TTL: Duration = Duration::from_secs(300);

/// As the worker does: it has the store and no cache.
async fn webhook(rig: &Rig, topic: &str, id: u64) {
    let object = invalidated_by(topic, Some(id)).unwrap();
    rig.store.invalidate(&key(&shop(), object), rig.here.clock().now(), TTL).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn changed_object_is_fetched_again() {
    let rig = rig();
    assert_eq!(rig.title(&rig.here).await, "");
    assert_eq!(rig.title(&rig.there).await, "");
    rig.is_now("new");
    rig.here.invalidate(&shop(), Object::Product(1)).await.unwrap();
    assert_eq!(rig.title(&rig.here).await, "new");
    assert_eq!(rig.title(&rig.there).await, "", "another process's memory is not reached");
    pass(15).await;
    assert_eq!((rig.title(&rig.there).await.as_str(), rig.calls()), ("new", 3), "but it is short");
    pass(15).await;
    assert_eq!((rig.title(&rig.here).await.as_str(), rig.calls()), ("new", 3), "and the store shares it again");
}

#[tokio::test(start_paused = true)]
async fn a_webhook_reaches_every_process_within_its_memorys_time() {
    let rig = rig();
    rig.title(&rig.here).await;
    let name =
        async |cache: &Cache| cache.get::<ShopSettings>(&shop(), (), &call()).await.unwrap().unwrap().name.clone();
    name(&rig.here).await;
    rig.is_now("new");
    webhook(&rig, "products/update", 1).await;
    webhook(&rig, "shop/update", 9).await;
    pass(15).await;
    assert_eq!((rig.title(&rig.here).await.as_str(), name(&rig.here).await.as_str()), ("new", "new"));
}

#[tokio::test(start_paused = true)]
async fn parts_go_with_their_product() {
    let rig = rig();
    let variant = VariantId { product: PRODUCT, id: 1 };
    let (of_product, of_another) =
        (MetafieldId { product: Some(PRODUCT), id: 1 }, MetafieldId { product: None, id: 2 });
    let titles = async |cache: &Cache| {
        let variant = cache.get::<Variant>(&shop(), variant, &call()).await.unwrap().unwrap();
        let metafields = cache.get_many::<Metafield>(&shop(), &[of_product, of_another], &call()).await.unwrap();
        let values = metafields.iter().map(|metafield| metafield.as_ref().unwrap().value.clone());
        [vec![variant.title.clone()], values.collect()].concat().join(",")
    };
    titles(&rig.here).await;
    rig.is_now("new");
    rig.here.invalidate(&shop(), Object::Product(PRODUCT)).await.unwrap();
    assert_eq!(titles(&rig.here).await, "new,new,");
    assert_eq!(titles(&rig.there).await, "new,new,", "it has no memory of them");

    rig.is_now("newer");
    webhook(&rig, "products/update", PRODUCT).await;
    pass(15).await;
    let before = rig.calls();
    assert_eq!(titles(&rig.there).await, "newer,newer,");
    assert_eq!(titles(&rig.here).await, "newer,newer,", "from the store");
    assert_eq!(rig.calls() - before, 2);
}

#[tokio::test(start_paused = true)]
async fn parts_stay_hidden_though_their_product_was_fetched_again() {
    let rig = rig();
    let variant = VariantId { product: PRODUCT, id: 1 };
    let title =
        async |cache: &Cache| cache.get::<Variant>(&shop(), variant, &call()).await.unwrap().unwrap().title.clone();
    title(&rig.here).await;
    rig.is_now("new");
    webhook(&rig, "products/update", PRODUCT).await;
    rig.there.get::<Product>(&shop(), PRODUCT, &call()).await.unwrap();
    assert_eq!(title(&rig.there).await, "new");
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_began_before_a_change_is_neither_kept_nor_joined_after_it() {
    for by_webhook in [false, true] {
        let rig = rig();
        *rig.delay.lock().unwrap() = Duration::from_secs(1);
        let first = rig.title(&rig.here);
        let change = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            rig.is_now("new");
            if by_webhook {
                webhook(&rig, "products/update", 1).await;
                return;
            }
            rig.here.invalidate(&shop(), Object::Product(1)).await.unwrap();
            assert_eq!(rig.title(&rig.here).await, "new", "a fetch of its own");
        };
        let (first, ()) = join(first, change).await;
        assert_eq!(first, "", "it was asked for before");
        assert_eq!(rig.title(&rig.there).await, "new", "nothing old is in the store");
        pass(15).await;
        assert_eq!(rig.title(&rig.here).await, "new");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_a_newer_one_does_not_count_again() {
    let rig = rig();
    *rig.delay.lock().unwrap() = Duration::from_secs(1);
    let change = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        rig.is_now("new");
        *rig.delay.lock().unwrap() = Duration::ZERO;
        rig.here.invalidate(&shop(), Object::Product(1)).await.unwrap();
        assert_eq!(rig.title(&rig.here).await, "new");
    };
    let (first, ()) = join(rig.title(&rig.here), change).await;
    assert_eq!(first, "", "it was asked for before");
    assert_eq!(rig.title(&rig.here).await, "new");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_take_an_invalidation_is_told_and_not_believed_here() {
    let rig = rig();
    rig.title(&rig.here).await;
    rig.is_now("new");
    rig.store.is_down.store(true, Ordering::SeqCst);
    assert!(rig.here.invalidate(&shop(), Object::Product(1)).await.is_err());
    rig.store.is_down.store(false, Ordering::SeqCst);
    assert_eq!(rig.title(&rig.here).await, "new");
}

/// What such a process asked for a moment ago carries a time that is still to come here.
#[tokio::test(start_paused = true)]
async fn cache_entry_of_a_clock_that_is_ahead_expires() {
    let rig = rig();
    rig.title(&rig.there).await;
    let (keys, now) = ([key(&shop(), Object::Product(1))], rig.here.clock().now());
    let stored = rig.store.kept.get(&keys, now, TTL).await.unwrap().pop().unwrap().unwrap();
    let ahead = Entry { fetched_at: now + Duration::from_secs(2), ..stored };
    rig.store.kept.put(&[ahead], TTL).await.unwrap();
    assert_eq!((rig.title(&rig.here).await.as_str(), rig.calls()), ("", 1));
    pass(1).await;
    rig.is_now("new");
    rig.here.invalidate(&shop(), Object::Product(1)).await.unwrap();
    assert_eq!(rig.title(&rig.here).await, "new", "not from memory, nor from the store");
    pass(15).await;
    assert_eq!(rig.title(&rig.there).await, "new");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_comes_to_be_is_seen_at_once() {
    let rig = rig();
    let none = MetafieldId { product: Some(1), id: NONE_FROM };
    assert!(rig.here.get::<Metafield>(&shop(), none, &call()).await.unwrap().is_none());
    rig.here.invalidate(&shop(), Object::Product(1)).await.unwrap();
    assert!(rig.here.get::<Metafield>(&shop(), none, &call()).await.unwrap().is_none());
    assert_eq!(rig.calls(), 2, "asked again");
}
