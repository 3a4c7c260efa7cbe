//! What the commands on the controls share: errors in words.

use weir_core::controls::EntryError;
use weir_ops::{Stack, controls::ControlsError};

use crate::{
    hints,
    problem::{HintedError, Usage},
};

/// Every problem, a line each.
pub(super) fn told(problems: &[EntryError]) -> String {
    crate::layout::joined(problems.iter().map(|problem| format!("  {problem}")))
}

/// The error, with what to do.
pub(super) fn explained(error: ControlsError, stack: &Stack) -> anyhow::Error {
    let hint = match &error {
        ControlsError::Parameter(_) => return hints::failed(stack, error),
        ControlsError::Malformed(problems) => {
            let problem = format!("the document can't be changed by halves, for it has mistakes:\n{}", told(problems));
            let hint = "`weir controls show --document` prints it; mend it and `weir controls apply` the file";
            return HintedError::new(problem, hint).into();
        }
        ControlsError::Invalid(problems) => {
            let problem = format!("the changed document would not be valid:\n{}", told(problems));
            return Usage::new(problem, "nothing was changed; say it in another way").into();
        }
        ControlsError::TooLarge { .. } => {
            let hint = "name shops by patterns, shorten reasons, or take out what is no longer needed";
            return Usage::new(error.to_string(), hint).into();
        }
        ControlsError::Absent(_) => "`weir controls show` shows what there is".to_owned(),
        ControlsError::Changed { .. } => "nothing was changed; look at it again, without --yes".to_owned(),
        ControlsError::Raced { name, .. } => {
            format!("compare with `aws ssm get-parameter-history --name {name}`")
        }
    };
    hints::with(&hint, error)
}
