//! `weir events show --body`: the body of an event, byte for byte.

use weir_core::ledger::Record;
use weir_ops::{
    Stack,
    events::{BodyReadError, MessageLocation, stored_body},
};

use crate::{commands::dlq, exit::ExitStatus, hints, printer::Printer, problem::HintedError};

/// Prints the body, if it can be had.
///
/// # Errors
/// Says why it can't be had. Bodies lie in their messages, and are gone with them; what failed for good waits in its
/// dead-letter queue. Those that no message can carry are in S3, as long as the ledger knows the event.
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
    let Some(body) = body else { return Err(why_not(record, location).into()) };
    printer.body(&body)?;
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

fn why_not(record: &Record, location: MessageLocation) -> HintedError {
    let lane = record.lane.as_str();
    let (why, hint) = match location {
        MessageLocation::Nowhere => (
            "its message carried the body, and was deleted when the event ended",
            "Shopify's API has the resource as it is now; bodies of other subscribers of the bus may be kept there",
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
        for (place, words) in [
            (MessageLocation::Nowhere, "was deleted when the event ended"),
            (MessageLocation::DeadLettered(NOW), "another reader"),
            (MessageLocation::Hidden(NOW), "try again later"),
        ] {
            let said = Shown::of(&why_not(&record(), place).into()).lines().join("\n");
            assert!(said.contains(words) && said.contains("\nhint: "), "{said}");
        }
    }
}
