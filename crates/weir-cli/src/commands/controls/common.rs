//! What the commands on the controls share.

use weir_core::controls::Problem;

/// Every problem, a line each.
pub(super) fn told(problems: &[Problem]) -> String {
    crate::layout::joined(problems.iter().map(|problem| format!("  {problem}")))
}
