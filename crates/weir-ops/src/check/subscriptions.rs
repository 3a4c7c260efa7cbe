//! The shops' subscriptions, beside those that are desired.

use weir_aws::reason;
use weir_subscriptions::Desired;

use super::{
    model::{Area, Finding, FindingKind, Severity},
    target::CheckTarget,
};
use crate::fleet::{Comparison, ComparisonOutcome, Fleet, Selection};

/// What was seen of a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionFinding {
    /// No shop is registered.
    NoShops,
    /// A shop's subscriptions differ from those that are desired.
    Different {
        /// The app.
        app: String,
        /// Topics without the desired subscription.
        missing: Vec<String>,
        /// How many changes would make them as desired, those included.
        changes: usize,
    },
    /// Shopify was asked, and did not answer for the shop.
    Unreadable {
        /// The app.
        app: String,
        /// Why, in a line.
        reason: String,
    },
}

impl SubscriptionFinding {
    pub(super) fn id(&self) -> &'static str {
        match self {
            Self::NoShops => "no-shops",
            Self::Different { .. } => "subscriptions-differ",
            Self::Unreadable { .. } => "subscriptions-unreadable",
        }
    }
}

/// Compares the subscriptions of every installed shop with what is desired. Changes nothing.
pub(super) async fn check(target: &CheckTarget, desired: &Desired, process: impl Fn() -> String) -> Vec<Finding> {
    let fleet = match Fleet::find(&target.stack, &Selection::default(), process, |_found| {}).await {
        Ok(fleet) => fleet,
        Err(error) => return vec![Finding::not_checked(Area::Subscriptions, "shops", reason(&error))],
    };
    let compared = fleet.compare(desired, false, |_done, _of| {}).await;
    if compared.is_empty() {
        return vec![finding(Severity::Note, "shops", SubscriptionFinding::NoShops)];
    }
    compared.iter().filter_map(judged).collect()
}

fn judged(compared: &Comparison) -> Option<Finding> {
    let (shop, app) = (&compared.shop.domain, compared.shop.app.clone());
    let kind = match &compared.outcome {
        // A shop that is frozen or uninstalled has none.
        ComparisonOutcome::Skipped(_) => return None,
        ComparisonOutcome::Planned(plan) if plan.changes.is_empty() => return None,
        ComparisonOutcome::Planned(plan) => {
            let missing = plan.missing().map(str::to_owned).collect();
            SubscriptionFinding::Different { app, missing, changes: plan.changes.len() }
        }
        ComparisonOutcome::Failed(error) => SubscriptionFinding::Unreadable { app, reason: reason(error) },
    };
    Some(finding(Severity::Must, shop.as_str(), kind))
}

fn finding(severity: Severity, subject: &str, kind: SubscriptionFinding) -> Finding {
    let kind = FindingKind::Subscription(kind);
    Finding { severity, area: Area::Subscriptions, subject: subject.to_owned(), kind }
}
