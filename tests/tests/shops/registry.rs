//! The registry's own promises.

use std::{collections::BTreeSet, time::Duration};

use secrecy::ExposeSecret;
use shopify_client::tokens::{Held, TokenStore};
use weir_core::UnixMillis;
use weir_shops::{
    DynamoTokens, Plan, ShopState, TokenKind,
    registry::{Added, Changed, NewShop, NewToken, Uninstalled},
    seal::OpenError,
};
use weir_tests::World;

use super::{APP, add, keys, new_shop, offline, registry, shop};

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

#[tokio::test]
async fn the_registry_knows_each_shop_and_shows_no_token() {
    let world = World::new("registry").await;
    a_shop_is_not_overwritten_unless_it_is_meant_to_be(&world).await;
    an_uninstallation_wipes_the_tokens_unless_the_shop_came_back(&world).await;
    the_item_holds_no_token_in_the_open(&world).await;
    a_frozen_shop_thaws_and_an_uninstalled_one_does_not(&world).await;
    many_shops_are_listed_page_by_page(&world).await;
    a_rotated_key_opens_what_was_sealed_before_and_after(&world).await;
    world.end().await;
}

async fn a_shop_is_not_overwritten_unless_it_is_meant_to_be(world: &World) {
    let (registry, domain, keys) = (registry(world), shop("twice"), keys(world).await.keys());
    assert_eq!(registry.get(&domain, APP).await.unwrap(), None);
    let first = NewShop { plan: Some(Plan::Plus), ..new_shop(&domain, offline("shpat_1")) };
    assert_eq!(registry.add(first, &keys, false, NOW).await.unwrap(), Added::New);
    let again = || new_shop(&domain, offline("shpat_2"));
    assert_eq!(registry.add(again(), &keys, false, NOW).await.unwrap(), Added::Exists);
    let before = registry.get(&domain, APP).await.unwrap().unwrap();
    assert_eq!((before.plan, before.state, before.token.unwrap().version), (Some(Plan::Plus), ShopState::Installed, 1));

    let later = NOW + Duration::from_secs(1);
    assert_eq!(registry.add(again(), &keys, true, later).await.unwrap(), Added::Replaced);
    let after = registry.get(&domain, APP).await.unwrap().unwrap();
    assert_eq!((after.plan, after.installed_at, after.token.unwrap().version), (Some(Plan::Plus), later, 2));
    assert_eq!(token(world, "twice").await.as_deref(), Some("shpat_2"));

    // Without a token, the one that is there stays.
    let tier = NewShop { tier: Some("gold".into()), ..new_shop(&domain, None) };
    assert_eq!(registry.add(tier, &keys, true, later).await.unwrap(), Added::Replaced);
    let described = registry.get(&domain, APP).await.unwrap().unwrap();
    assert_eq!((described.tier.as_deref(), described.plan), (Some("gold"), Some(Plan::Plus)));
    assert_eq!(token(world, "twice").await.as_deref(), Some("shpat_2"));

    assert!(registry.remove(&domain, APP).await.unwrap());
    assert!(!registry.remove(&domain, APP).await.unwrap());
}

async fn an_uninstallation_wipes_the_tokens_unless_the_shop_came_back(world: &World) {
    let (registry, domain, keys) = (registry(world), shop("left"), keys(world).await.keys());
    let uninstalled = async |triggered_at| registry.uninstalled(&domain, APP, triggered_at, NOW).await.unwrap();
    assert_eq!(uninstalled(NOW).await, Uninstalled::NotApplicable);
    assert_eq!(registry.get(&domain, APP).await.unwrap(), None, "nothing is made of a shop that nobody registered");
    registry.add(new_shop(&domain, offline("shpat_1")), &keys, false, NOW).await.unwrap();
    assert_eq!(uninstalled(NOW - Duration::from_secs(1)).await, Uninstalled::NotApplicable, "it came late");
    assert!(token(world, "left").await.is_some());
    for _redelivered in 0..2 {
        assert_eq!(uninstalled(NOW + Duration::from_secs(1)).await, Uninstalled::Marked);
    }
    assert_eq!(token(world, "left").await, None);
    let left = raw(world, "left").await;
    assert!(!left.keys().any(|name| name == "token_access" || name == "token_refresh"), "{left:?}");
    let there = registry.get(&domain, APP).await.unwrap().unwrap();
    assert_eq!((there.state, there.token), (ShopState::Uninstalled, None));
    // It installs again: the count of its tokens goes on.
    let again = new_shop(&domain, offline("shpat_2"));
    assert_eq!(registry.add(again, &keys, true, NOW + Duration::from_secs(9)).await.unwrap(), Added::Replaced);
    assert_eq!(registry.get(&domain, APP).await.unwrap().unwrap().token.unwrap().version, 2);
}

async fn the_item_holds_no_token_in_the_open(world: &World) {
    let domain = shop("sealed");
    let token = NewToken::Expiring {
        access: "shpat_very_secret".into(),
        expires_at: NOW,
        refresh: "shprt_very_secret".into(),
        refresh_expires_at: None,
    };
    add(world, new_shop(&domain, Some(token))).await;
    let item = format!("{:?}", raw(world, "sealed").await);
    assert!(item.contains("token_access") && item.contains("token_refresh"), "{item}");
    assert!(!item.contains("very_secret"), "{item}");
    let known = registry(world).get(&domain, APP).await.unwrap().unwrap();
    assert_eq!(known.token.unwrap().kind, TokenKind::Expiring);
    assert!(!format!("{known:?}").contains("v1."), "not even the sealed text");
}

async fn a_frozen_shop_thaws_and_an_uninstalled_one_does_not(world: &World) {
    let (registry, domain) = (registry(world), shop("frozen"));
    let set = async |state| registry.set_state(&domain, APP, state, UnixMillis::now()).await.unwrap();
    assert_eq!(set(ShopState::Frozen).await, Changed::NotThere);
    add(world, new_shop(&domain, offline("shpat_1"))).await;
    assert_eq!(set(ShopState::Frozen).await, Changed::Written);
    assert_eq!(registry.get(&domain, APP).await.unwrap().unwrap().state, ShopState::Frozen);
    assert_eq!(set(ShopState::Installed).await, Changed::Written);
    assert_eq!(set(ShopState::Uninstalled).await, Changed::Written);
    assert_eq!(set(ShopState::Installed).await, Changed::NotThere);
}

async fn many_shops_are_listed_page_by_page(world: &World) {
    let (registry, keys) = (registry(world), keys(world).await.keys());
    // Over a megabyte in all, which is as much as a page reads.
    let label = "x".repeat(1_000);
    for index in 0..1_100 {
        let new =
            NewShop { tier: Some(label.clone()), ..new_shop(&shop(&format!("many-{index}")), offline("shpat_1")) };
        registry.add(new, &keys, false, NOW).await.unwrap();
    }
    let (mut domains, mut pages, mut after) = (BTreeSet::new(), 0, None);
    loop {
        let page = registry.list(Some(APP), Some(ShopState::Installed), after).await.unwrap();
        pages += 1;
        domains.extend(page.shops.iter().map(|shop| shop.domain.clone()));
        if !page.has_more() {
            break;
        }
        after = Some(page);
    }
    assert!(pages > 1, "{pages} pages");
    assert_eq!(domains.iter().filter(|domain| domain.as_str().starts_with("many-")).count(), 1_100);
    assert!(!domains.contains(&shop("frozen")), "it is uninstalled");
    assert!(registry.list(Some("other"), None, None).await.unwrap().shops.is_empty());
}

async fn a_rotated_key_opens_what_was_sealed_before_and_after(world: &World) {
    add(world, new_shop(&shop("before"), offline("shpat_before"))).await;
    // A process that began before the rotation.
    let old = keys(world).await;
    let running = tokens(world, old.clone());
    let secrets = aws_sdk_secretsmanager::Client::new(&world.aws);
    let rotate = async |value: String| {
        let request = secrets.put_secret_value().secret_id(&world.deployed.token_key_id).secret_string(value);
        request.send().await.unwrap();
    };
    rotate("n".repeat(64)).await;
    add(world, new_shop(&shop("after"), offline("shpat_after"))).await;
    for name in ["before", "after"] {
        assert_eq!(token(world, name).await, Some(format!("shpat_{name}")));
        assert_eq!(opened(&running, name).await, Some(format!("shpat_{name}")), "it looked for the newer key");
    }
    rotate("m".repeat(64)).await;
    let error = tokens(world, keys(world).await).load(&shop("before")).await.unwrap_err();
    let said = format!("{error}: {}", error.source);
    assert!(said.contains("neither the current nor the previous"), "{said}");
    // The command's hint goes by this.
    let cause = error.source.source().and_then(|cause| cause.downcast_ref::<OpenError>());
    assert!(matches!(cause, Some(OpenError::UnknownKey(_))), "{said}");
}

fn tokens(world: &World, keys: std::sync::Arc<weir_shops::seal::KeyRing>) -> DynamoTokens {
    DynamoTokens::new(&world.aws, world.deployed.shops_table.clone(), APP.to_owned(), keys)
}

/// A shop's access token, as a process that starts now reads it.
async fn token(world: &World, name: &str) -> Option<String> {
    opened(&tokens(world, keys(world).await), name).await
}

async fn opened(tokens: &DynamoTokens, name: &str) -> Option<String> {
    match tokens.load(&shop(name)).await.unwrap() {
        Held::Token(token) => Some(token.access.expose_secret().to_owned()),
        Held::UnknownShop | Held::Uninstalled | Held::NoToken => None,
    }
}

async fn raw(world: &World, name: &str) -> std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue> {
    let request = aws_sdk_dynamodb::Client::new(&world.aws).get_item().table_name(&world.deployed.shops_table);
    let key = |value: &str| aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());
    let request = request.key("pk", key(shop(name).as_str())).key("sk", key(APP)).consistent_read(true);
    request.send().await.unwrap().item.unwrap()
}
