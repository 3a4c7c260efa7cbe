//! The stores in DynamoDB keep the contracts of those in memory.

use std::time::Duration;

use resilience::Clock;
use shopify_client::tokens::Renewal;
use weir_core::UnixMillis;
use weir_shops::{DynamoState, DynamoTokens, cache::DynamoCache, registry::NewToken};
use weir_testkit::contract;
use weir_tests::World;

use super::{APP, add, keys, new_shop, registry};

#[tokio::test]
async fn the_stores_in_dynamodb_keep_the_contracts_of_those_in_memory() {
    let world = World::new("stores").await;
    shared_documents(&world).await;
    tokens(&world).await;
    let cache = DynamoCache::new(&world.aws, world.deployed.cache_table.clone());
    contract::cache::cases(&cache, "contract").await;
    world.end().await;
}

async fn shared_documents(world: &World) {
    let at = |clock| DynamoState::new(&world.aws, world.deployed.state_table.clone(), clock);
    let now = at(Clock::Wall);
    contract::shared_state::cases(&now, "contract").await;
    let later = at(Clock::starting_at(UnixMillis::now() + Duration::from_secs(2 * 3600)));
    contract::shared_state::expiry(&now, &later, "contract").await;
}

async fn tokens(world: &World) {
    let store = DynamoTokens::new(&world.aws, world.deployed.shops_table.clone(), APP.to_owned(), keys(world).await);
    let seed = async |domain: &_, seed| {
        let first = match seed {
            contract::tokens::Seed::Token(token) => match token.renewal {
                Renewal::Refresh { token: refresh, expires_at: refresh_expires_at } => Some(NewToken::Expiring {
                    access: token.access,
                    expires_at: token.expires_at.unwrap(),
                    refresh,
                    refresh_expires_at,
                }),
                Renewal::Never => Some(NewToken::Offline(token.access)),
                Renewal::ClientCredentials => Some(NewToken::ClientCredentials),
            },
            contract::tokens::Seed::NoToken => None,
            contract::tokens::Seed::Uninstalled => {
                add(world, new_shop(domain, super::offline("shpat_gone"))).await;
                let now = UnixMillis::now() + Duration::from_secs(1);
                registry(world).uninstalled(domain, APP, now, now).await.unwrap();
                return;
            }
        };
        add(world, new_shop(domain, first)).await;
    };
    contract::tokens::cases(&store, seed, "contract").await;
}
