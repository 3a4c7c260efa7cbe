//! The fence: one item a resource that is lease and version fence at once, for topics whose payload is a snapshot
//! (`latest` in `infra/topics.toml`).
//!
//! Handlers of one resource never overlap, and none runs for a version older than one that ran. A version counts as
//! run from the moment that it is let in, for a handler that fails or dies half-way may have had an effect.
//!
//! | transition | from | condition | else |
//! |---|---|---|---|
//! | [`enter`] | absent; or free, left by the asker, or its lease run out | version newer; or equal, and not run by this topic. Of what is to run [once](Ask::once): not run by it at any version | [`Entry::Stale`], [`Entry::Ran`], [`Entry::Busy`] |
//! | [`leave`] | entered | owner = me | [`Settled::Lost`]: the lease ran out and another came |
//!
//! Whoever enters holds the event's lease in the [ledger](crate::ledger) already.

mod decide;
mod record;
mod store;

pub use crate::ledger::Settled;
pub use decide::{enter, has_left, leave};
pub use record::{Mark, Record, Run};
pub use store::{Ask, Entry, Fence, Leave};
