//! `weir dlq replay --file`: an event gets another body, and runs as a new generation.

use std::{io::Read, path::Path};

use serde::Serialize;
use weir_core::{UnixMillis, envelope::MAX_BODY_BYTES};
use weir_ops::dead_letters::{ReplaceBody, Replaced, StackBackend, replace_body};

use super::{caller, errors::not_replaced, filter::filter, stop, view};
use crate::{
    cli::DlqReplayArgs, exit::ExitStatus, layout::joined, printer::Printer, problem::Usage, progress::Progress, target,
};

#[derive(Serialize)]
struct Outcome {
    changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    event: String,
    lane: &'static str,
    generation: u32,
    old_bytes: Option<usize>,
    old_sha256: String,
    new_bytes: usize,
    new_sha256: String,
    /// Whether a message of it is in the dead-letter queue, and goes.
    dead_lettered: bool,
    /// The event had this body before, so that nothing is done; the state of that generation.
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired_before: Option<&'static str>,
}

impl From<Replaced> for Outcome {
    fn from(replaced: Replaced) -> Self {
        Self {
            changed: replaced.changed,
            operation: replaced.operation,
            event: replaced.event,
            lane: replaced.lane.as_str(),
            generation: replaced.generation,
            old_bytes: replaced.old_bytes,
            old_sha256: replaced.old_sha256,
            new_bytes: replaced.new_bytes,
            new_sha256: replaced.new_sha256,
            dead_lettered: replaced.dead_lettered,
            repaired_before: replaced.repaired_before,
        }
    }
}

pub(super) async fn run(args: &DlqReplayArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let filter = filter(&args.filter, UnixMillis::now())?;
    let (Some(path), Some(event)) = (&args.file, &filter.event) else {
        return Err(Usage::new("--file needs --event", "name the event that gets the body").into());
    };
    let body = read(path, args.raw)?;
    let stack = target::stack(&args.source).await?;
    let backend = StackBackend::of(&stack)?;
    let cancel = stop::listen()?;
    let actor = if args.yes { Some(caller::actor(&stack).await?) } else { None };
    let request = ReplaceBody { filter: &filter, event, body, force: args.force, actor };
    let mut reports = Progress::new(printer);
    let done = replace_body(&stack, &backend, request, &cancel, |progress| reports.lookup(progress)).await;
    let Some(replaced) = done.map_err(|error| not_replaced(error, &stack))? else {
        return Ok(ExitStatus::Interrupted);
    };
    let outcome = Outcome::from(replaced);
    printer.item(&outcome, lines)?;
    if outcome.repaired_before.is_some() {
        return Ok(ExitStatus::Done);
    }
    if !args.yes && !printer.is_json() {
        printer.note("nothing was changed: add --yes to do it");
    }
    Ok(ExitStatus::Done)
}

/// The file's bytes, as they are.
fn read(path: &Path, raw: bool) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    let most = MAX_BODY_BYTES as u64 + 1;
    let read = match path.to_str() {
        Some("-") => std::io::stdin().lock().take(most).read_to_end(&mut body),
        _ => std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut body)),
    };
    read.map_err(|error| {
        Usage::new(format!("could not read {}: {error}", path.display()), "check the path; - is stdin")
    })?;
    if body.len() > MAX_BODY_BYTES {
        return Err(Usage::new("the file is larger than any body that weir takes in", "6 MB are the most").into());
    }
    if !raw && let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&body) {
        let at = format!("{} is not JSON (line {}, column {})", path.display(), error.line(), error.column());
        return Err(Usage::new(at, "mend it, or say --raw if the event's body is none").into());
    }
    Ok(body)
}

fn lines(outcome: &Outcome) -> String {
    if let Some(state) = outcome.repaired_before {
        let Outcome { event, generation, .. } = outcome;
        let then = match state {
            "failed" => "it failed with it: mend the cause, then `weir dlq replay` sends its message again",
            _ => "nothing was done: --force sends it once more",
        };
        return joined([
            format!("{event} was repaired already: replay {generation} has this very body ({state})"),
            format!("  {then}"),
        ]);
    }
    let verb = if outcome.changed { "was sent" } else { "would be sent" };
    let short = |sha256: &str| sha256.get(..12).unwrap_or(sha256).to_owned();
    let old =
        outcome.old_bytes.map_or_else(|| "? bytes".to_owned(), |bytes| format!("{} bytes", view::number(bytes as u64)));
    let mut out = vec![
        format!(
            "{} {verb} to the {} lane with another body, as replay {}",
            outcome.event, outcome.lane, outcome.generation
        ),
        format!("  old body  {old}, SHA-256 {}…", short(&outcome.old_sha256)),
        format!(
            "  new body  {} bytes, SHA-256 {}…",
            view::number(outcome.new_bytes as u64),
            short(&outcome.new_sha256)
        ),
    ];
    out.push(match (outcome.dead_lettered, outcome.changed) {
        (true, true) => "  its message was taken out of the dead-letter queue".to_owned(),
        (true, false) => "  its message would be taken out of the dead-letter queue".to_owned(),
        (false, _) => "  no message of it is dead-lettered: what the ledger knows of it makes the envelope".to_owned(),
    });
    if outcome.old_sha256 == outcome.new_sha256 {
        out.push("  it is the very same body".to_owned());
    }
    joined(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Shown;

    fn file(text: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_file_is_taken_byte_for_byte_and_must_be_json_unless_it_need_not() {
        let json = b" {\"id\": 820982911946154508}\n";
        assert_eq!(read(file(json).path(), false).unwrap(), json);
        let shown = |error| Shown::of(&error).lines().join("\n");
        let said = shown(read(file(b"{\"id\": }").path(), false).unwrap_err());
        assert!(said.contains("is not JSON (line 1, column 8)") && said.contains("--raw"), "{said}");
        assert_eq!(read(file(b"no json").path(), true).unwrap(), b"no json");
        assert!(shown(read(Path::new("/nowhere/x"), false).unwrap_err()).contains("check the path"));
    }
}
