//! What happens to a shop between two looks at it.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use shopify_client::tokens::{Lock, Renewal, StoredToken, TokenStore};
use weir_core::UnixMillis;
use weir_shops::{DynamoTokens, ShopState, registry::NewShop};
use weir_tests::World;

use super::{APP, add, keys, new_shop, offline, registry, shop};

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

#[tokio::test]
async fn concurrent_changes_of_a_shop_are_kept_whole() {
    let world = World::new("races").await;
    replacements_at_once_are_each_counted(&world).await;
    a_shop_that_is_removed_meanwhile_leaves_no_stump(&world).await;
    no_token_of_an_uninstalled_shop_is_renewed(&world).await;
    world.end().await;
}

/// Whoever replaces a token that another just replaced looks again: else two tokens would have one number.
async fn replacements_at_once_are_each_counted(world: &World) {
    let (domain, keys) = (shop("contended"), keys(world).await.keys());
    add(world, new_shop(&domain, offline("shpat_0"))).await;
    let mut replacing = tokio::task::JoinSet::new();
    for index in 0..12 {
        let (registry, keys) = (registry(world), keys.clone());
        let new = new_shop(&domain, offline(&format!("shpat_{index}")));
        replacing.spawn(async move { registry.add(new, &keys, true, NOW).await.is_ok() });
    }
    let replaced = replacing.join_all().await.into_iter().filter(|replaced| *replaced).count() as u64;
    assert!(replaced > 1, "they did not meet");
    let version = registry(world).get(&domain, APP).await.unwrap().unwrap().token.unwrap().version;
    assert_eq!(version, 1 + replaced);
}

/// Whole or not at all: an item without its state could not be read.
async fn a_shop_that_is_removed_meanwhile_leaves_no_stump(world: &World) {
    let (registry, domain) = (registry(world), shop("going"));
    let described = NewShop { tier: Some("gold".into()), ..new_shop(&domain, None) };
    assert!(!registry.describe(&described, NOW).await.unwrap());
    assert_eq!(registry.get(&domain, APP).await.unwrap(), None);
    add(world, new_shop(&domain, offline("shpat_1"))).await;
    assert!(registry.describe(&described, NOW).await.unwrap());
    assert_eq!(registry.get(&domain, APP).await.unwrap().unwrap().tier.as_deref(), Some("gold"));
}

async fn no_token_of_an_uninstalled_shop_is_renewed(world: &World) {
    let domain = shop("renewing");
    let store = DynamoTokens::new(&world.aws, world.deployed.shops_table.clone(), APP.to_owned(), keys(world).await);
    add(world, new_shop(&domain, offline("shpat_1"))).await;
    let until = NOW + Duration::from_secs(30);
    assert!(matches!(store.lock(&domain, 1, "me", NOW, until).await.unwrap(), Lock::Granted));
    // Marked while the renewal is under way, by somebody who wiped nothing: the state alone must be enough.
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mark = aws_sdk_dynamodb::Client::new(&world.aws).update_item().table_name(&world.deployed.shops_table);
    let mark = mark.key("pk", text(domain.as_str())).key("sk", text(APP)).update_expression("SET #state = :gone");
    let mark = mark.expression_attribute_names("#state", "state");
    mark.expression_attribute_values(":gone", text(ShopState::Uninstalled.as_str())).send().await.unwrap();
    let renewed = StoredToken { access: "shpat_2".into(), expires_at: None, renewal: Renewal::Never, version: 2 };
    assert!(!store.store(&domain, 1, "me", &renewed).await.unwrap(), "it came too late");
    assert!(!matches!(store.lock(&domain, 1, "me", NOW, until).await.unwrap(), Lock::Granted));
    assert!(!matches!(
        store.lock(&domain, 1, "another", until + Duration::from_secs(1), until).await,
        Ok(Lock::Granted)
    ));
}
