//! A ledger and fence that fail on purpose.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use weir_core::{
    StoreError, WebhookId,
    fence::{self, Entry, Fence, Leave},
    ledger::{Claim, ClaimRequest, Key, Ledger, RepeatKind, SettleRequest, Settled},
};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was written.
    BeforeWrite,
    /// Written, and the reply was lost.
    AfterWrite,
}

/// A ledger and fence whose `call`-th call (counted from one, over both) fails; all others pass.
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

    async fn pass<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        if self.calls.fetch_add(1, Ordering::SeqCst) + 1 != self.call {
            return call.await;
        }
        if self.fault == Fault::AfterWrite {
            call.await?;
        }
        Err(StoreError { action: "reach the store", source: "a fault on purpose".into() })
    }
}

impl<L: Ledger> Ledger for Faulty<L> {
    async fn claim(&self, ask: &ClaimRequest<'_>) -> Result<Claim, StoreError> {
        self.pass(self.inner.claim(ask)).await
    }

    async fn settle(&self, ended: &SettleRequest<'_>) -> Result<Settled, StoreError> {
        self.pass(self.inner.settle(ended)).await
    }

    async fn count(&self, key: &Key, again: RepeatKind, webhook_id: Option<&WebhookId>) -> Result<(), StoreError> {
        self.pass(self.inner.count(key, again, webhook_id)).await
    }
}

impl<L: Fence> Fence for Faulty<L> {
    async fn enter(&self, ask: &fence::EnterRequest<'_>) -> Result<Entry, StoreError> {
        self.pass(self.inner.enter(ask)).await
    }

    async fn leave(&self, ask: &fence::EnterRequest<'_>, how: Leave) -> Result<Settled, StoreError> {
        self.pass(self.inner.leave(ask, how)).await
    }
}
