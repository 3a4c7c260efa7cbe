//! A change of the document: read, change, check, show, and with --yes write.

use serde::Serialize;
use weir_aws::controls::Stored;
use weir_core::controls::{Absent, Controls, MOST_BYTES};

use super::{common::told, diff::Diff};
use crate::cli::ChangeArgs;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::problem::Usage;
use crate::target::{self, ControlsTarget};

#[derive(Serialize)]
struct Outcome {
    changed: bool,
    parameter: String,
    /// The version after the change, or the one that was read.
    version: i64,
    #[serde(flatten)]
    diff: Diff,
}

/// Changes what stands there by `edit`.
pub(super) async fn run(
    args: &ChangeArgs,
    printer: &Printer,
    edit: impl FnOnce(&mut Controls) -> Result<(), Absent>,
) -> anyhow::Result<ExitStatus> {
    let target = target::controls(&args.source).await?;
    let stored = read(&target).await?;
    let mut controls = Controls::parse(&stored.text).map_err(|problems| {
        anyhow::anyhow!(
            "the document can't be changed by halves, for it has mistakes:\n{}\nhint: {}",
            told(&problems),
            "`weir controls show --document` prints it; mend it and `weir controls apply` the file"
        )
    })?;
    edit(&mut controls)
        .map_err(|absent| anyhow::anyhow!("{absent}\nhint: `weir controls show` shows what there is"))?;
    finish(args, printer, &target, &stored, &controls).await
}

/// Shows, and with --yes writes, a document in place of the one that was read.
pub(super) async fn finish(
    args: &ChangeArgs,
    printer: &Printer,
    target: &ControlsTarget,
    stored: &Stored,
    controls: &Controls,
) -> anyhow::Result<ExitStatus> {
    let text = controls.to_text();
    check(&text)?;
    if let Some(expected) = args.if_version
        && expected != stored.version
    {
        return Err(changed(target.parameter.name(), expected, stored.version));
    }
    // What can't be read as a document is replaced line by line.
    let before = Controls::parse(&stored.text).map_or_else(|_| indented(&stored.text), |before| before.to_text());
    let diff = Diff::between(&before, &text);
    let writes = args.yes && !diff.is_empty();
    let version = if writes { write(target, stored.version, &text).await? } else { stored.version };
    let parameter = target.parameter.name().to_owned();
    let outcome = Outcome { changed: writes, parameter, version, diff };
    printer.item(&outcome, |outcome| {
        let what = if outcome.changed { "Changed" } else { "This would change" };
        match outcome.diff.is_empty() {
            true => "nothing to change: it stands there already".to_owned(),
            false => format!("{what} in {}:\n{}", outcome.parameter, outcome.diff.lines()),
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

/// By the reader's own rules, which are those of whoever reads it next.
fn check(text: &str) -> Result<(), Usage> {
    if let Err(problems) = Controls::parse(text) {
        return Err(Usage::new(
            format!("that would be no valid document:\n{}", told(&problems)),
            "nothing was changed; say it in another way",
        ));
    }
    if text.len() > MOST_BYTES {
        return Err(Usage::new(
            format!("the document would have {} bytes, and a parameter holds {MOST_BYTES}", text.len()),
            "name shops by patterns, shorten reasons, or take out what is no longer needed",
        ));
    }
    Ok(())
}

/// Reads the parameter. It is no resource of the stack, so that no deployment resets it: the first change creates it, and
/// until then it is an empty document.
pub(super) async fn read(target: &ControlsTarget) -> anyhow::Result<Stored> {
    let stored = target.parameter.read().await.map_err(|error| target.failed(error))?;
    Ok(stored.unwrap_or_else(|| Stored { text: Controls::default().to_text(), version: 0, written_at: None }))
}

/// SSM writes without conditions: what is left between this read and the write is told afterwards.
async fn write(target: &ControlsTarget, version: i64, text: &str) -> anyhow::Result<i64> {
    let now = read(target).await?.version;
    if now != version {
        return Err(changed(target.parameter.name(), version, now));
    }
    let written = target.parameter.write(text).await.map_err(|error| target.failed(error))?;
    if written != version + 1 {
        anyhow::bail!(
            "the change is made, as version {written}, but somebody else made one at the same moment, which may be lost\n\
             hint: compare with `aws ssm get-parameter-history --name {}`",
            target.parameter.name()
        );
    }
    Ok(written)
}

fn changed(name: &str, expected: i64, found: i64) -> anyhow::Error {
    anyhow::anyhow!(
        "{name} is at version {found}, not {expected}: somebody changed it\nhint: nothing was changed; look at it again, \
         without --yes"
    )
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!(" {line}\n")).collect()
}
