//! `weir check`: whether a stack can do its work, and whether an account can take one.

pub(crate) mod args;
mod before;
mod run;
mod view;
mod words;

pub(crate) use before::parameters;
pub(super) use run::run;

use weir_ops::check::{Area, Finding, FindingKind, PermissionFinding, Report, Severity};

use crate::views::{View, Words};

/// A report with such words in it.
pub(crate) fn view(words: &Words<'_>) -> std::io::Result<View> {
    let finding = |kind| Finding { severity: Severity::Must, area: Area::Bus, subject: words.shop.to_owned(), kind };
    let denied = PermissionFinding::Denied {
        actions: vec![words.topic.to_owned()],
        resource: words.resource.to_owned(),
        is_explicit: true,
    };
    let report = Report {
        stack: words.other.to_owned(),
        at: words.time.to_owned(),
        checked: vec![Area::Bus],
        findings: vec![
            finding(FindingKind::Permission(denied)),
            finding(FindingKind::NotChecked { reason: words.error.to_owned() }),
        ],
    };
    let place = words::Place { stack: words.other.to_owned(), suffix: String::new(), url: words.other.to_owned() };
    View::of("check", &view::ReportView::new(&report, &place), view::ReportView::text)
}
