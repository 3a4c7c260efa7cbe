//! Errors as they are shown: what failed, because of what, and a hint at what to do next.

use std::io;

use serde::Serialize;

use weir_ops::StackError;

use crate::{exit::ExitStatus, hints};

/// The command line can't be followed.
#[derive(Debug, thiserror::Error)]
#[error("{problem}\nhint: {hint}")]
pub(crate) struct Usage {
    pub(crate) problem: String,
    pub(crate) hint: String,
}

impl Usage {
    pub(crate) fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { problem: problem.into(), hint: hint.into() }
    }
}

/// An error taken apart for showing.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(crate) struct Shown {
    error: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    because: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Shown {
    /// Any error of the chain may carry a hint, on a last line that begins with `hint: `; the outermost one knows
    /// best what the user wanted. The errors of libraries carry facts, which the hint is made of here.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        let mut shown = Self { error: String::new(), because: Vec::new(), hint: None };
        for (depth, cause) in error.chain().enumerate() {
            let text = cause.to_string();
            let (said, hint) = match text.split_once("\nhint: ") {
                Some((said, hint)) => (said.to_owned(), Some(hint.to_owned())),
                None => (text, None),
            };
            shown.hint = shown.hint.or(hint).or_else(|| cause.downcast_ref::<StackError>().map(hints::of_stack_error));
            let told =
                depth > 0 && std::iter::once(&shown.error).chain(&shown.because).any(|told| told.contains(&said));
            match depth {
                0 => shown.error = said,
                // Many errors repeat what they wrap.
                _ if told => {}
                _ => shown.because.push(said),
            }
        }
        shown
    }

    /// Lines for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let error = std::iter::once(format!("error: {}", self.error));
        let because = self.because.iter().map(|cause| format!("  because {cause}"));
        error.chain(because).chain(self.hint.iter().map(|hint| format!("hint: {hint}"))).collect()
    }
}

/// The exit status of a command that ended in `error`.
pub(crate) fn status(error: &anyhow::Error) -> ExitStatus {
    if error.is::<Usage>() { ExitStatus::Usage } else { ExitStatus::Failed }
}

/// Whether nobody reads what we print any more.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_comes_last_wherever_in_the_chain_it_stood() {
        let inner = Usage::new("no such file", "check the name");
        let error = anyhow::Error::from(inner).context("could not read the body");
        let lines = Shown::of(&error).lines();
        assert_eq!(lines, ["error: could not read the body", "  because no such file", "hint: check the name"]);
    }

    #[test]
    fn what_a_wrapper_said_already_is_not_said_again() {
        let error = anyhow::anyhow!("refused").context("connect: refused");
        assert_eq!(Shown::of(&error).lines(), ["error: connect: refused"]);
    }

    #[test]
    fn a_usage_problem_has_a_status_of_its_own() {
        assert_eq!(status(&Usage::new("a", "b").into()), ExitStatus::Usage);
        assert_eq!(status(&anyhow::anyhow!("x")), ExitStatus::Failed);
    }
}
