//! The ledger: what happened to each event, and who may act on it now.
//!
//! One item an event, keyed by shop, webhook id and replay generation. The transitions are the pure functions
//! of this module; a store says each as one conditional write.
//!
//! | transition | from | condition | else |
//! |---|---|---|---|
//! | [`claim`] | absent, failed, leased with the lease run out | same body | [`Claim::Duplicate`], [`Claim::Busy`], [`Claim::Mismatch`] |
//! | [`complete`], [`release`] | leased | owner = me | [`Settled::Lost`]: another owner took over |
//!
//! Each transition may be repeated by the one who made it (a reply may be lost after the write): claiming what
//! one holds, or completing what one completed, succeeds again.

mod decide;
mod record;
mod store;

pub use decide::{claim, complete, release};
pub use record::{Key, Owner, Record, State};
pub use store::{Ask, Claim, Ledger, LedgerError, Settled};
