//! What a person may get wrong: a clear error with a hint, and no storm of retries.

use shopify_client::{
    Kind, Retry,
    operations::{ShopInfo, shop_info},
    tokens::{Held, MemoryTokens},
};
use shopify_webhook::ShopDomain;
use std::sync::Arc;

use crate::support::{World, call, said, shop};

#[tokio::test]
async fn a_shop_that_nobody_registered_is_not_even_called() {
    let world = World::new().await;
    let unknown = ShopDomain::parse("unknown.myshopify.com").unwrap();
    let error = world.client().run::<ShopInfo>(&unknown, shop_info::Variables, &call()).await.map(|_| ()).unwrap_err();
    assert_eq!((error.attempts, error.retry), (0, Retry::Never));
    let text = said(&error);
    assert!(text.contains("unknown.myshopify.com") && text.contains("hint: add it: weir shops add"), "{text}");
    assert!(world.sim.calls().is_empty());
}

#[tokio::test]
async fn a_shop_that_uninstalled_the_app_is_not_called() {
    let mut world = World::new().await;
    let tokens = MemoryTokens::default();
    tokens.put(&shop(), Held::Uninstalled);
    world.shared.tokens = Arc::new(tokens);
    let error = world.read().await.map(|_| ()).unwrap_err();
    assert!(said(&error).contains("hint: nothing can be called until"), "{error}");
    assert!(world.sim.calls().is_empty());
}

#[tokio::test]
async fn a_shop_that_is_gone_is_asked_once() {
    let world = World::new().await;
    world.sim.remove(&shop());
    let error = world.read().await.map(|_| ()).unwrap_err();
    assert!(matches!(error.kind, Kind::NotFound), "{error}");
    assert_eq!(error.attempts, 1);
}

#[tokio::test]
async fn a_revoked_token_is_tried_once_and_its_remedy_is_told() {
    let world = World::new().await;
    world.sim.revoke(&shop());
    let error = world.read().await.map(|_| ()).unwrap_err();
    assert!(matches!(error.kind, Kind::Unauthorized), "{error}");
    assert_eq!((world.sim.calls_of("ShopInfo"), error.retry), (1, Retry::Never));
    assert!(said(&error).contains("hint: the app was uninstalled or its token revoked"), "{error}");
}

#[tokio::test]
async fn an_invalid_query_is_sent_once_and_what_was_wrong_is_told() {
    let world = World::new().await;
    for (query, word) in [("query Bad { shop { nonsense } }", "nonsense"), ("query Bad {", "syntax")] {
        let error = world.client().raw::<serde_json::Value>(&shop(), "Bad", query, &(), &call()).await.unwrap_err();
        assert!(matches!(error.kind, Kind::Invalid(_)), "{error}");
        assert_eq!((error.attempts, error.retry), (1, Retry::Never));
        let text = said(&error);
        assert!(text.to_lowercase().contains(word) && text.contains("hint: check the operation"), "{text}");
    }
}

#[tokio::test]
async fn no_error_shows_the_token() {
    let world = World::new().await;
    world.sim.revoke(&shop());
    let error = world.read().await.map(|_| ()).unwrap_err();
    let token = secrecy::ExposeSecret::expose_secret(&world.installed.access_token);
    assert!(!format!("{error} {error:?}").contains(token));
    assert!(!format!("{:?} {:?}", world.installed, world.shared.tokens.load(&shop()).await).contains(token));
}
