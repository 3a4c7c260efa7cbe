//! The function that tells Slack of alarms.
//!
//! CloudWatch sends each alarm's change to an SNS topic, and that into a queue, where changes wait for each other for some
//! seconds: what comes together is one message. It says what, since when, the value against its threshold, the runbook's
//! section and the first command; a composite alarm comes first, with those that set it off. What was told already is
//! not told again ([`alarm_state`]).
//!
//! Nothing but what template.yaml says of its own alarms is passed on: of another alarm on the topic only name and state,
//! of what is no alarm only that it came. So no customer's data gets out, whatever is published there.

pub mod alarm;
pub mod alarm_state;
pub mod message;
mod notifier;
pub mod settings;
pub mod slack;

pub use notifier::{NotTold, Notifier};
