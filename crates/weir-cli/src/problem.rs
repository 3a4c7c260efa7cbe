//! Errors as they are shown: what failed, because of what, and a hint at what to do next.

use std::{error::Error, io};

use serde::Serialize;

use crate::{exit::ExitStatus, hints};

/// The command line can't be followed.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub(crate) struct Usage {
    pub(crate) problem: String,
    pub(crate) hint: String,
}

impl Usage {
    pub(crate) fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { problem: problem.into(), hint: hint.into() }
    }
}

/// A command failed, and this is what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub(crate) struct HintedError {
    problem: String,
    hint: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl HintedError {
    pub(crate) fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { problem: problem.into(), hint: hint.into(), source: None }
    }

    /// The same, because of this.
    pub(crate) fn because(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
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
    /// Any error of the chain may have a hint; the outermost one knows best what the user wanted.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        let mut shown = Self { error: String::new(), because: Vec::new(), hint: None };
        for (depth, cause) in error.chain().enumerate() {
            let text = cause.to_string();
            shown.hint = shown.hint.or_else(|| hint_of(cause));
            let is_told =
                depth > 0 && std::iter::once(&shown.error).chain(&shown.because).any(|told| told.contains(&text));
            match depth {
                0 => shown.error = text,
                // Many errors repeat what they wrap.
                _ if is_told => {}
                _ => shown.because.push(text),
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

/// The hint of an error of this command, or of one whose facts a hint is made of.
fn hint_of(error: &(dyn Error + 'static)) -> Option<String> {
    let own = error.downcast_ref::<HintedError>().map(|error| &error.hint);
    own.or_else(|| error.downcast_ref::<Usage>().map(|error| &error.hint)).cloned().or_else(|| hints::of_error(error))
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
    use weir_ops::StackError;

    use super::*;

    #[test]
    fn hint_anywhere_in_the_chain_is_shown_last() {
        let inner = Usage::new("no such file", "check the name");
        let error = anyhow::Error::from(inner).context("could not read the body");
        let lines = Shown::of(&error).lines();
        assert_eq!(lines, ["error: could not read the body", "  because no such file", "hint: check the name"]);
    }

    #[test]
    fn cause_that_its_wrapper_quotes_is_printed_once() {
        let error = anyhow::anyhow!("refused").context("connect: refused");
        assert_eq!(Shown::of(&error).lines(), ["error: connect: refused"]);
    }

    #[test]
    fn stack_without_an_output_gets_a_hint_from_where_it_runs() {
        let error = |is_emulated| StackError::NoOutput { stack: "weir".into(), is_emulated, output: "Bus".into() };
        for (is_emulated, hint) in [
            (true, "hint: does `cargo dev` still run? start it again; or deploy it again"),
            (
                false,
                "hint: check the stack's name, --region, and the credentials that `aws sts get-caller-identity` shows; \
                 or deploy it again",
            ),
        ] {
            let said =
                "error: stack weir has no output Bus: it was not made from weir's template, or from an older one";
            assert_eq!(Shown::of(&error(is_emulated).into()).lines(), [said, hint]);
        }
    }

    #[test]
    fn a_usage_problem_has_a_status_of_its_own() {
        assert_eq!(status(&Usage::new("a", "b").into()), ExitStatus::Usage);
        assert_eq!(status(&anyhow::anyhow!("x")), ExitStatus::Failed);
    }

    #[test]
    fn hint_of_the_local_stack_is_shown() {
        let error = anyhow::Error::from(weir_local::StartError::PortTaken { port: 4566 }).context("no emulator");
        let lines = Shown::of(&error).lines();
        assert!(lines.last().is_some_and(|line| line.starts_with("hint: `lsof ")), "{lines:?}");
    }

    #[test]
    fn outermost_hint_is_shown_above_what_caused_it() {
        let error =
            HintedError::new("the file can't be read", "name another").because(Usage::new("no such file", "look"));
        let lines = Shown::of(&error.into()).lines();
        assert_eq!(lines, ["error: the file can't be read", "  because no such file", "hint: name another"]);
    }
}
