//! What an operator sets while weir runs: what is switched off, and how fast destinations are called.
//!
//! ```json
//! {
//!   "off": [
//!     {"handler": "large_order::note", "shop": "north.myshopify.com", "why": "INC-7"},
//!     {"destination": "erp", "percent": 20},
//!     {"lane": "bulk"}
//!   ],
//!   "limits": [
//!     {"destination": "erp", "per_second": 5, "burst": 10},
//!     {"destination": "erp", "tier": "plus", "per_second": 50},
//!     {"destination": "erp", "shop": "north.myshopify.com", "per_second": 1},
//!     {"destination": "erp", "total": true, "per_second": 200}
//!   ],
//!   "tiers": {"plus": ["mill.myshopify.com", "weir-*"]}
//! }
//! ```
//!
//! - A **switch** names a handler, a destination or a lane, and for whom it is off: a shop, or a pattern with `*`; some
//!   percent of the shops; or, with neither, all of them. Which shops a percentage takes depends on the target's and the
//!   shop's names alone, so the same ones stay in, and a higher percentage only adds to them.
//! - A **limit** holds for each shop by itself; the most specific counts: `shop`, then `tier`, then neither. One with
//!   `total` holds for all shops together, beside theirs. Without `burst` it is a second's worth.
//! - A **tier** gathers shops under a name. A shop that several match has the one that names it most exactly.
//!
//! An empty document switches nothing off and limits nothing. [`Controls::parse`] refuses whatever it does not know: it
//! is for whoever writes the document. [`Controls::read`] is for workers: what an entry may mean that it can't read, or
//! that has a field which it does not know, is held ([`Doubt`]), and all other entries count. Every worker reads the same
//! document alike, whatever it read before.

mod doubt;
mod edit;
mod entry;
mod evaluate;
mod model;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;

pub use doubt::{About, Doubt};
pub use edit::Absent;
pub use entry::EntryError;
pub use evaluate::{NamedLimit, Off, Target};
pub use model::{LimitScope, Percent, Rule, Scope, ShopPattern, Switch, Switched};
pub use resilience::Limit;

/// What a standard parameter of SSM holds, in bytes.
pub const MOST_BYTES: usize = 4096;

/// The whole document. The default switches nothing off and limits nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Controls {
    /// What is off, in the order of the document.
    pub off: Vec<Switch>,
    /// How fast destinations may be called.
    pub limits: Vec<Rule>,
    /// Shops under names.
    pub tiers: BTreeMap<String, Vec<ShopPattern>>,
    /// Entries that a worker can't read: what they may mean is held.
    pub doubts: Vec<Doubt>,
}
