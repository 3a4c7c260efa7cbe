//! Pools in memory, for tests and the simulation. It follows the same contract as DynamoDB.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use weir_core::Failure;

use super::{PoolStore, PushRecord, Saved, Versioned};
use crate::{
    LevelKey, Pool, Push, PushId,
    pool::{Entry, Line, LineId},
};

/// The store.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    pools: BTreeMap<String, Versioned>,
    entries: BTreeMap<(String, u64), Entry>,
    lines: BTreeMap<(String, i64, String), Line>,
    levels: HashMap<LevelKey, String>,
    /// With whether somebody has resolved it.
    pushes: HashMap<PushId, (PushRecord, bool)>,
}

impl MemoryStore {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PoolStore for MemoryStore {
    async fn skus(&self, levels: &[LevelKey]) -> Result<HashMap<LevelKey, String>, Failure> {
        let state = self.state();
        Ok(levels.iter().filter_map(|level| Some((level.clone(), state.levels.get(level)?.clone()))).collect())
    }

    async fn load(&self, skus: &[String]) -> Result<Vec<Versioned>, Failure> {
        let state = self.state();
        Ok(skus.iter().filter_map(|sku| state.pools.get(sku).cloned()).collect())
    }

    async fn save(&self, pool: &Pool, version: u64, page: &[Entry], lines: &[Line]) -> Result<Saved, Failure> {
        let mut state = self.state();
        if state.pools.get(&pool.sku).map_or(0, |found| found.version) != version {
            return Ok(Saved::Lost);
        }
        let versioned = Versioned { pool: pool.clone(), version: version + 1 };
        state.pools.insert(pool.sku.clone(), versioned);
        for entry in page {
            state.entries.insert((pool.sku.clone(), entry.number), entry.clone());
        }
        for line in lines {
            state.lines.insert((pool.sku.clone(), line.ordered_at_ms, line.id.to_string()), line.clone());
        }
        Ok(Saved::Written)
    }

    async fn assign(&self, levels: &[LevelKey], sku: Option<&str>) -> Result<(), Failure> {
        let mut state = self.state();
        for level in levels {
            match sku {
                Some(sku) => drop(state.levels.insert(level.clone(), sku.to_owned())),
                None => drop(state.levels.remove(level)),
            }
        }
        Ok(())
    }

    async fn seal(&self, push: &Push) -> Result<Saved, Failure> {
        let mut state = self.state();
        if state.pushes.contains_key(&push.id) {
            return Ok(Saved::Lost);
        }
        state.pushes.insert(push.id.clone(), (PushRecord::Sealed(push.clone()), false));
        Ok(Saved::Written)
    }

    async fn unseal(&self, push: &PushId) -> Result<bool, Failure> {
        let mut state = self.state();
        let Some((record, is_resolved)) = state.pushes.get_mut(push) else { return Ok(false) };
        if !*is_resolved {
            *record = PushRecord::Abandoned;
        }
        Ok(!*is_resolved)
    }

    async fn resolve(&self, push: &PushId) -> Result<PushRecord, Failure> {
        let mut state = self.state();
        let (record, is_resolved) = state.pushes.entry(push.clone()).or_insert((PushRecord::Abandoned, true));
        *is_resolved = true;
        Ok(record.clone())
    }

    async fn line(&self, sku: &str, id: &LineId, ordered_at_ms: i64) -> Result<Option<Line>, Failure> {
        Ok(self.state().lines.get(&(sku.to_owned(), ordered_at_ms, id.to_string())).cloned())
    }

    async fn put_line(&self, sku: &str, line: &Line) -> Result<bool, Failure> {
        let mut state = self.state();
        let key = (sku.to_owned(), line.ordered_at_ms, line.id.to_string());
        let is_newer = state.lines.get(&key).is_none_or(|found| found.revision < line.revision);
        if is_newer {
            state.lines.insert(key, line.clone());
        }
        Ok(is_newer)
    }

    async fn newest_lines(&self, sku: &str, units: i64) -> Result<Vec<Line>, Failure> {
        let state = self.state();
        let mut left = units;
        let of_pool = state.lines.iter().rev().filter(|((of, ..), line)| of == sku && line.units > 0);
        Ok(of_pool
            .map(|(_, line)| line)
            .take_while(|line| {
                let is_wanted = left > 0;
                left -= line.units;
                is_wanted
            })
            .cloned()
            .collect())
    }

    async fn list(&self) -> Result<Vec<Versioned>, Failure> {
        Ok(self.state().pools.values().cloned().collect())
    }

    async fn older_entries(&self, sku: &str, below: u64, limit: usize) -> Result<Vec<Entry>, Failure> {
        let state = self.state();
        let range = (sku.to_owned(), 0)..(sku.to_owned(), below);
        Ok(state.entries.range(range).rev().take(limit).map(|(_, entry)| entry.clone()).collect())
    }
}
