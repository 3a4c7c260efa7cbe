//! The fence: one item a resource that is lease and version fence at once, for topics whose payload is a snapshot
//! (`latest` in `infra/topics.toml`).
//!
//! Handlers of one resource never overlap, and none runs for a state older than one that ran. A state counts as run from
//! the moment that it is let in, because a handler that fails or dies half-way may have had an effect.
//!
//! | transition | from | condition | else |
//! |---|---|---|---|
//! | [`enter`] | absent; or free, left by the asker, or its lease run out | the state is newer than the newest, or [nobody can tell](crate::topics::Version::order), or it [is the same](State::is_same_as); and it is newer than the last one that the topic ran for, or has another body. Of what is to run [once](EnterRequest::once): the topic never ran | [`Entry::Stale`], [`Entry::Repeated`], [`Entry::Ran`], [`Entry::Busy`] |
//! | [`leave`] | entered | owner = me | [`Settled::Lost`]: the lease ran out and another came |
//!
//! Whoever enters holds the event's lease in the [ledger](crate::ledger) already.

mod decide;
mod record;
mod store;

pub use crate::ledger::Settled;
pub use decide::{enter, has_left, leave, looks_repeated, raises};
pub use record::{Mark, Record, Run, State, short_hash};
pub use store::{EnterRequest, Entry, Fence, Leave};
