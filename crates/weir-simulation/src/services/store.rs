//! DynamoDB: the model of ledger and fence, behind the network.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;
use weir_core::{
    StoreError, UnixMillis, WebhookId,
    envelope::Meta,
    fence::{self, Entry, Fence, Leave},
    ledger::{Claim, ClaimRequest, Key, Ledger, Owner, RepeatKind, SettleRequest, Settled},
    topics::Version,
};
use weir_testkit::ModelLedger;

use super::Capacity;
use crate::{
    Service,
    history::{self, History},
    network::{Failed, Network, Process},
};

/// The tables, as one invocation reaches them.
#[derive(Clone)]
pub(crate) struct SimStore {
    pub(crate) tables: Arc<ModelLedger>,
    pub(crate) capacity: Arc<Capacity>,
    pub(crate) history: Arc<History>,
    pub(crate) network: Arc<Network>,
    pub(crate) process: Arc<Process>,
}

impl SimStore {
    /// The model answers at once: the time that a call takes is the network's.
    async fn call<T: Send + 'static>(
        &self,
        action: &'static str,
        key: String,
        effect: impl Fn(&Self) -> T + Clone + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        // A write whose condition fails costs as much as one that is written.
        let write = move || if store.capacity.takes(&key) { Ok(effect(&store)) } else { Err(THROTTLED) };
        let reply = self.network.call(&self.process, Service::Tables, write).await;
        reply.map_err(|Failed(why)| StoreError { action, source: why.into() })
    }
}

/// The table, or one of its keys, takes no more within this second.
const THROTTLED: Failed = Failed("ThrottlingException");

/// The result of a future of the model, which never waits.
#[expect(clippy::expect_used, reason = "the model is a map behind a lock, and fails never")]
fn at_once<T>(future: impl Future<Output = Result<T, StoreError>>) -> T {
    futures_util::FutureExt::now_or_never(future).expect("the model waits for nobody").expect("the model never fails")
}

impl Ledger for SimStore {
    async fn claim(&self, ask: &ClaimRequest<'_>) -> Result<Claim, StoreError> {
        let (key, owner, sha, meta) =
            (ask.key.clone(), ask.owner.clone(), ask.body_sha256.to_owned(), ask.meta.cloned());
        let ClaimRequest { lane, receives, parks, now, lease_until, .. } = *ask;
        let resource = ask.resource.map(str::to_owned);
        self.call("claim the event", key.to_string(), move |store| {
            let (key, owner, body_sha256, meta): (&Key, &Owner, &str, Option<&Meta>) =
                (&key, &owner, &sha, meta.as_ref());
            let resource = resource.as_deref();
            let ask = ClaimRequest { key, owner, body_sha256, meta, resource, lane, receives, parks, now, lease_until };
            at_once(store.tables.claim(&ask))
        })
        .await
    }

    async fn settle(&self, ended: &SettleRequest<'_>) -> Result<Settled, StoreError> {
        let (key, owner, ending) = (ended.key.clone(), ended.owner.clone(), ended.ending.clone());
        let SettleRequest { attempt, receives, begun, comes_back, copy, now, .. } = *ended;
        let progress = ended.progress.clone();
        let resource = ended.resource.map(str::to_owned);
        self.call("record how the event ended", key.to_string(), move |store| {
            let (key, owner, ending, resource) = (&key, &owner, &ending, resource.as_deref());
            let progress = &progress;
            let ended = SettleRequest {
                key,
                owner,
                ending,
                attempt,
                receives,
                begun,
                comes_back,
                copy,
                progress,
                resource,
                now,
            };
            let settled = at_once(store.tables.settle(&ended));
            if settled == Settled::Written {
                let (key, owner, ending) = (key.clone(), owner.clone(), ending.clone());
                store.history.book().settled.push(history::Settled { key, owner, ending, at: Instant::now() });
            }
            settled
        })
        .await
    }

    async fn count(&self, key: &Key, again: RepeatKind, webhook_id: Option<&WebhookId>) -> Result<(), StoreError> {
        let (name, key, webhook_id) = (key.to_string(), key.clone(), webhook_id.cloned());
        let count = move |store: &Self| at_once(store.tables.count(&key, again, webhook_id.as_ref()));
        self.call("count a message", name, count).await
    }
}

/// What is asked of the fence, owned.
#[derive(Clone)]
struct Asked {
    key: String,
    owner: Owner,
    mark: fence::Mark,
    run: fence::Run,
    state: fence::State,
    now: UnixMillis,
    lease_until: UnixMillis,
    once: bool,
}

impl Asked {
    fn of(ask: &fence::EnterRequest<'_>) -> Self {
        let fence::EnterRequest { key, owner, mark, run, state, now, lease_until, once } = ask.clone();
        let (key, owner, mark) = (key.to_owned(), owner.clone(), mark.clone());
        let (run, state) = (run.clone(), state.clone());
        Self { key, owner, mark, run, state, now, lease_until, once }
    }

    fn ask(&self) -> fence::EnterRequest<'_> {
        let Self { key, owner, mark, run, state, now, lease_until, once } = self;
        fence::EnterRequest { key, owner, mark, run, state, now: *now, lease_until: *lease_until, once: *once }
    }

    /// With a version that is a time alone, and with nothing that tells one state of it from another.
    fn by_whole_seconds(mut self) -> Self {
        let version = self.state.version;
        let at = version.updated_at().or(version.triggered_at()).and_then(|at| Timestamp::from_nanosecond(at).ok());
        let version = at.map_or(version, Version::updated);
        self.state = fence::State { version, body: String::new(), event: None, content: None };
        (self.run.version, self.run.body) = (version, String::new());
        self
    }
}

impl SimStore {
    fn asked(&self, ask: &fence::EnterRequest<'_>) -> Asked {
        let asked = Asked::of(ask);
        // For the whole run, whatever else goes wrong in it.
        if self.network.faults.whole_second_versions { asked.by_whole_seconds() } else { asked }
    }
}

impl Fence for SimStore {
    async fn enter(&self, ask: &fence::EnterRequest<'_>) -> Result<Entry, StoreError> {
        let asked = self.asked(ask);
        let enter = move |store: &Self| at_once(store.tables.enter(&asked.ask()));
        let entry = self.call("enter the resource", ask.key.to_owned(), enter).await?;
        match entry {
            Entry::Repeated if self.network.faults.whole_second_versions => Ok(Entry::Stale(ask.state.version)),
            entry => Ok(entry),
        }
    }

    async fn leave(&self, ask: &fence::EnterRequest<'_>, how: Leave) -> Result<Settled, StoreError> {
        let asked = self.asked(ask);
        let leave = move |store: &Self| at_once(store.tables.leave(&asked.ask(), how));
        self.call("leave the resource", ask.key.to_owned(), leave).await
    }
}
