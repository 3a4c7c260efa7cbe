//! `weir status`: whether a stack is healthy, and if not, where.

#[cfg(feature = "aws")]
mod flow;
#[cfg(feature = "aws")]
mod judge;
#[cfg(feature = "aws")]
mod look;
mod model;
#[cfg(feature = "aws")]
mod monitor;
#[cfg(feature = "aws")]
mod queues;
#[cfg(feature = "aws")]
mod refusals;
#[cfg(feature = "aws")]
mod run;
#[cfg(feature = "aws")]
mod screen;
#[cfg(feature = "aws")]
mod shared;
mod text;

#[cfg(feature = "aws")]
pub(crate) use queues::counts as lane_counts;
#[cfg(feature = "aws")]
pub(super) use run::run;

use crate::views::{View, Words};

/// A status with such words in it, as it is printed once.
pub(crate) fn view(words: &Words<'_>) -> std::io::Result<View> {
    let circuit = model::Circuit {
        name: words.shop.to_owned(),
        phase: "open",
        since: words.time.to_owned(),
        until: words.time.to_owned(),
        failed_probes: 1,
        reason: words.error.to_owned(),
    };
    let budget = model::Budget { name: words.shop.to_owned(), level: 1.0, max: 2.0, restore: 1.0 };
    let finding =
        model::Finding { severity: model::Severity::Bad, what: words.error.to_owned(), then: words.other.to_owned() };
    let status = model::Status {
        stack: words.other.to_owned(),
        at: words.time.to_owned(),
        circuits: Some(vec![circuit]),
        budgets: Some(vec![budget]),
        controls: Some(model::Controls { off: vec![words.other.to_owned()], limits: 1 }),
        shopify: Some(model::Drift { monitored: Some(words.time.to_owned()), ..model::Drift::default() }),
        findings: vec![finding],
        unread: vec![words.error.to_owned()],
        ..model::Status::default()
    };
    View::of("status", &status, text::lines)
}
