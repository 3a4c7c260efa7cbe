//! `weir status`: whether a stack is healthy, and if not, where.

pub(crate) mod args;
mod findings;
mod run;
mod screen;
mod text;
mod view;

pub(in crate::commands) use findings::{message, next_command};
pub(super) use run::run;

use weir_ops::health::{
    BudgetStatus, CircuitStatus, ControlsStatus, DriftStatus, Finding, FindingKind, Health, Part, Severity, Status,
    Unread,
};

use crate::views::{View, Words};

/// A status with such words in it, as it is printed once.
pub(crate) fn view(words: &Words<'_>) -> std::io::Result<View> {
    let circuit = CircuitStatus {
        name: words.shop.to_owned(),
        phase: "open",
        since: words.time.to_owned(),
        until: words.time.to_owned(),
        failed_probes: 1,
        reason: words.error.to_owned(),
    };
    let budget = BudgetStatus { name: words.shop.to_owned(), level: 1.0, max: 2.0, restore: 1.0 };
    let kind = FindingKind::OpenCircuit { circuit: words.other.to_owned(), reason: words.error.to_owned() };
    let status = Status {
        stack: words.other.to_owned(),
        at: words.time.to_owned(),
        circuits: Some(vec![circuit]),
        budgets: Some(vec![budget]),
        controls: Some(ControlsStatus { off: vec![words.other.to_owned()], limits: 1 }),
        shopify: Some(DriftStatus { monitored: Some(words.time.to_owned()), ..DriftStatus::default() }),
        ..Status::default()
    };
    let findings = vec![Finding { severity: Severity::Critical, kind }];
    let unread = vec![Unread { part: Part::Traffic, reason: words.error.to_owned() }];
    View::of("status", &view::HealthView::new(&Health { status, findings, unread }), text::lines)
}
