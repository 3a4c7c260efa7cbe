//! Where pools are stored.
//!
//! | key | item |
//! |---|---|
//! | `pool/SKU`, `pool` | a [`Pool`] with its newest journal entries: one conditional write a change |
//! | `pool/SKU`, `entries/NUMBER` | older journal entries, [`PAGE`](crate::pool::PAGE) an item |
//! | `pool/SKU`, `line/TIME/LINE` | the units that an order line takes |
//! | `pools`, `SKU` | names a pool, for lists |
//! | `level/SHOP/ITEM/LOCATION`, `level` | the pool of a level |
//! | `push/ID`, `push` | a [`Push`], written before its call; gone two days later |

mod codec;
mod dynamo;
mod item;

mod memory;

use std::collections::HashMap;

use weir_core::Failure;

pub use self::{
    codec::{BadPool, decode, encode},
    dynamo::DynamoStore,
    memory::MemoryStore,
};
use crate::{
    LevelKey, Pool, Push, PushId,
    pool::{Entry, Line, LineId},
};

/// A pool as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The pool.
    pub pool: Pool,
    /// Grows with each write; 0 if it was never written.
    pub version: u64,
}

/// The answer to a write that has a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// Written.
    Written,
    /// Somebody else wrote in between, and nothing was written: load it again.
    Lost,
}

/// What is known of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushRecord {
    /// Its call may have been made, with these rows.
    Sealed(Push),
    /// Its call was not made and never will be.
    Abandoned,
}

/// A store of pools. Each method is one call of its database, or one for each of a bounded number of keys.
pub trait PoolStore: Send + Sync {
    /// The pools of levels. A level without one is in no pool.
    fn skus(&self, levels: &[LevelKey]) -> impl Future<Output = Result<HashMap<LevelKey, String>, Failure>> + Send;

    /// Reads pools, consistently. One that is not there is left out.
    fn load(&self, skus: &[String]) -> impl Future<Output = Result<Vec<Versioned>, Failure>> + Send;

    /// Writes a pool that had this version when it was read. `page` are journal entries that left it, and `lines` are written
    /// with it, all or nothing.
    fn save(
        &self,
        pool: &Pool,
        version: u64,
        page: &[Entry],
        lines: &[Line],
    ) -> impl Future<Output = Result<Saved, Failure>> + Send;

    /// Records that levels are in a pool, or in none.
    fn assign(&self, levels: &[LevelKey], sku: Option<&str>) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Records a push before its call. [`Saved::Lost`]: it was abandoned, so the call must not be made.
    fn seal(&self, push: &Push) -> impl Future<Output = Result<Saved, Failure>> + Send;

    /// Says that the call of a sealed push was not made, and never will be. `false` if somebody has resolved it meanwhile, and
    /// may have made it.
    fn unseal(&self, push: &PushId) -> impl Future<Output = Result<bool, Failure>> + Send;

    /// What became of a push: if it was not sealed yet, it never will be. Whoever gets [`PushRecord::Sealed`] may make the
    /// call, so it can't be unsealed any more.
    fn resolve(&self, push: &PushId) -> impl Future<Output = Result<PushRecord, Failure>> + Send;

    /// Reads a line of a pool.
    fn line(
        &self,
        sku: &str,
        id: &LineId,
        ordered_at_ms: i64,
    ) -> impl Future<Output = Result<Option<Line>, Failure>> + Send;

    /// Writes a line unless its revision is there already, or a later one. `false` if so.
    fn put_line(&self, sku: &str, line: &Line) -> impl Future<Output = Result<bool, Failure>> + Send;

    /// The newest lines of a pool, the newest first, until they take `units` together.
    fn newest_lines(&self, sku: &str, units: i64) -> impl Future<Output = Result<Vec<Line>, Failure>> + Send;

    /// All pools, in no order.
    fn list(&self) -> impl Future<Output = Result<Vec<Versioned>, Failure>> + Send;

    /// Journal entries that left the pool, below a number, the newest first, at most about `limit`.
    fn older_entries(
        &self,
        sku: &str,
        below: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Entry>, Failure>> + Send;
}
