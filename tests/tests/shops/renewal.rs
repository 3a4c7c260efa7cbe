//! Tokens are renewed once, whoever asks and whoever dies.

use std::{collections::HashMap, time::Duration};

use weir_core::UnixMillis;
use weir_shops::registry::NewToken;
use weir_tests::World;

use super::{APP, add, child, child::Process, endpoint::TokenEndpoint, new_shop, registry, shop};

const PROCESSES: usize = 40;

async fn add_expired(world: &World, name: &str) {
    let token = NewToken::Expiring {
        access: "shpat_old".into(),
        expires_at: UnixMillis::now(),
        refresh: "shprt_old".into(),
        refresh_expires_at: None,
    };
    add(world, new_shop(&shop(name), Some(token))).await;
}

#[tokio::test]
async fn forty_processes_whose_token_expires_at_once_cause_one_refresh() {
    let world = World::new("forty").await;
    let shopify = TokenEndpoint::start(0);
    add_expired(&world, "expired").await;
    let start = |index| Process::start(&world, &shopify.url(), "expired", &format!("process-{index}"));
    let mut processes: Vec<Process> = (0..PROCESSES).map(start).collect();
    for process in &mut processes {
        process.go();
    }
    let tokens: Vec<String> = processes.into_iter().map(Process::token).collect();
    assert_eq!(tokens, vec!["shpat_new_1"; PROCESSES]);
    assert_eq!(shopify.refreshes(), 1);
    assert!(shopify.requests.recv().unwrap().contains("refresh_token=shprt_old"));
    let known = registry(&world).get(&shop("expired"), APP).await.unwrap().unwrap().token.unwrap();
    assert_eq!((known.version, known.renewing_until), (2, None));
    world.end().await;
}

#[tokio::test]
async fn token_survives_a_process_that_dies_while_renewing() {
    let world = World::new("killed").await;
    // The first refresh is done, and its reply reaches nobody.
    let shopify = TokenEndpoint::start(1);
    add_expired(&world, "killed").await;
    let mut holder = Process::start(&world, &shopify.url(), "killed", "the-holder");
    holder.go();
    shopify.requests.recv().unwrap();
    holder.kill();
    let held = registry(&world).get(&shop("killed"), APP).await.unwrap().unwrap().token.unwrap();
    assert!(held.version == 1 && held.renewing_until.is_some(), "{held:?}");
    // The next one comes when the holder's time is up, and renews by the token that the holder used.
    let environment = HashMap::from(child::environment(&world, &shopify.url(), "killed", "the-next"));
    let next = child::tokens(|name| environment[name].clone(), child::ahead(Duration::from_secs(60))).await;
    assert_eq!(child::get(&next, "killed").await, "shpat_new_2");
    assert!(shopify.requests.recv().unwrap().contains("refresh_token=shprt_old"));
    assert_eq!(shopify.refreshes(), 2);
    world.end().await;
}
