//! What a check found, as data.

use std::fmt;

use super::{
    AccountFinding, AlarmFinding, BusFinding, DeliveryFinding, PermissionFinding, SourceFinding, SubscriptionFinding,
    before::BeforeFinding,
};
use crate::health;

/// Everything that a check found.
#[derive(Debug)]
pub struct Report {
    /// The name of the stack.
    pub stack: String,
    /// When the check began.
    pub at: String,
    /// What was looked at, in the order of [`Area`].
    pub checked: Vec<Area>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Sorts the findings: the worst first, and within that by area. What was not looked at is left out of `checked`.
    pub(super) fn new(stack: &str, at: String, areas: &[Area], mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| (finding.severity, finding.area));
        let is_unread = |area: &&Area| {
            findings.iter().any(|one| one.area == **area && matches!(one.kind, FindingKind::NotChecked { .. }))
        };
        let checked = areas.iter().filter(|area| !is_unread(area)).copied().collect();
        Self { stack: stack.to_owned(), at, checked, findings }
    }

    /// Whether something has to be done before the stack can be relied on.
    #[must_use]
    pub fn must_act(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Must)
    }
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// The name of a stack that is to be made, and what is there of that name.
    Name,
    /// The functions that were built.
    Build,
    /// Whether the services answer in the region.
    Region,
    /// What the caller may create.
    Rights,
    /// Quotas of the account, and how far the stack is from them.
    Quotas,
    /// Event sources of the functions.
    Sources,
    /// What the functions' roles allow.
    Permissions,
    /// Webhooks of the check's own.
    Delivery,
    /// Rules of the bus and their targets.
    Bus,
    /// Lanes, circuits, controls, the monitor.
    Health,
    /// Alarms and who is told of them.
    Alarms,
    /// Subscriptions of the shops.
    Subscriptions,
    /// What costs money while nothing comes.
    Cost,
}

impl Area {
    /// Its name, as programs get it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Build => "build",
            Self::Region => "region",
            Self::Rights => "rights",
            Self::Quotas => "quotas",
            Self::Sources => "sources",
            Self::Permissions => "permissions",
            Self::Delivery => "delivery",
            Self::Bus => "bus",
            Self::Health => "health",
            Self::Alarms => "alarms",
            Self::Subscriptions => "subscriptions",
            Self::Cost => "cost",
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How urgent a finding is, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Events are lost, held or refused until somebody acts.
    Must,
    /// It will hurt later, or nobody would notice that it does.
    Should,
    /// Worth knowing.
    Note,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How urgent it is.
    pub severity: Severity,
    /// What was looked at.
    pub area: Area,
    /// About what: `lane urgent`, `role weir-UrgentWorkerRole-1`.
    pub subject: String,
    /// What was seen.
    pub kind: FindingKind,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq)]
pub enum FindingKind {
    /// It could not be looked at.
    NotChecked {
        /// Why, in a line.
        reason: String,
    },
    /// Before the first deployment.
    Before(BeforeFinding),
    /// A quota of the account.
    Account(AccountFinding),
    /// An event source of a function.
    Source(SourceFinding),
    /// A permission of a function's role.
    Permission(PermissionFinding),
    /// A webhook of the check's own.
    Delivery(DeliveryFinding),
    /// The bus.
    Bus(BusFinding),
    /// What a status shows.
    Health(health::FindingKind),
    /// An alarm.
    Alarm(AlarmFinding),
    /// A shop's subscriptions.
    Subscription(SubscriptionFinding),
    /// What a month without an event costs.
    IdleCost {
        /// In dollars, at list prices.
        dollars: f64,
        /// The largest part of it.
        largest: String,
        /// What that costs, in dollars.
        largest_dollars: f64,
    },
}

impl FindingKind {
    /// Its name, as programs get it. It stays the same over versions.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::NotChecked { .. } => "not-checked",
            Self::Before(finding) => finding.id(),
            Self::Account(finding) => finding.id(),
            Self::Source(finding) => finding.id(),
            Self::Permission(finding) => finding.id(),
            Self::Delivery(finding) => finding.id(),
            Self::Bus(finding) => finding.id(),
            Self::Health(_) => "health",
            Self::Alarm(finding) => finding.id(),
            Self::Subscription(finding) => finding.id(),
            Self::IdleCost { .. } => "idle-cost",
        }
    }
}

impl Finding {
    /// An area that could not be looked at, or a part of it.
    pub(super) fn not_checked(area: Area, subject: impl Into<String>, reason: impl Into<String>) -> Self {
        let kind = FindingKind::NotChecked { reason: reason.into() };
        Self { severity: Severity::Note, area, subject: subject.into(), kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(severity: Severity) -> Finding {
        let kind = FindingKind::IdleCost { dollars: 1.0, largest: "alarms".into(), largest_dollars: 0.5 };
        Finding { severity, area: Area::Cost, subject: "month".into(), kind }
    }

    #[test]
    fn worst_finding_comes_first_and_decides_whether_to_act() {
        let found = vec![cost(Severity::Note), cost(Severity::Must), cost(Severity::Should)];
        let report = Report::new("weir", "now".into(), &[Area::Cost], found);
        let severities: Vec<Severity> = report.findings.iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::Must, Severity::Should, Severity::Note]);
        assert!(report.must_act());
        assert!(!Report::new("weir", "now".into(), &[], vec![cost(Severity::Should)]).must_act());
    }

    #[test]
    fn area_that_could_not_be_looked_at_is_not_among_the_checked() {
        let found = vec![Finding::not_checked(Area::Alarms, "alarms", "AccessDenied")];
        let report = Report::new("weir", "now".into(), &[Area::Alarms, Area::Cost], found);
        assert_eq!(report.checked, [Area::Cost]);
        assert!(!report.must_act());
    }
}
