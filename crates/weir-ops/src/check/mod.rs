//! Whether a stack that was just deployed can do its work, and whether an account can take one.
//!
//! [`run`] looks at a deployed stack, [`before::run`] at the account and the region before there is one. Both are lists of
//! checks that know nothing of each other: each is a function that returns its findings, or says why it could not look. A
//! check that may not look fails nothing: that it did not is a finding of its own.
//!
//! A finding says what was seen, as data. What to do about it is a sentence of the front end.

mod account;
mod alarms;
pub mod before;
mod bus;
mod cost;
mod delivery;
mod health;
mod model;
mod permissions;
mod quotas;
mod run;
mod sources;
mod subscriptions;
mod target;

pub use account::{AccountFinding, Quota};
pub use alarms::AlarmFinding;
pub use bus::BusFinding;
pub use delivery::{CheckedEvent, DeliveryFinding};
pub use model::{Area, Finding, FindingKind, Report, Severity};
pub use permissions::{NEEDS, Need, On, PermissionFinding};
pub use quotas::DEFAULTS;
pub use run::{Options, run};
pub use sources::SourceFinding;
pub use subscriptions::SubscriptionFinding;
pub use target::{CheckTarget, TargetError};

#[cfg(test)]
mod replay;
