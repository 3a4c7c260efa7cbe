//! Whether a name can be a stack's. Pure.

use super::{
    super::model::{Area, Finding, Severity},
    BeforeFinding, NameRule, finding,
};

/// `-standard-dlq` behind it makes the longest name of a queue, of which SQS takes 80 characters.
const MAX_LENGTH: usize = 67;

/// Every rule that the name breaks.
pub(super) fn check(name: &str) -> Vec<Finding> {
    let lower = name.to_ascii_lowercase();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let is_well_formed = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(is_allowed);
    let rules = [
        (NameRule::Characters, !is_well_formed),
        (NameRule::Length, name.len() > MAX_LENGTH),
        (NameRule::ReservedPrefix, lower.starts_with("aws") || lower.starts_with("ssm")),
        (NameRule::DefaultBus, name == "default"),
    ];
    let broken = rules.into_iter().filter(|(_, is_broken)| *is_broken);
    broken.map(|(rule, _)| finding(Severity::Must, Area::Name, name, BeforeFinding::BadName { rule })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::FindingKind;

    #[track_caller]
    fn check_name(name: &str, expected: &[NameRule]) {
        let rules = check(name).into_iter().map(|finding| match finding.kind {
            FindingKind::Before(BeforeFinding::BadName { rule }) => rule,
            other => panic!("{other:?}"),
        });
        assert_eq!(rules.collect::<Vec<_>>(), expected, "{name}");
    }

    #[test]
    fn each_rule_for_a_name_is_found() {
        check_name("weir", &[]);
        check_name("Weir-eu-1", &[]);
        check_name(&"w".repeat(67), &[]);
        check_name(&"w".repeat(68), &[NameRule::Length]);
        check_name("aws-weir", &[NameRule::ReservedPrefix]);
        check_name("SSM-x", &[NameRule::ReservedPrefix]);
        check_name("default", &[NameRule::DefaultBus]);
        for name in ["", "1weir", "weir_eu", "weir eu", "wéir"] {
            check_name(name, &[NameRule::Characters]);
        }
    }
}
