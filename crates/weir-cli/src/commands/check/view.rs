//! A report for people and for programs.

use serde::Serialize;
use weir_ops::check::{Finding, Report, Severity};

use super::words::{self, Place};
use crate::layout::joined;

/// All of it, with the findings in words.
#[derive(Debug, Serialize)]
pub(super) struct ReportView<'a> {
    stack: &'a str,
    at: &'a str,
    /// What was looked at.
    checked: Vec<&'static str>,
    /// What was found, the worst first.
    findings: Vec<FindingView<'a>>,
}

/// One finding.
#[derive(Debug, Serialize)]
struct FindingView<'a> {
    id: &'static str,
    severity: SeverityName,
    area: &'static str,
    subject: &'a str,
    what: String,
    /// What to do: a sentence with the command or the parameter. `None` of a remark that asks for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    then: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum SeverityName {
    Must,
    Should,
    Note,
}

impl<'a> ReportView<'a> {
    pub(super) fn new(report: &'a Report, place: &Place) -> Self {
        let Report { stack, at, checked, findings } = report;
        let findings = findings.iter().map(|finding| FindingView::new(finding, place)).collect();
        Self { stack, at, checked: checked.iter().map(|area| area.as_str()).collect(), findings }
    }

    /// Remarks first; what to do last, where the eye ends.
    pub(super) fn text(&self) -> String {
        let mut all = vec![format!("{}  {}", self.stack, self.at), format!("  checked  {}", self.checked.join(", "))];
        let (notes, to_do): (Vec<_>, Vec<_>) =
            self.findings.iter().partition(|finding| finding.severity == SeverityName::Note);
        if !notes.is_empty() {
            all.push(String::new());
        }
        for note in notes {
            all.push(format!("· {}: {}", note.subject, note.what));
            all.extend(note.then.iter().map(|then| format!("    {then}")));
        }
        all.push(String::new());
        if to_do.is_empty() {
            all.push("✓ nothing has to be done".to_owned());
            return joined(all);
        }
        all.push("To do:".to_owned());
        for finding in to_do {
            let mark = if finding.severity == SeverityName::Must { "✗" } else { "!" };
            all.push(format!("{mark} {}: {}", finding.subject, finding.what));
            all.extend(finding.then.iter().map(|then| format!("    {then}")));
        }
        joined(all)
    }
}

impl<'a> FindingView<'a> {
    fn new(finding: &'a Finding, place: &Place) -> Self {
        Self {
            id: finding.kind.id(),
            severity: match finding.severity {
                Severity::Must => SeverityName::Must,
                Severity::Should => SeverityName::Should,
                Severity::Note => SeverityName::Note,
            },
            area: finding.area.as_str(),
            subject: &finding.subject,
            what: words::what(finding),
            then: words::then(finding, place),
        }
    }
}

#[cfg(test)]
mod tests {
    use weir_ops::check::{Area, FindingKind};

    use super::*;

    fn report(findings: Vec<Finding>) -> Report {
        Report { stack: "weir".into(), at: "2026-11-30T12:00:00Z".into(), checked: vec![Area::Alarms], findings }
    }

    fn finding(severity: Severity) -> Finding {
        let kind = FindingKind::NotChecked { reason: "AccessDenied".into() };
        Finding { severity, area: Area::Alarms, subject: "CloudWatch".into(), kind }
    }

    #[test]
    fn report_of_remarks_says_that_nothing_has_to_be_done() {
        let report = report(vec![finding(Severity::Note)]);
        let text = ReportView::new(&report, &Place::local()).text();
        assert!(text.contains("· CloudWatch: not looked at: AccessDenied"), "{text}");
        assert!(text.ends_with("✓ nothing has to be done"), "{text}");
    }

    #[test]
    fn report_ends_with_what_to_do_the_worst_first() {
        let report = report(vec![finding(Severity::Must), finding(Severity::Should), finding(Severity::Note)]);
        let view = ReportView::new(&report, &Place::local());
        let text = view.text();
        let (remarks, to_do) = text.split_once("To do:\n").unwrap();
        assert!(remarks.contains("· CloudWatch") && to_do.starts_with("✗ CloudWatch"), "{text}");
        assert!(to_do.contains("\n! CloudWatch"), "{text}");
        let json = serde_json::to_value(&view).unwrap();
        assert_eq!(json["findings"][0]["id"], "not-checked");
        assert_eq!(json["findings"][0]["severity"], "must");
        assert_eq!(json["checked"][0], "alarms");
    }
}
