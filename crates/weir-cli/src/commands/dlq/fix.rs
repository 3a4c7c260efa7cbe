//! `weir dlq replay --file`: an event with another body, as a later generation.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::Context;
use resilience::UnixMillis;
use weir_aws::Operations;
use weir_core::{
    envelope::{self, MAX_BODY_BYTES, Meta},
    sha256,
};

use super::{
    act::finish,
    filter::Filter,
    find,
    operation::{Kind, Operation, Record, State},
    outside::{Outside, Stack},
    replay::Done,
    who,
};
use crate::{cli::DlqReplayArgs, commands::ExitStatus, printer::Printer, problem::Usage, target::Place};

pub(super) async fn run(args: &DlqReplayArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let body = read(args.file.as_ref())?;
    let filter = Filter::new(&args.filter, UnixMillis::now())?;
    let place = Place::find(&args.source).await?;
    let stack = Stack::of(&place)?;
    let operations = Operations::new(&place.config, place.output("OperationsTable")?);
    let (letter, _message) = find::one(&stack, &filter).await?;
    let receipt = [letter.receipt.clone()];
    let Some(before) = letter.meta.clone() else {
        stack.give_back(letter.lane, &receipt).await?;
        anyhow::bail!(
            "the message of {} is no envelope, so nothing says what its body belongs to\n\
             hint: send the body as a webhook: `weir send TOPIC --shop SHOP --file FILE --url …`",
            letter.name()
        );
    };
    let meta = fixed(&before, &body);
    if !args.yes {
        stack.give_back(letter.lane, &receipt).await?;
        let said = serde_json::json!({
            "dry_run": true, "event": letter.name(), "generation": meta.generation, "bytes": body.len(),
            "body_sha256": meta.body_sha256, "was_sha256": before.body_sha256,
        });
        printer.item(&said, |_| {
            format!(
                "would send {} as replay {}, with {} bytes (SHA-256 {}…, was {}…)\nnothing was changed: --yes does it",
                letter.name(),
                meta.generation,
                body.len(),
                short(&meta.body_sha256),
                short(&before.body_sha256)
            )
        })?;
        return Ok(ExitStatus::Done);
    }
    let operation = Operation::new(Kind::Fix, who::acts(&place).await?, filter);
    let record = Record::begin(&operations, operation).await?;
    let moved = async {
        let message = match envelope::seal(&meta, &body) {
            Ok(message) => message,
            Err(_too_large) => envelope::refer(&meta, &stack.bodies.put(&meta, body).await?),
        };
        let sent = stack.send(letter.lane, &[(message, meta.shop.clone())]).await;
        sent.into_iter().collect::<anyhow::Result<()>>()?;
        stack.delete(letter.lane, &receipt).await?;
        Ok(Done { sent: 1, deleted: 1, ..Done::default() })
    }
    .await;
    if moved.is_err() {
        // It comes back by itself as well.
        let _ = stack.give_back(letter.lane, &receipt).await;
    }
    let state = if moved.is_ok() { State::Done } else { State::Failed };
    finish(record, state, moved, Done::default(), printer).await
}

/// A later generation of the same event, of this body.
fn fixed(before: &Meta, body: &[u8]) -> Meta {
    Meta { generation: before.generation.saturating_add(1), body_sha256: sha256::hex(body), ..before.clone() }
}

fn read(file: Option<&PathBuf>) -> anyhow::Result<Vec<u8>> {
    let path = file.map_or(Path::new("-"), PathBuf::as_path);
    let mut body = Vec::new();
    let unreadable = || format!("{} could not be read", path.display());
    if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut body).with_context(unreadable)?;
    } else {
        body = std::fs::read(path).with_context(unreadable)?;
    }
    if let Err(problem) = envelope::json(&body) {
        let said = format!("{}: {problem}", path.display());
        return Err(Usage::new(said, "webhooks are JSON: a body that is none would come back here").into());
    }
    if body.len() > MAX_BODY_BYTES {
        return Err(Usage::new(format!("{} exceeds 6 MB", path.display()), "no webhook is larger").into());
    }
    Ok(body)
}

fn short(sha256: &str) -> &str {
    sha256.get(..12).unwrap_or(sha256)
}

#[cfg(test)]
mod tests {
    use super::{super::letter::tests::meta, *};

    #[test]
    fn a_fixed_event_is_a_later_generation_of_the_same() {
        let before = meta("1", UnixMillis(7), b"{");
        let after = fixed(&before, b"{}");
        assert_eq!(after.generation, 1);
        assert_eq!(after.body_sha256, sha256::hex(b"{}"));
        assert_eq!(Meta { generation: 0, body_sha256: before.body_sha256.clone(), ..after }, before);
    }

    #[test]
    fn a_file_that_is_no_json_is_refused_and_not_quoted() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "{\"email\": secret").unwrap();
        let error = read(Some(&file.path().to_owned())).unwrap_err().to_string();
        assert!(error.contains("is not JSON (line 1, column 11)") && !error.contains("secret"), "{error}");
        assert!(read(Some(&PathBuf::from("/nowhere"))).is_err());
    }
}
