//! The health of a stack as programs get it.

use serde::Serialize;
use weir_ops::health::{Finding, Health, Severity, Status, Unread};

use super::findings;

/// All of it, with the findings in words.
#[derive(Debug, Serialize)]
pub(super) struct HealthView<'a> {
    #[serde(flatten)]
    pub(super) status: &'a Status,
    /// What needs a look, the worst first.
    pub(super) findings: Vec<FindingView>,
    /// What could not be read, and why.
    pub(super) unread: Vec<String>,
}

/// Something that needs a look.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct FindingView {
    pub(super) severity: SeverityName,
    #[serde(rename = "what")]
    pub(super) message: String,
    /// The command to begin with.
    #[serde(rename = "then")]
    pub(super) next_command: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SeverityName {
    /// Merchants feel it, or will.
    Bad,
    /// Not as it should be.
    Odd,
}

impl<'a> HealthView<'a> {
    pub(super) fn new(health: &'a Health) -> Self {
        let mut findings: Vec<FindingView> = health.findings.iter().map(FindingView::from).collect();
        findings.sort();
        let unread = health.unread.iter().map(|Unread { part, reason }| format!("{part}: {reason}")).collect();
        Self { status: &health.status, findings, unread }
    }
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> Self {
        Self {
            severity: match finding.severity {
                Severity::Critical => SeverityName::Bad,
                Severity::Warning => SeverityName::Odd,
            },
            message: findings::message(&finding.kind),
            next_command: findings::next_command(&finding.kind),
        }
    }
}
