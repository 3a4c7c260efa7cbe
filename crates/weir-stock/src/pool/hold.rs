//! Holding a pool, so that nothing is pushed.

use serde::{Deserialize, Serialize};
use weir_core::UnixMillis;

use super::{Cause, Pool};

/// Why nothing of a pool is pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The reason.
    pub why: String,
    /// Since when.
    pub since_ms: i64,
}

impl Pool {
    /// Holds the pool. `false` if it is held already.
    pub fn hold(&mut self, why: &str, now: UnixMillis) -> bool {
        if self.hold.is_some() {
            return false;
        }
        self.hold = Some(Hold { why: why.to_owned(), since_ms: now.0 });
        self.is_released = false;
        self.record(Cause::Held { why: why.to_owned() }, 0, now);
        true
    }

    /// Releases the pool: its next push passes, however much it moves. `false` if it is not held.
    pub fn release(&mut self, now: UnixMillis) -> bool {
        if self.hold.take().is_none() {
            return false;
        }
        self.is_released = true;
        self.record(Cause::Released, 0, now);
        true
    }
}
