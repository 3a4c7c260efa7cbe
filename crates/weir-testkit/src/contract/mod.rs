//! The contracts that every store keeps: run against the one in memory and against DynamoDB alike.
//!
//! The [`Ledger`]'s cases are written out here; [`random_walk`] then compares a ledger with the model over random
//! sequences of transitions, clock jumps and repeated calls. What the Shopify client asks of its stores is in
//! [`shared_state`], [`tokens`] and [`cache`].

pub mod cache;
mod cases;
pub mod shared_state;
pub mod tokens;
mod walk;

pub use cases::cases;
pub use walk::random_walk;

use std::time::Duration;

use weir_core::{
    Lane, UnixMillis,
    ledger::{Ask, Claim, Key, Ledger, Owner},
};

/// Leases of the contract's claims.
const LEASE: Duration = Duration::from_secs(35);

/// One worker's view of one event.
pub(crate) struct Actor<'a, L> {
    ledger: &'a L,
    key: Key,
    owner: Owner,
}

impl<'a, L: Ledger> Actor<'a, L> {
    fn new(ledger: &'a L, key: &Key, name: &str) -> Self {
        Self { ledger, key: key.clone(), owner: Owner(name.to_owned()) }
    }

    async fn claim(&self, body: &str, now: UnixMillis) -> Claim {
        let ask = Ask {
            key: &self.key,
            owner: &self.owner,
            body_sha256: body,
            meta: None,
            lane: Lane::Standard,
            now,
            lease_until: now + LEASE,
        };
        reached(self.ledger.claim(&ask).await)
    }
}

#[expect(clippy::panic, reason = "a contract fails by panicking, as assertions do")]
#[track_caller]
fn reached<T>(result: Result<T, weir_core::ledger::LedgerError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}: {}", error.source),
    }
}
