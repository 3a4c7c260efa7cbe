//! A change of the document: read, change, check, show, and with --yes write.

use serde::Serialize;
use weir_core::controls::{Absent, Controls};
use weir_ops::{
    Stack,
    controls::{ControlsStore, Diff, Stored, edited},
};

use super::common::explained;
use crate::cli::ChangeArgs;
use crate::exit::ExitStatus;
use crate::layout::joined;
use crate::printer::Printer;
use crate::target;

#[derive(Serialize)]
struct Outcome<'a> {
    changed: bool,
    parameter: &'a str,
    /// The version after the change, or the one that was read.
    version: i64,
    #[serde(flatten)]
    diff: &'a Diff,
}

/// Changes what stands there by `edit`.
pub(super) async fn run(
    args: &ChangeArgs,
    printer: &Printer,
    edit: impl FnOnce(&mut Controls) -> Result<(), Absent>,
) -> anyhow::Result<ExitStatus> {
    let stack = target::stack_of_file(&args.source).await?;
    let store = ControlsStore::of(&stack)?;
    let stored = store.read().await.map_err(|error| explained(error, &stack))?;
    let controls = edited(&stored, edit).map_err(|error| explained(error, &stack))?;
    finish(args, printer, &stack, &store, &stored, &controls).await
}

/// Shows, and with --yes writes, a document in place of the one that was read.
pub(super) async fn finish(
    args: &ChangeArgs,
    printer: &Printer,
    stack: &Stack,
    store: &ControlsStore,
    stored: &Stored,
    controls: &Controls,
) -> anyhow::Result<ExitStatus> {
    let change = store.plan(stored, controls, args.if_version).map_err(|error| explained(error, stack))?;
    let changed = args.yes && !change.diff.is_empty();
    let version = match changed {
        true => store.apply(&change).await.map_err(|error| explained(error, stack))?,
        false => stored.version,
    };
    let outcome = Outcome { changed, parameter: store.name(), version, diff: &change.diff };
    printer.item(&outcome, |outcome| {
        let what = if outcome.changed { "Changed" } else { "This would change" };
        match outcome.diff.is_empty() {
            true => "nothing to change: it stands there already".to_owned(),
            false => format!("{what} in {}:\n{}", outcome.parameter, lines(outcome.diff)),
        }
    })?;
    if !printer.is_json() && !outcome.diff.is_empty() {
        if outcome.changed {
            printer.note(format!("version {version}; workers follow within 30 s"));
        } else {
            printer.note(format!(
                "nothing was changed: add --yes to do it, and --if-version {version} to do it only to what you see"
            ));
        }
    }
    Ok(ExitStatus::Done)
}

fn lines(diff: &Diff) -> String {
    let removed = diff.removed.iter().map(|line| format!("- {line}"));
    joined(removed.chain(diff.added.iter().map(|line| format!("+ {line}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_go_come_before_those_that_come() {
        let diff = Diff { removed: vec!["{\"lane\":\"bulk\"}".into()], added: vec!["{\"lane\":\"urgent\"}".into()] };
        assert_eq!(lines(&diff), "- {\"lane\":\"bulk\"}\n+ {\"lane\":\"urgent\"}");
    }
}
