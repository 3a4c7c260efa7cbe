//! The stores in memory keep the contracts of those in DynamoDB: what was tested on them is true there.

use resilience::MemoryState;
use shopify_client::{
    cache::MemoryCache,
    tokens::{Held, MemoryTokens},
};
use weir_testkit::contract::{cache, shared_state, tokens};

#[tokio::test]
async fn shared_documents_in_memory_keep_the_contract() {
    shared_state::cases(&MemoryState::default(), "memory").await;
}

#[tokio::test]
async fn tokens_in_memory_keep_the_contract() {
    let store = MemoryTokens::default();
    let seed = async |shop: &_, seed| {
        let held = match seed {
            tokens::Seed::Token(token) => Held::Token(token),
            tokens::Seed::NoToken => Held::NoToken,
            tokens::Seed::Uninstalled => Held::Uninstalled,
        };
        store.put(shop, held);
    };
    tokens::cases(&store, seed, "memory").await;
}

#[tokio::test]
async fn cached_objects_in_memory_keep_the_contract() {
    cache::cases(&MemoryCache::default(), "memory").await;
}
