//! Ledger and fence in DynamoDB keep the contracts of the model.

use std::time::Duration;

use weir_core::{
    Lane, UnixMillis,
    fence::{self, Entry, Fence, Mark, Run, State},
    ledger::{Claim, ClaimRequest, Key, Ledger, Owner},
    topics::Version,
};
use weir_testkit::contract;
use weir_tests::World;

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);
const LEASE: Duration = Duration::from_secs(35);

#[tokio::test]
async fn ledger_and_fence_in_dynamodb_keep_the_contract_of_the_model() {
    let world = World::new("contract").await;
    contract::cases(&world.ledger, "contract").await;
    contract::fence::cases(&world.fence, "contract").await;
    for seed in 0..10 {
        let read = async |key: &Key| world.ledger.get(key).await.unwrap();
        contract::random_walk(&world.ledger, &world.fence, read, "contract", seed, 120).await;
    }
    let history = world.ledger.history("contract.myshopify.com#generation").await.unwrap();
    assert_eq!(history.iter().map(|record| record.key.generation).collect::<Vec<_>>(), [0, 1]);
    let done = Key { event: "contract.myshopify.com#done".into(), generation: 0 };
    let record = world.ledger.get(&done).await.unwrap().unwrap();
    assert_eq!((record.duplicates, record.mismatches), (1, 1));
    world.end().await;
}

#[tokio::test]
async fn fifty_workers_that_claim_at_once_have_one_winner() {
    let world = World::new("claims").await;
    let key = Key { event: "north.myshopify.com#1".into(), generation: 0 };
    let (mut claims, mut entries) = (tokio::task::JoinSet::new(), tokio::task::JoinSet::new());
    for index in 0..50 {
        let (ledger, fence, key) = (world.ledger.clone(), world.fence.clone(), key.clone());
        let owner = Owner(index.to_string());
        let lease_until = NOW + LEASE;
        let also = owner.clone();
        claims.spawn(async move {
            let (lane, now) = (Lane::Bulk, NOW);
            let (key, owner, meta, body_sha256) = (&key, &owner, None, "x");
            let (resource, receives, parks) = (None, 1, 0);
            let ask = ClaimRequest { key, owner, body_sha256, meta, resource, lane, receives, parks, now, lease_until };
            ledger.claim(&ask).await.unwrap()
        });
        entries.spawn(async move {
            let mark = Mark::from("orders/paid".to_owned());
            let version = Version::updated("2026-11-27T05:00:00Z".parse().unwrap());
            let state = State { version, body: "b".to_owned(), event: None, content: None };
            let run = Run { version, delivery: index.to_string(), generation: 0, body: "b".to_owned() };
            let (key, owner, mark, run, state) = ("north.myshopify.com#default#orders/1", &also, &mark, &run, &state);
            let ask = fence::EnterRequest { key, owner, mark, run, state, now: NOW, lease_until, once: false };
            fence.enter(&ask).await.unwrap()
        });
    }
    let (claims, entries) = (claims.join_all().await, entries.join_all().await);
    assert_eq!(claims.iter().filter(|claim| claim.is_granted()).count(), 1);
    assert!(claims.iter().all(|claim| matches!(claim, Claim::Granted { .. } | Claim::Busy(_))));
    assert_eq!(entries.iter().filter(|entry| **entry == Entry::Granted).count(), 1);
    assert!(entries.iter().all(|entry| matches!(entry, Entry::Granted | Entry::Busy(_))));
    world.end().await;
}
