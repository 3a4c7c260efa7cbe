//! `weir events show --body`: the body of an event, byte for byte.

use weir_core::ledger::Record;
use weir_ops::{
    Stack,
    events::{ArchiveReadError, BodyReadError, MessageLocation, archived_body, has_archive, stored_body},
};

use crate::{commands::dlq, exit::ExitStatus, hints, printer::Printer, problem::HintedError};

/// Prints the body, if it can be had.
///
/// # Errors
/// Says why it can't be had. Bodies lie in their messages, and are gone with them; what failed for good waits in its
/// dead-letter queue. Those that no message can carry are in S3, as long as the ledger knows the event. What was published is
/// in the archive for `ArchiveDays`.
pub(super) async fn print(
    stack: &Stack,
    record: &Record,
    location: MessageLocation,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let mut body = stored_body(stack, record).await.map_err(|error| explained(error, stack))?;
    // Of what lies in messages, only that of a dead-letter queue can be looked at: no worker waits for it.
    if body.is_none() && matches!(location, MessageLocation::DeadLettered(_) | MessageLocation::DueOrDeadLettered(_)) {
        body = dlq::body_of(stack, &record.key.event, record.lane, printer).await?;
    }
    if let Some(body) = body {
        printer.body(&body)?;
        return Ok(ExitStatus::Done);
    }
    let archived = archived_body(stack, record).await.map_err(|error| unarchived(error, stack))?;
    let Some(archived) = archived else { return Err(why_not(record, location, has_archive(stack)).into()) };
    if !archived.is_as_signed {
        printer.note("not byte for byte what Shopify signed: the bus may print JSON anew");
    }
    printer.body(&archived.body)?;
    Ok(ExitStatus::Done)
}

/// Why the body can't be had from S3, with what to do.
fn explained(error: BodyReadError, stack: &Stack) -> anyhow::Error {
    let hint = match error {
        // It has its own hint.
        BodyReadError::Stack(error) => return error.into(),
        BodyReadError::Bucket(error) => return hints::failed(stack, error),
        BodyReadError::Altered => "somebody altered the object; Shopify's API has the resource as it is now",
    };
    hints::with(hint, error)
}

/// Why the archive can't be read, with what to do.
fn unarchived(error: ArchiveReadError, stack: &Stack) -> anyhow::Error {
    match error {
        // It has its own hint.
        ArchiveReadError::Stack(error) => error.into(),
        ArchiveReadError::Damaged(_) => {
            hints::with("somebody altered the object; Shopify's API has the resource as it is now", error)
        }
        ArchiveReadError::Archive(_) | ArchiveReadError::Bucket(_) => hints::failed(stack, error),
    }
}

fn why_not(record: &Record, location: MessageLocation, has_archive: bool) -> HintedError {
    let lane = record.lane.as_str();
    let (why, hint) = match location {
        MessageLocation::Nowhere if !has_archive => (
            "its message was deleted when the event ended, and this stack keeps no archive",
            "Shopify's API has the resource as it is now; parameter ArchiveDays keeps the bodies of later events",
        ),
        MessageLocation::Nowhere => (
            "its message was deleted when the event ended, and the archive does not have it, or not yet",
            "an event is archived within minutes, for ArchiveDays; Shopify's API has the resource as it is now",
        ),
        MessageLocation::DeadLettered(_) | MessageLocation::DueOrDeadLettered(_) => (
            "its message carries the body, and is not to be seen in the dead-letter queue",
            "a replay or another reader may have it at this moment: try again in a minute",
        ),
        _ => ("its message in the lane carries the body, and a worker's message is not taken away", "try again later"),
    };
    HintedError::new(format!("the body of {} is not in S3: {why} (lane {lane})", record.key), hint)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{NOW, record};
    use super::*;
    use crate::problem::Shown;

    #[test]
    fn why_there_is_no_body_depends_on_where_the_message_is() {
        for (place, has_archive, words) in [
            (MessageLocation::Nowhere, false, "keeps no archive"),
            (MessageLocation::Nowhere, true, "the archive does not have it"),
            (MessageLocation::DeadLettered(NOW), true, "another reader"),
            (MessageLocation::Hidden(NOW), true, "try again later"),
        ] {
            let said = Shown::of(&why_not(&record(), place, has_archive).into()).lines().join("\n");
            assert!(said.contains(words) && said.contains("\nhint: "), "{said}");
        }
    }
}
