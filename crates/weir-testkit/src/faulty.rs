//! A ledger that fails on purpose.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use weir_core::{
    Failure, UnixMillis,
    ledger::{Ask, Claim, Key, Ledger, LedgerError, Owner, Settled},
};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was written.
    BeforeWrite,
    /// Written, and the reply was lost.
    AfterWrite,
}

/// A ledger whose `call`-th call (counted from one) fails; all others pass.
#[derive(Debug)]
pub struct Faulty<L> {
    inner: Arc<L>,
    calls: AtomicUsize,
    call: usize,
    fault: Fault,
}

impl<L> Faulty<L> {
    /// A ledger that fails once.
    pub fn on_call(inner: Arc<L>, call: usize, fault: Fault) -> Self {
        Self { inner, calls: AtomicUsize::new(0), call, fault }
    }

    async fn pass<T>(&self, call: impl Future<Output = Result<T, LedgerError>>) -> Result<T, LedgerError> {
        if self.calls.fetch_add(1, Ordering::SeqCst) + 1 != self.call {
            return call.await;
        }
        if self.fault == Fault::AfterWrite {
            call.await?;
        }
        Err(LedgerError { action: "reached", source: "a fault on purpose".into() })
    }
}

impl<L: Ledger> Ledger for Faulty<L> {
    async fn claim(&self, ask: &Ask<'_>) -> Result<Claim, LedgerError> {
        self.pass(self.inner.claim(ask)).await
    }

    async fn complete(&self, key: &Key, owner: &Owner, now: UnixMillis) -> Result<Settled, LedgerError> {
        self.pass(self.inner.complete(key, owner, now)).await
    }

    async fn release(
        &self,
        key: &Key,
        owner: &Owner,
        failure: &Failure,
        now: UnixMillis,
    ) -> Result<Settled, LedgerError> {
        self.pass(self.inner.release(key, owner, failure, now)).await
    }

    async fn count_duplicate(&self, key: &Key) -> Result<(), LedgerError> {
        self.pass(self.inner.count_duplicate(key)).await
    }
}
