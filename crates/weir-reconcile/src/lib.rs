//! Reconciliation: what happened in a shop that weir never saw, or never finished, and what is done about it.
//!
//! ```text
//!  cursor ─▶ pages of what changed (GraphQL) ─▶ what that implies ─▶ what the fence saw ─▶ bodies (REST)
//!    ▲                                                                                        │
//!    └── moved, once the lanes hold them ◀── synthetic events, by lane ◀── what the ledger knows of each
//! ```
//!
//! A synthetic event looks as a delivered one would, but for its `synthetic` attribute and its id, which follows from the
//! app, the subscription, the resource and its version: whoever makes it again makes the same, and the ledger lets one
//! through. The fence keeps it from undoing anything newer, and a delivery that comes late from having a second effect.
//!
//! A run may be broken off anywhere. The cursor moves only when the lanes hold what a page brought, so that the next run
//! looks at that page again.
//!
//! What it can't see: what was deleted, and whatever leaves no trace in the snapshot of a resource (refunds, edits,
//! fulfillments). An event that came too late, after a newer version, is missed by nobody but counts as missing: the fence
//! keeps no mark of it.

mod bodies;
mod change;
mod cursor;
mod event;
mod fields;
mod kind;
mod pages;
mod report;
mod run;
mod seen_status;
mod store;
mod topic;

#[cfg(feature = "aws")]
mod stack_store;

pub use cursor::{Cursor, FENCE_MEMORY, FIRST_RUN_LOOKBACK, GRACE, OVERLAP, Since, Walk};
pub use kind::Kind;
pub use report::{KindProgress, Report, Unfinished};
pub use run::{Reconciler, Request, RunError};
#[cfg(feature = "aws")]
pub use stack_store::{REPORTS, StackNames, StackStore};
pub use store::{CursorKey, ReconcileStore, Unavailable, UnsettledEvent};
pub use topic::{ReconcileTopic, SkippedTopic};
pub use weir_core::envelope::SYNTHETIC_ID_PREFIX as ID_PREFIX;
