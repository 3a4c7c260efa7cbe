//! Sends events again that took effect: with the body that the archive has, as a new generation.
//!
//! A resent event is the same event, with its id and one generation more, so no part of weir takes it for a repeat. The
//! fence still holds: of a resource that changed since, an older state takes effect no more. Such an event is left out, or
//! published as `superseded/{topic}` if it is asked for. Each event is written down before it is sent, so that anybody can
//! resume the resend and no event is sent twice by it.

mod copies;
mod decide;
mod job;
mod prepare;
mod preview;
mod run;
mod selection;

pub use decide::SkipReason;
pub use job::{Resend, ResendCounts, ResendEntry, ResendOptions, ResendPlan, ResendWork};
pub use prepare::{ResendError, Resender};
pub use preview::{Skipped, preview};
pub use run::{Resent, resume, run, start};
pub use selection::{Selection, SelectionProgress};

pub use preview::Preview;
