//! `weir events show --body`: the body of an event, byte for byte.

use weir_aws::{Bodies, BodyError};
use weir_core::{ledger::Record, sha256};
use weir_ops::Stack;

use super::copies::Place;
use crate::{commands::dlq, exit::ExitStatus, hints, printer::Printer};

/// Prints the body, if it can be had.
///
/// # Errors
/// Says why it can't be had. Bodies lie in their messages, and are gone with them; what failed for good waits in its
/// dead-letter queue. Those that no message can carry are in S3, as long as the ledger knows the event.
pub(super) async fn print(
    stack: &Stack,
    record: &Record,
    place: Place,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let mut body = stored(stack, record).await?;
    // Of what lies in messages, only that of a dead-letter queue can be looked at: no worker waits for it.
    if body.is_none() && matches!(place, Place::DeadLettered(_) | Place::DueOrDeadLettered(_)) {
        body = dlq::body_of(stack, &record.key.event, record.lane, printer).await?;
    }
    let Some(body) = body else { return Err(anyhow::anyhow!("{}", why_not(record, place))) };
    printer.body(&body)?;
    Ok(ExitStatus::Done)
}

/// The body in S3: that of a large event, or of one that was too large for the bus.
async fn stored(stack: &Stack, record: &Record) -> anyhow::Result<Option<Vec<u8>>> {
    let bucket = stack.output("BodiesBucket")?;
    let (Some((shop, _)), id) = (record.key.event.split_once('#'), record.webhook_id()) else { return Ok(None) };
    let reference = format!("s3://{bucket}/{shop}/{id}/{}", record.body_sha256);
    match Bodies::new(&stack.config, bucket).get(&reference).await {
        Ok(body) if sha256::hex(&body) == record.body_sha256 => Ok(Some(body)),
        Ok(_) => anyhow::bail!(
            "the body in S3 is not the one that was taken in: its SHA-256 differs\n\
             hint: somebody altered the object; Shopify's API has the resource as it is now"
        ),
        Err(BodyError::Lost | BodyError::Foreign) => Ok(None),
        Err(error) => Err(hints::failed(stack, error)),
    }
}

fn why_not(record: &Record, place: Place) -> String {
    let lane = record.lane.as_str();
    let (why, hint) = match place {
        Place::Nowhere => (
            "its message carried the body, and was deleted when the event ended",
            "Shopify's API has the resource as it is now; bodies of other subscribers of the bus may be kept there",
        ),
        Place::DeadLettered(_) | Place::DueOrDeadLettered(_) => (
            "its message carries the body, and is not to be seen in the dead-letter queue",
            "a replay or another reader may have it at this moment: try again in a minute",
        ),
        _ => ("its message in the lane carries the body, and a worker's message is not taken away", "try again later"),
    };
    format!("the body of {} is not in S3: {why} (lane {lane})\nhint: {hint}", record.key)
}

#[cfg(test)]
mod tests {
    use super::super::view::tests::{NOW, record};
    use super::*;

    #[test]
    fn why_there_is_no_body_depends_on_where_the_message_is() {
        for (place, words) in [
            (Place::Nowhere, "was deleted when the event ended"),
            (Place::DeadLettered(NOW), "another reader"),
            (Place::Hidden(NOW), "try again later"),
        ] {
            let said = why_not(&record(), place);
            assert!(said.contains(words) && said.contains("\nhint: "), "{said}");
        }
    }
}
