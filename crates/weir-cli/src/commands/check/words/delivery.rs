//! Webhooks of the check's own, in words.

use std::time::Duration;

use weir_ops::check::DeliveryFinding;

use super::Place;

pub(super) fn what(kind: &DeliveryFinding) -> String {
    match kind {
        DeliveryFinding::Done { took, .. } => {
            format!("a test webhook reached the bus and is done after {}", time(*took))
        }
        DeliveryFinding::NoAnswer { reason } => format!("a test webhook got no answer: {reason}"),
        DeliveryFinding::SignatureRefused { is_given: true, secret } => {
            format!("ingest refuses the secret that was given (401): {secret} has another")
        }
        DeliveryFinding::SignatureRefused { is_given: false, secret } => {
            format!("ingest refuses the newest secret of {secret} (401)")
        }
        DeliveryFinding::Refused { status, detail } => {
            let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
            format!("ingest answers {status} to a test webhook{detail}")
        }
        DeliveryFinding::ForgedAccepted { status } => {
            format!("a webhook with a wrong signature was accepted ({status})")
        }
        DeliveryFinding::NotDone { event, waited, state, last_error } => {
            let state = state.map_or("no worker has claimed it".to_owned(), |state| format!("it is {state}"));
            let error = last_error.as_ref().map(|error| format!(", because {error}")).unwrap_or_default();
            format!("the test webhook {} is not done after {}: {state}{error}", event.event, time(*waited))
        }
        DeliveryFinding::LaneOff { .. } => "is switched off, and was sent no test webhook".to_owned(),
        DeliveryFinding::NoSecret { reason, .. } => format!("there is no secret to sign a test webhook with: {reason}"),
    }
}

pub(super) fn then(kind: &DeliveryFinding, place: &Place) -> Option<String> {
    match kind {
        DeliveryFinding::Done { .. } => None,
        DeliveryFinding::NoAnswer { .. } => Some(format!(
            "Try `curl -i {}`; if this machine can reach it, look at the stage and the domain of the API.",
            place.url
        )),
        DeliveryFinding::SignatureRefused { is_given: true, secret } => Some(format!(
            "Put the secret that Shopify shows for the app into the list of {secret}, beside the present one; \
             docs/guides/apps-and-secrets.md says how."
        )),
        DeliveryFinding::SignatureRefused { is_given: false, .. } => Some(
            "Wait five minutes if the secret was just changed, because ingest reads it again by then; then check that \
             Apps has default."
                .to_owned(),
        ),
        DeliveryFinding::Refused { status: 429, .. } => {
            Some("Raise ThrottleRate and ThrottleBurst, or look at who floods the API.".to_owned())
        }
        DeliveryFinding::Refused { status: 500.., .. } => Some(format!(
            "Look at ingest's log by `aws logs tail /aws/lambda/{}/ingest --since 15m{}`.",
            place.stack,
            place.aws()
        )),
        DeliveryFinding::Refused { .. } => {
            Some("docs/reference/http-responses.md says what this answer means.".to_owned())
        }
        DeliveryFinding::ForgedAccepted { .. } => Some(format!(
            "Find out what answers at {} in place of ingest, and keep Shopify away from it until then.",
            place.url
        )),
        DeliveryFinding::NotDone { event, state: None, .. } => Some(format!(
            "Look at the worker's log by `aws logs tail /aws/lambda/{}/worker-{} --since 15m{}`, and at its event source.",
            place.stack,
            event.lane,
            place.aws()
        )),
        DeliveryFinding::NotDone { event, .. } => {
            Some(format!("Read its history by `{}`.", place.weir(&format!("events show '{}'", event.event))))
        }
        DeliveryFinding::LaneOff { lane } => Some(format!(
            "Switch it on by `{}` once its events may be handled.",
            place.weir(&format!("controls on lane {lane}"))
        )),
        DeliveryFinding::NoSecret { secret, .. } => Some(format!(
            "Give {secret} the text {{\"client_secrets\": [\"…\"]}}; docs/guides/apps-and-secrets.md says how."
        )),
    }
}

fn time(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
