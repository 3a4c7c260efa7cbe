//! Tokens that expire.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use shopify_client::{
    Call, Kind,
    operations::{ShopInfo, shop_info},
    tokens::{Held, MemoryTokens, TokenError},
};
use shopify_sim::{Act, Options, Rule, TokenStyle};
use weir_testkit::shopify::token_of;

use crate::support::{World, said, settings, shop};

/// A shop whose token has just expired.
async fn expired() -> World {
    let mut world = World::with(Options { tokens: TokenStyle::Expiring, ..Options::default() }).await;
    world.sim.expire_tokens(&shop());
    let tokens = MemoryTokens::default();
    tokens.put(&shop(), Held::Token(token_of(&world.installed, Some(world.shared.clock.now()))));
    world.shared.tokens = Arc::new(tokens);
    world
}

fn call() -> Call {
    Call::foreground(Duration::from_secs(300))
}

#[tokio::test]
async fn forty_processes_whose_token_expired_renew_it_once() {
    let world = expired().await;
    let read = |number: usize| {
        let client = world.shared.client(&world.installed, &format!("process {number}"), settings());
        async move { client.run::<ShopInfo>(&shop(), shop_info::Variables, &call()).await.map(|_| ()) }
    };
    let ended = join_all((0..40).map(read)).await;
    assert!(ended.iter().all(Result::is_ok), "{ended:?}");
    assert_eq!(world.sim.refreshes(&shop()), 1);
}

#[tokio::test]
async fn a_token_that_shopify_refuses_early_is_renewed() {
    let mut world = World::with(Options { tokens: TokenStyle::Expiring, ..Options::default() }).await;
    let tokens = MemoryTokens::default();
    let in_an_hour = world.shared.clock.now() + Duration::from_secs(3_600);
    tokens.put(&shop(), Held::Token(token_of(&world.installed, Some(in_an_hour))));
    world.shared.tokens = Arc::new(tokens);
    world.sim.expire_tokens(&shop());
    world.read().await.unwrap();
    assert_eq!(world.sim.refreshes(&shop()), 1);
}

#[tokio::test]
async fn a_renewal_whose_reply_was_lost_is_made_again_by_the_same_refresh_token() {
    let world = expired().await;
    world.script(Rule::new(Act::ResetAfter).on("access_token").times(1));
    let error = world.read().await.map(|_| ()).unwrap_err();
    assert!(matches!(error.kind, Kind::Token(TokenError::Exchange(_))), "{error}");
    world.read().await.unwrap();
    assert_eq!(world.sim.refreshes(&shop()), 2, "Shopify gave a pair twice; the first was never used");
}

#[tokio::test]
async fn a_token_that_cant_be_renewed_is_told_with_its_remedy_and_asked_for_once() {
    let world = expired().await;
    world.sim.revoke(&shop());
    let error = world.read().await.map(|_| ()).unwrap_err();
    assert!(matches!(&error.kind, Kind::Token(TokenError::Exchange(error)) if !error.may_pass()), "{error}");
    assert!(said(&error).contains("hint: "), "{error}");
    assert_eq!(world.sim.calls_of("access_token"), 1);
    assert_eq!(world.sim.calls_of("ShopInfo"), 0);
}

#[tokio::test]
async fn a_token_that_is_due_is_renewed_before_it_ends_and_used_meanwhile() {
    let mut world = World::with(Options { tokens: TokenStyle::Expiring, ..Options::default() }).await;
    let soon = world.shared.clock.now() + Duration::from_secs(300);
    let tokens = MemoryTokens::default();
    tokens.put(&shop(), Held::Token(token_of(&world.installed, Some(soon))));
    world.shared.tokens = Arc::new(tokens);
    world.script(Rule::new(Act::Status { status: 503, retry_after: None }).on("access_token").times(1));
    world.read().await.expect("the renewal failed, and the old token is still good");
    world.read().await.unwrap();
    assert_eq!(world.sim.refreshes(&shop()), 1);
}
