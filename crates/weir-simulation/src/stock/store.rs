//! The store of a worker that may die at each call.

use std::{collections::HashMap, sync::Arc};

use weir_core::Failure;
use weir_stock::{
    LevelKey, Pool, Push, PushId,
    pool::{Entry, Line, LineId},
    store::{MemoryStore, PoolStore, PushRecord, Saved, Versioned},
};

use super::faults::Mortal;

/// The store.
#[derive(Debug, Clone)]
pub(super) struct MortalStore {
    pub(super) inner: Arc<MemoryStore>,
    pub(super) mortal: Mortal,
}

impl MortalStore {
    /// Time passes at each call, so that workers come in between.
    async fn call<T>(&self, call: impl Future<Output = T>) -> T {
        self.mortal.may_die().await;
        tokio::time::sleep(std::time::Duration::from_millis(4)).await;
        let answer = call.await;
        self.mortal.may_die().await;
        answer
    }
}

impl PoolStore for MortalStore {
    async fn skus(&self, levels: &[LevelKey]) -> Result<HashMap<LevelKey, String>, Failure> {
        self.call(self.inner.skus(levels)).await
    }

    async fn load(&self, skus: &[String]) -> Result<Vec<Versioned>, Failure> {
        self.call(self.inner.load(skus)).await
    }

    async fn save(&self, pool: &Pool, version: u64, page: &[Entry], lines: &[Line]) -> Result<Saved, Failure> {
        self.call(self.inner.save(pool, version, page, lines)).await
    }

    async fn assign(&self, levels: &[LevelKey], sku: Option<&str>) -> Result<(), Failure> {
        self.call(self.inner.assign(levels, sku)).await
    }

    async fn seal(&self, push: &Push) -> Result<Saved, Failure> {
        self.call(self.inner.seal(push)).await
    }

    async fn unseal(&self, push: &PushId) -> Result<bool, Failure> {
        self.call(self.inner.unseal(push)).await
    }

    async fn resolve(&self, push: &PushId) -> Result<PushRecord, Failure> {
        self.call(self.inner.resolve(push)).await
    }

    async fn line(&self, sku: &str, id: &LineId, ordered_at_ms: i64) -> Result<Option<Line>, Failure> {
        self.call(self.inner.line(sku, id, ordered_at_ms)).await
    }

    async fn put_line(&self, sku: &str, line: &Line) -> Result<bool, Failure> {
        self.call(self.inner.put_line(sku, line)).await
    }

    async fn newest_lines(&self, sku: &str, units: i64) -> Result<Vec<Line>, Failure> {
        self.call(self.inner.newest_lines(sku, units)).await
    }

    async fn list(&self) -> Result<Vec<Versioned>, Failure> {
        self.call(self.inner.list()).await
    }

    async fn older_entries(&self, sku: &str, below: u64, limit: usize) -> Result<Vec<Entry>, Failure> {
        self.call(self.inner.older_entries(sku, below, limit)).await
    }
}
