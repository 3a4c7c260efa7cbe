//! The contracts that every store keeps: run against the one in memory and against DynamoDB alike.
//!
//! The [`Ledger`]'s and the [`Fence`](weir_core::fence::Fence)'s cases are written out here; [`random_walk`] then compares
//! both with the model over random sequences of transitions, clock jumps and repeated calls. What the Shopify client asks
//! of its stores is in [`shared_state`], [`tokens`] and [`cache`].

pub mod cache;
mod cases;
mod duplicates;
pub mod fence;
pub mod queue;
pub mod shared_state;
pub mod tokens;
mod walk;

pub use cases::cases;
pub use walk::random_walk;

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use weir_core::{
    Failure, Lane, StoreError, UnixMillis, WebhookId,
    envelope::Meta,
    ledger::{
        Action, ActionKind, ActionLog, ActionRequest, AttemptResult, Claim, ClaimRequest, Key, Ledger, Owner, Progress,
        Recorded, SettleRequest, Settled,
    },
};

/// Leases of the contract's claims.
const LEASE: Duration = Duration::from_secs(35);

/// One worker's view of one event.
pub(crate) struct Actor<'a, L> {
    ledger: &'a L,
    key: Key,
    owner: Owner,
    /// What the envelope says, if it is of an event that several deliveries may be of.
    meta: Option<Meta>,
    /// The number of its last claim that was granted.
    attempt: AtomicU32,
    /// What its next settle leaves for the next attempt: progress, and the count of a copy.
    leaves: Mutex<(Progress, Option<u32>)>,
}

impl<'a, L: Ledger> Actor<'a, L> {
    fn new(ledger: &'a L, key: &Key, name: &str) -> Self {
        Self {
            ledger,
            key: key.clone(),
            owner: Owner(name.to_owned()),
            meta: None,
            attempt: AtomicU32::new(0),
            leaves: Mutex::default(),
        }
    }

    /// A worker with a delivery of the event that this is of, whatever other deliveries it has.
    fn of(ledger: &'a L, meta: &Meta, name: &str) -> Self {
        Self { meta: Some(meta.clone()), ..Self::new(ledger, &Key::of(meta), name) }
    }

    fn webhook_id(&self) -> Option<&WebhookId> {
        self.meta.as_ref().map(|meta| &meta.webhook_id)
    }

    async fn claim(&self, body: &str, now: UnixMillis) -> Claim {
        self.claim_as(body, 1, 0, now).await
    }

    /// For a message that was received and parked so often.
    async fn claim_as(&self, body: &str, receives: u32, parks: u32, now: UnixMillis) -> Claim {
        let ask = ClaimRequest {
            key: &self.key,
            owner: &self.owner,
            body_sha256: body,
            meta: self.meta.as_ref(),
            resource: Some("orders/1"),
            lane: Lane::Standard,
            receives,
            parks,
            now,
            lease_until: now + LEASE,
        };
        let claim = reached(self.ledger.claim(&ask).await);
        if let Claim::Granted { attempt, .. } = &claim {
            self.attempt.store(*attempt, Ordering::Relaxed);
        }
        claim
    }

    /// From now on its settles leave this.
    fn leaves(&self, progress: Progress, copy: Option<u32>) {
        *self.leaves.lock().unwrap_or_else(PoisonError::into_inner) = (progress, copy);
    }

    async fn settle(&self, ending: &AttemptResult, now: UnixMillis) -> Settled {
        let (key, owner, attempt) = (&self.key, &self.owner, self.attempt.load(Ordering::Relaxed));
        let (comes_back, resource) = (Some(now + LEASE), Some("orders/1"));
        let (progress, copy) = self.leaves.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (receives, begun, progress) = (1, now, &progress);
        let ended =
            SettleRequest { key, owner, ending, attempt, receives, begun, comes_back, copy, progress, resource, now };
        reached(self.ledger.settle(&ended).await)
    }
}

/// What an operator does with a message of the event whose body and park count are these.
async fn act<L: ActionLog>(
    ledger: &L,
    key: &Key,
    kind: ActionKind,
    operation: &str,
    (body, parks): (&str, u32),
    now: UnixMillis,
) -> Recorded {
    let action = Action::new(kind, now, "operator", operation, Some("INC-7"));
    reached(ledger.record(&ActionRequest { key, action: &action, body_sha256: Some(body), parks }).await)
}

fn transient() -> AttemptResult {
    AttemptResult::Failed(Failure::transient("down"))
}

fn permanent() -> AttemptResult {
    AttemptResult::Failed(Failure::permanent("cannot parse"))
}

fn parked(parks: u32, now: UnixMillis) -> AttemptResult {
    AttemptResult::Parked { parks, until: now + LEASE, reason: "the circuit is open".to_owned() }
}

#[expect(clippy::panic, reason = "a contract fails by panicking, as assertions do")]
#[track_caller]
fn reached<T>(result: Result<T, StoreError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}: {}", error.source),
    }
}
