//! The model keeps the contract that it is the reference for.

use weir_testkit::{ModelLedger, contract};

#[tokio::test]
async fn the_model_keeps_the_contract() {
    contract::cases(&ModelLedger::default(), "model").await;
    contract::fence::cases(&ModelLedger::default(), "model").await;
}

#[tokio::test]
async fn the_model_agrees_with_itself() {
    let ledger = ModelLedger::default();
    for seed in 0..50 {
        contract::random_walk(&ledger, &ledger, async |key| ledger.get(key), "model", seed, 200).await;
    }
}
