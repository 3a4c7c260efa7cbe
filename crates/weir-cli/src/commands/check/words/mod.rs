//! Findings in words: what was seen, and what to do.

mod account;
mod alarms;
mod before;
mod bus;
mod delivery;
mod others;

use weir_ops::{
    Stack,
    check::{Finding, FindingKind},
};

use super::args::CheckArgs;
use crate::commands::status;

/// The stack, as the next command has to name it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Its name.
    pub(super) stack: String,
    /// What a command of weir has to say of it, with a blank before it: ` --stack weir --region eu-central-1`.
    pub(super) suffix: String,
    /// The address of its webhooks.
    pub(super) url: String,
}

impl Place {
    pub(super) fn of(args: &CheckArgs, stack: &Stack) -> Self {
        let url = stack.webhook_url().unwrap_or_default();
        Self { stack: stack.name.clone(), suffix: suffix(args), url }
    }

    pub(super) fn before(args: &CheckArgs, name: &str) -> Self {
        Self { stack: name.to_owned(), suffix: suffix(args), url: String::new() }
    }

    #[cfg(test)]
    pub(super) fn local() -> Self {
        Self { stack: "weir-dev".into(), suffix: String::new(), url: "http://127.0.0.1:4566/webhooks".into() }
    }

    /// What a command of the AWS CLI has to say of it, with a blank before it.
    fn aws(&self) -> String {
        self.suffix.replace(&format!(" --stack {}", self.stack), "")
    }

    /// A command of weir about this stack.
    fn weir(&self, command: &str) -> String {
        format!("weir {command}{}", self.suffix)
    }
}

fn suffix(args: &CheckArgs) -> String {
    let flags = [("--stack", &args.stack), ("--region", &args.region), ("--profile", &args.profile)];
    flags.into_iter().filter_map(|(flag, value)| Some(format!(" {flag} {}", value.as_ref()?))).collect()
}

/// What was seen.
pub(super) fn what(finding: &Finding) -> String {
    match &finding.kind {
        FindingKind::NotChecked { reason } => format!("not looked at: {reason}"),
        FindingKind::Before(kind) => before::what(kind),
        FindingKind::Account(kind) => account::what(kind),
        FindingKind::Source(kind) => others::source(kind),
        FindingKind::Permission(kind) => others::permission(kind),
        FindingKind::Delivery(kind) => delivery::what(kind),
        FindingKind::Bus(kind) => bus::what(kind),
        FindingKind::Health(kind) => status::message(kind),
        FindingKind::Alarm(kind) => alarms::what(kind),
        FindingKind::Subscription(kind) => others::subscription(kind),
        FindingKind::IdleCost { dollars, largest, largest_dollars } => {
            format!("costs about ${dollars:.2} at list prices, of which {largest} ${largest_dollars:.2}")
        }
    }
}

/// What to do about it; `None` where nothing is to be done.
pub(super) fn then(finding: &Finding, place: &Place) -> Option<String> {
    let subject = finding.subject.as_str();
    match &finding.kind {
        FindingKind::NotChecked { reason } => others::not_checked(finding.area, reason),
        FindingKind::Before(kind) => before::then(kind, place),
        FindingKind::Account(kind) => account::then(kind, place),
        FindingKind::Source(kind) => Some(others::source_then(kind, place)),
        FindingKind::Permission(_) => Some(others::permission_then()),
        FindingKind::Delivery(kind) => delivery::then(kind, place),
        FindingKind::Bus(kind) => bus::then(kind, subject, place),
        FindingKind::Health(kind) => Some(format!("Begin with `{}{}`.", status::next_command(kind), place.suffix)),
        FindingKind::Alarm(kind) => alarms::then(kind, subject, place),
        FindingKind::Subscription(kind) => others::subscription_then(kind, subject, place),
        FindingKind::IdleCost { .. } => Some("`weir cost` adds what events cost.".to_owned()),
    }
}

#[cfg(test)]
mod tests;
