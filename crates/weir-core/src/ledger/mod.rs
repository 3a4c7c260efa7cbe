//! The ledger: what happened to each event, and who may act on it now.
//!
//! One item an event, keyed by shop, replay generation, and the webhook id or what [several deliveries](crate::dedupe) of
//! the event share. The transitions are the pure functions of this module; a store says each as one conditional write.
//!
//! | transition | from | condition | else |
//! |---|---|---|---|
//! | [`claim`] | absent, failed, parked, leased with the lease run out | same body, or another webhook id; no parked copy of the message; not failed for good, unless this is a first receive | [`Claim::Duplicate`], [`Claim::Busy`], [`Claim::Mismatch`], [`Claim::SupersededByCopy`], [`Claim::PermanentlyFailed`] |
//! | [`settle`] | leased | owner = me | [`Settled::Lost`]: another owner took over |
//! | [`act`] | any | the record is as it was read | read again |
//!
//! Each transition may be repeated by the one who made it (a reply may be lost after the write): claiming what
//! one holds, or settling as one settled, succeeds again.

mod decide;
mod history;
pub mod index;
mod operator;
mod record;
mod store;

pub use decide::{claim, settle};
pub use history::{Attempt, Outcome, SLOTS};
pub use operator::{Action, ActionKind, ActionRequest, Recorded, act};
pub use record::{AttemptResult, Key, Owner, Record, State, names};
pub use store::{ActionLog, Claim, ClaimRequest, Ledger, Progress, RepeatKind, SettleRequest, Settled};
