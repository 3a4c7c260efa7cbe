//! Shops, tokens, shared documents and cached objects in DynamoDB, on the template that is deployed. Each test has a
//! stack of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod child;
mod contracts;
mod endpoint;
mod keeping;
mod order_to_bus;
mod races;
mod registry;
mod renewal;
mod simulated;

use std::sync::Arc;

use secrecy::SecretString;
use shopify_webhook::ShopDomain;
use weir_shops::{
    Registry,
    registry::{Added, NewShop, NewToken},
    seal::KeyRing,
};
use weir_tests::World;

/// The app of every stack.
const APP: &str = "default";

fn shop(name: &str) -> ShopDomain {
    ShopDomain::parse(&format!("{name}.myshopify.com")).unwrap()
}

fn registry(world: &World) -> Registry {
    Registry::new(&world.aws, world.deployed.shops_table.clone())
}

async fn keys(world: &World) -> Arc<KeyRing> {
    Arc::new(KeyRing::load(&world.aws, world.deployed.token_key_id.clone()).await.unwrap())
}

fn new_shop(domain: &ShopDomain, token: Option<NewToken>) -> NewShop {
    NewShop { domain: domain.clone(), app: APP.to_owned(), plan: None, tier: None, token }
}

fn offline(token: &str) -> Option<NewToken> {
    Some(NewToken::Offline(SecretString::from(token)))
}

async fn add(world: &World, shop: NewShop) -> Added {
    let keys = keys(world).await.keys();
    registry(world).add(shop, &keys, false, weir_core::UnixMillis::now()).await.unwrap()
}
