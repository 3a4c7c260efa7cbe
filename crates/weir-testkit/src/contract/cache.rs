//! The contract of every [`CacheStore`].

use std::time::Duration;

use resilience::UnixMillis;
use shopify_client::cache::{CacheStore, CacheStoreError, Entry};

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);
const TTL: Duration = Duration::from_secs(300);
const MOMENT: Duration = Duration::from_millis(1);

/// Runs every case. `prefix` keeps the keys apart from those of other runs on the same table.
pub async fn cases(store: &dyn CacheStore, prefix: &str) {
    let key = |name: &str| format!("{prefix}.myshopify.com/product/{name}");
    an_object_is_there_until_it_is_old(store, &key("old")).await;
    any_object_comes_back_as_it_was(store, &key("any")).await;
    many_are_read_in_the_order_asked_for(store, &key("many")).await;
    what_was_asked_for_before_it_changed_is_not_stored(store, &key("changed")).await;
    what_is_later_stays(store, &key("later")).await;
}

async fn an_object_is_there_until_it_is_old(store: &dyn CacheStore, key: &str) {
    assert_eq!(get(store, key, NOW).await, None);
    put(store, key, "{\"id\":1}", NOW).await;
    assert_eq!(get(store, key, NOW + TTL - MOMENT).await.as_deref(), Some("{\"id\":1}"));
    assert_eq!(get(store, key, NOW + TTL).await, None);
}

async fn any_object_comes_back_as_it_was(store: &dyn CacheStore, key: &str) {
    let large = format!("{{\"title\":\"{}\"}}", "Grüße ".repeat(60_000));
    for (index, value) in ["null", "{\"id\":820982911946154508,\"price\":\"10.10\"}", &large].into_iter().enumerate() {
        let key = format!("{key}-{index}");
        put(store, &key, value, NOW).await;
        assert!(get(store, &key, NOW).await.as_deref() == Some(value), "{} bytes", value.len());
    }
}

async fn many_are_read_in_the_order_asked_for(store: &dyn CacheStore, key: &str) {
    assert_eq!(reached(store.get(&[], NOW, TTL).await).len(), 0);
    let keys: Vec<String> = (0..230).map(|index| format!("{key}-{index}")).collect();
    let entry = |index: usize| Entry { key: keys[index].clone(), value: index.to_string(), fetched_at: NOW };
    let even: Vec<Entry> = (0..keys.len()).step_by(2).map(entry).collect();
    reached(store.put(&even, TTL).await);
    // One of them twice.
    let mut asked = keys.clone();
    asked.push(keys[4].clone());
    let found = reached(store.get(&asked, NOW, TTL).await);
    assert_eq!(found.len(), asked.len());
    for (index, found) in found.iter().enumerate() {
        let expected = if index == 230 { Some(4) } else { (index % 2 == 0).then_some(index) };
        assert!(*found == expected.map(entry), "{index}");
    }
}

async fn what_was_asked_for_before_it_changed_is_not_stored(store: &dyn CacheStore, key: &str) {
    put(store, key, "1", NOW - MOMENT).await;
    reached(store.invalidate(key, NOW, TTL).await);
    assert_eq!(get(store, key, NOW).await, None);
    for asked_at in [NOW - MOMENT, NOW] {
        put(store, key, "2", asked_at).await;
        assert_eq!(get(store, key, NOW).await, None, "asked for at {asked_at}");
    }
    put(store, key, "3", NOW + MOMENT).await;
    assert_eq!(get(store, key, NOW + MOMENT).await.as_deref(), Some("3"));
    put(store, key, "4", NOW).await;
    assert_eq!(get(store, key, NOW + MOMENT).await.as_deref(), Some("3"), "the tombstone may be gone, its rule is not");
}

async fn what_is_later_stays(store: &dyn CacheStore, key: &str) {
    put(store, key, "2", NOW + MOMENT).await;
    put(store, key, "1", NOW).await;
    reached(store.invalidate(key, NOW, TTL).await);
    assert_eq!(get(store, key, NOW + MOMENT).await.as_deref(), Some("2"));
    let other = &format!("{key}-other");
    reached(store.invalidate(other, NOW + MOMENT, TTL).await);
    reached(store.invalidate(other, NOW, TTL).await);
    put(store, other, "1", NOW + MOMENT).await;
    assert_eq!(get(store, other, NOW + MOMENT).await, None, "the later invalidation counts");
}

async fn put(store: &dyn CacheStore, key: &str, value: &str, fetched_at: UnixMillis) {
    let entry = Entry { key: key.to_owned(), value: value.to_owned(), fetched_at };
    reached(store.put(&[entry], TTL).await);
}

async fn get(store: &dyn CacheStore, key: &str, now: UnixMillis) -> Option<String> {
    let mut found = reached(store.get(&[key.to_owned()], now, TTL).await);
    assert_eq!(found.len(), 1);
    found.pop().flatten().map(|entry| entry.value)
}

#[expect(clippy::panic, reason = "a contract fails by panicking, as assertions do")]
#[track_caller]
fn reached<T>(result: Result<T, CacheStoreError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}: {:?}", error.source))
}
