//! What a month costs in which nothing comes.

use super::model::{Area, Finding, FindingKind, Severity};
use crate::cost;

/// From the counts of the accepted benchmark and AWS's list prices. It asks nobody.
pub(super) fn check() -> Option<Finding> {
    let fixed = cost::of_an_idle_month();
    let largest = fixed.iter().max_by(|a, b| a.dollars.total_cmp(&b.dollars))?;
    let kind = FindingKind::IdleCost {
        dollars: fixed.iter().map(|one| one.dollars).sum(),
        largest: largest.what.to_owned(),
        largest_dollars: largest.dollars,
    };
    Some(Finding { severity: Severity::Note, area: Area::Cost, subject: "a month without events".to_owned(), kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_month_has_a_price_and_its_largest_part() {
        let Some(Finding { kind: FindingKind::IdleCost { dollars, largest_dollars, largest }, severity, .. }) = check()
        else {
            panic!("no cost")
        };
        assert!(dollars > largest_dollars && largest_dollars > 0.0 && !largest.is_empty());
        assert_eq!(severity, Severity::Note);
    }
}
