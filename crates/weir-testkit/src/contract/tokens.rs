//! The contract of every [`TokenStore`].

use std::time::Duration;

use resilience::UnixMillis;
use secrecy::ExposeSecret;
use shopify_client::tokens::{Held, Lock, Renewal, StoredToken, TokenStore, TokenStoreError};
use shopify_webhook::ShopDomain;

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);
const UNTIL: UnixMillis = UnixMillis(NOW.0 + 30_000);
const MOMENT: Duration = Duration::from_millis(1);

/// What a shop begins with: the store's own way of putting it there is the caller's.
#[derive(Debug, Clone)]
pub enum Seed {
    /// A token, of version 1.
    Token(StoredToken),
    /// Registered without one.
    NoToken,
    /// Uninstalled after it had one.
    Uninstalled,
}

/// Runs every case. `seed` puts a shop into the store; `prefix` keeps shops apart from those of other runs.
pub async fn cases(store: &dyn TokenStore, seed: impl AsyncFn(&ShopDomain, Seed), prefix: &str) {
    #[expect(clippy::expect_used, reason = "a contract fails by panicking, as assertions do")]
    let shop = |name: &str| ShopDomain::parse(&format!("{prefix}-{name}.myshopify.com")).expect("a shop's domain");
    what_is_not_a_token_is_told_apart(store, &seed, [shop("unknown"), shop("none"), shop("gone")]).await;
    let token = Seed::Token(token(1, true));
    for name in ["pair", "lock", "version", "owner", "late", "back"] {
        seed(&shop(name), token.clone()).await;
    }
    the_pair_is_stored_together(store, &shop("pair")).await;
    one_at_a_time_renews(store, &shop("lock")).await;
    only_the_token_that_was_seen_is_renewed(store, &shop("version")).await;
    only_the_holder_stores(store, &shop("owner")).await;
    who_comes_back_too_late_changes_nothing(store, &shop("late")).await;
    a_right_is_given_back_by_its_holder_only(store, &shop("back")).await;
    a_token_of_another_kind_leaves_nothing_of_the_old(store, &shop("back")).await;
}

async fn what_is_not_a_token_is_told_apart(
    store: &dyn TokenStore,
    seed: &impl AsyncFn(&ShopDomain, Seed),
    [unknown, none, gone]: [ShopDomain; 3],
) {
    seed(&none, Seed::NoToken).await;
    seed(&gone, Seed::Uninstalled).await;
    let expected = [(&unknown, "UnknownShop"), (&none, "NoToken"), (&gone, "Uninstalled")];
    for (shop, name) in expected {
        assert_eq!(format!("{:?}", reached(store.load(shop).await)), name);
        for version in [0, 1, 2] {
            let lock = reached(store.lock(shop, version, "a", NOW, UNTIL).await);
            assert_eq!(format!("{lock:?}"), format!("Changed({name})"), "version {version}");
        }
        assert!(!reached(store.store(shop, 1, "a", &token(2, true)).await), "{name}");
        reached(store.unlock(shop, "a").await);
        assert_eq!(format!("{:?}", reached(store.load(shop).await)), name);
    }
}

async fn the_pair_is_stored_together(store: &dyn TokenStore, shop: &ShopDomain) {
    same(&held(store, shop).await, &token(1, true));
    granted(store, shop, 1, "a", NOW).await;
    same(&held(store, shop).await, &token(1, true));
    assert!(reached(store.store(shop, 1, "a", &token(2, true)).await));
    same(&held(store, shop).await, &token(2, true));
    // The right went with the write.
    assert!(!reached(store.store(shop, 2, "a", &token(3, true)).await));
    granted(store, shop, 2, "b", NOW).await;
}

async fn one_at_a_time_renews(store: &dyn TokenStore, shop: &ShopDomain) {
    granted(store, shop, 1, "a", NOW).await;
    for now in [NOW, UNTIL - MOMENT] {
        let lock = reached(store.lock(shop, 1, "b", now, UNTIL + MOMENT).await);
        assert!(matches!(lock, Lock::Busy(until) if until == UNTIL), "{lock:?}");
    }
    // A reply was lost: the same asks again, and has it for longer.
    let longer = UNTIL + Duration::from_secs(1);
    assert!(matches!(reached(store.lock(shop, 1, "a", NOW, longer).await), Lock::Granted));
    assert!(matches!(reached(store.lock(shop, 1, "b", UNTIL, longer).await), Lock::Busy(until) if until == longer));
    granted(store, shop, 1, "b", longer).await;
}

async fn only_the_token_that_was_seen_is_renewed(store: &dyn TokenStore, shop: &ShopDomain) {
    granted(store, shop, 1, "a", NOW).await;
    assert!(reached(store.store(shop, 1, "a", &token(2, true)).await));
    match reached(store.lock(shop, 1, "b", NOW, UNTIL).await) {
        Lock::Changed(now) => match *now {
            Held::Token(there) => same(&there, &token(2, true)),
            other => unexpected(&other),
        },
        other => unexpected(&other),
    }
}

async fn only_the_holder_stores(store: &dyn TokenStore, shop: &ShopDomain) {
    assert!(!reached(store.store(shop, 1, "a", &token(2, true)).await), "nobody has the right");
    granted(store, shop, 1, "a", NOW).await;
    assert!(!reached(store.store(shop, 1, "b", &token(2, true)).await), "another has it");
    assert!(!reached(store.store(shop, 2, "a", &token(3, true)).await), "of another version");
    same(&held(store, shop).await, &token(1, true));
}

async fn who_comes_back_too_late_changes_nothing(store: &dyn TokenStore, shop: &ShopDomain) {
    granted(store, shop, 1, "a", NOW).await;
    granted(store, shop, 1, "b", UNTIL).await;
    assert!(!reached(store.store(shop, 1, "a", &token(2, false)).await));
    reached(store.unlock(shop, "a").await);
    assert!(reached(store.store(shop, 1, "b", &token(2, true)).await));
    assert!(!reached(store.store(shop, 1, "a", &token(2, false)).await));
    same(&held(store, shop).await, &token(2, true));
}

async fn a_right_is_given_back_by_its_holder_only(store: &dyn TokenStore, shop: &ShopDomain) {
    granted(store, shop, 1, "a", NOW).await;
    reached(store.unlock(shop, "b").await);
    assert!(matches!(reached(store.lock(shop, 1, "b", NOW, UNTIL).await), Lock::Busy(_)));
    for _lost_reply in 0..2 {
        reached(store.unlock(shop, "a").await);
    }
    granted(store, shop, 1, "b", NOW).await;
    reached(store.unlock(shop, "b").await);
}

async fn a_token_of_another_kind_leaves_nothing_of_the_old(store: &dyn TokenStore, shop: &ShopDomain) {
    granted(store, shop, 1, "a", NOW).await;
    assert!(reached(store.store(shop, 1, "a", &token(2, false)).await));
    same(&held(store, shop).await, &token(2, false));
}

async fn granted(store: &dyn TokenStore, shop: &ShopDomain, version: u64, owner: &str, now: UnixMillis) {
    let until = now + Duration::from_millis(30_000);
    let lock = reached(store.lock(shop, version, owner, now, until).await);
    assert!(matches!(lock, Lock::Granted), "{lock:?}");
}

async fn held(store: &dyn TokenStore, shop: &ShopDomain) -> StoredToken {
    match reached(store.load(shop).await) {
        Held::Token(token) => token,
        other => unexpected(&other),
    }
}

fn token(version: u64, expires: bool) -> StoredToken {
    let refresh = Renewal::Refresh {
        token: format!("shprt_{version}").into(),
        expires_at: Some(NOW + Duration::from_secs(7_776_000)),
    };
    StoredToken {
        access: format!("shpat_{version}").into(),
        expires_at: expires.then(|| NOW + Duration::from_secs(3600)),
        renewal: if expires { refresh } else { Renewal::Never },
        version,
    }
}

#[track_caller]
fn same(there: &StoredToken, expected: &StoredToken) {
    let parts = |token: &StoredToken| {
        let refresh = match &token.renewal {
            Renewal::Refresh { token, expires_at } => Some((token.expose_secret().to_owned(), *expires_at)),
            Renewal::Never | Renewal::ClientCredentials => None,
        };
        (token.access.expose_secret().to_owned(), token.expires_at, refresh, token.version)
    };
    assert_eq!(parts(there), parts(expected));
}

#[expect(clippy::panic, reason = "a contract fails by panicking, as assertions do")]
#[track_caller]
fn unexpected(what: &dyn std::fmt::Debug) -> ! {
    panic!("unexpected: {what:?}")
}

#[expect(clippy::panic, reason = "a contract fails by panicking, as assertions do")]
#[track_caller]
fn reached<T>(result: Result<T, TokenStoreError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}: {:?}", error.source))
}
