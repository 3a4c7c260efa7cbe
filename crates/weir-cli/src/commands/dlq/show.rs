//! `weir dlq show`: one message.

use std::{io::Write, ops::ControlFlow};

use serde::Serialize;
use weir_aws::{Bodies, dead_letters::DeadLetter};
use weir_core::{Lane, envelope::Envelope, ledger::State};

use super::{
    filter::{EventName, Filter},
    letter::{Found, Standing},
    list::MessageView,
    meant::Progress,
    outside::Stack,
    scan::scan,
    stop::Stop,
};
use crate::{cli::DlqShowArgs, commands::ExitStatus, printer::Printer, target::Place};

/// A message as it is shown.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    message: MessageView,
    webhook_event_id: Option<String>,
    api_version: Option<String>,
    subscription: Option<String>,
    triggered_at: Option<String>,
    body_sha256: Option<String>,
    /// Where the body lies, if not in the message.
    body_in: Option<String>,
    parks: u32,
    record: Option<RecordView>,
    advice: &'static str,
}

#[derive(Serialize)]
struct RecordView {
    state: &'static str,
    permanent: Option<bool>,
    last_error: Option<String>,
    attempts: u32,
    duplicates: u32,
    mismatches: u32,
    parks: u32,
    updated_at: String,
    body_sha256: String,
}

pub(super) async fn run(args: &DlqShowArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let event: EventName = args.event.parse()?;
    let place = Place::find(&args.source).await?;
    let stack = Stack::of(&place)?;
    let stop = Stop::listen()?;
    let lane = args.lane.map(Lane::from);
    let Some((found, letter)) = find(&stack, &place, &event, lane, &stop, printer).await? else {
        if stop.is_set() {
            return Ok(ExitStatus::Interrupted);
        }
        anyhow::bail!(
            "no message of {event} is dead-lettered\nhint: `weir events show '{event}'` tells what became of it; \
             `weir dlq list` shows what is here"
        );
    };
    if args.body {
        let bytes = body(&place, &letter).await?;
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(&bytes)?;
        stdout.flush()?;
        return Ok(ExitStatus::Done);
    }
    printer.item(&shown(&found, &letter), lines)?;
    Ok(ExitStatus::Done)
}

/// The body of an event's first message in the dead-letter queue of its lane, if it has one there.
pub(in crate::commands) async fn body_of(
    place: &Place,
    event: &str,
    lane: Lane,
    printer: &Printer,
) -> anyhow::Result<Option<Vec<u8>>> {
    let (stack, event, stop) = (Stack::of(place)?, event.parse()?, Stop::listen()?);
    match find(&stack, place, &event, Some(lane), &stop, printer).await? {
        Some((_found, letter)) => body(place, &letter).await.map(Some),
        None => Ok(None),
    }
}

/// The first message of an event, received and given back.
async fn find(
    stack: &Stack,
    place: &Place,
    event: &EventName,
    lane: Option<Lane>,
    stop: &Stop,
    printer: &Printer,
) -> anyhow::Result<Option<(Found, DeadLetter)>> {
    let filter = Filter { lane, event: Some(event.clone()), ..Filter::default() };
    let (mut hit, mut progress) = (None, Progress::new(printer));
    let scanned = scan(stack, filter.lanes(), stop, |read, found, letter| {
        progress.read(read);
        if !filter.takes(found) {
            return ControlFlow::Continue(());
        }
        hit = Some((found.clone(), letter.clone()));
        ControlFlow::Break(())
    });
    scanned.await.map_err(|problem| problem.at(place))?;
    Ok(hit)
}

/// The bytes that Shopify signed; of what is no envelope, the message.
async fn body(place: &Place, letter: &DeadLetter) -> anyhow::Result<Vec<u8>> {
    let Ok(envelope) = Envelope::parse(&letter.body) else { return Ok(letter.body.clone().into_bytes()) };
    let fetched = match envelope.reference() {
        Some(reference) => {
            let bodies = Bodies::new(&place.config, place.output("BodiesBucket")?);
            Some(bodies.get(reference).await.map_err(|error| place.failed(error))?)
        }
        None => None,
    };
    envelope.open(fetched).map_err(|problem| {
        anyhow::anyhow!("{problem}\nhint: `weir dlq replay --event ID --file FIXED` gives the event another body")
    })
}

fn shown(found: &Found, letter: &DeadLetter) -> Shown {
    let meta = found.letter.head.as_ref().ok();
    let envelope = Envelope::parse(&letter.body).ok();
    let record = found.record.as_ref().map(|record| RecordView {
        state: record.state.as_str(),
        permanent: match &record.state {
            State::Failed(failure) => Some(failure.is_permanent()),
            _ => None,
        },
        last_error: record.last_error.clone(),
        attempts: record.attempts,
        duplicates: record.duplicates,
        mismatches: record.mismatches,
        parks: record.parks,
        updated_at: record.updated_at.to_string(),
        body_sha256: record.body_sha256.clone(),
    });
    Shown {
        message: MessageView::from(found),
        webhook_event_id: meta.and_then(|meta| meta.event_id.clone()),
        api_version: meta.and_then(|meta| meta.api_version.clone()),
        subscription: meta.and_then(|meta| meta.subscription.clone()),
        triggered_at: meta.and_then(|meta| meta.triggered_at.clone()),
        body_sha256: meta.map(|meta| meta.body_sha256.clone()),
        body_in: envelope.as_ref().and_then(|envelope| envelope.reference().map(str::to_owned)),
        parks: envelope.and_then(|envelope| envelope.parked).map_or(0, |parked| parked.count),
        record,
        advice: advice(found.standing),
    }
}

fn advice(standing: Standing) -> &'static str {
    match standing {
        Standing::Failed => "once its cause is mended: weir dlq replay --event ID; a body that can't work: with --file",
        Standing::Done | Standing::Stale => "its event ended: weir dlq replay --event ID only takes it out of here",
        Standing::Parked | Standing::Leased => "another copy is on its way: wait for it",
        Standing::Mismatch => {
            "which body is right? weir dlq replay --event ID --force runs this one too, drop deletes it"
        }
        Standing::Unknown => "weir dlq replay --event ID",
        Standing::Unreadable => "no worker can read it: look at it with --body, and drop it",
    }
}

fn lines(shown: &Shown) -> String {
    let json = serde_json::to_value(shown).unwrap_or_default();
    let mut out = vec![json["event"].as_str().unwrap_or_default().to_owned()];
    let mut add = |name: &str, value: &serde_json::Value| {
        let text = match value {
            serde_json::Value::Null => return,
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        out.push(format!("  {:<18}{text}", name.replace('_', " ")));
    };
    for name in [
        "error",
        "state",
        "lane",
        "topic",
        "shop",
        "app",
        "generation",
        "parks",
        "webhook_event_id",
        "api_version",
        "subscription",
        "triggered_at",
        "received_at",
        "sent_at",
        "bytes",
        "body_sha256",
        "body_in",
        "message_id",
    ] {
        add(name, &json[name]);
    }
    for name in
        ["state", "permanent", "last_error", "attempts", "duplicates", "mismatches", "updated_at", "body_sha256"]
    {
        add(&format!("ledger: {name}"), &json["record"][name]);
    }
    add("what to do", &json["advice"]);
    out.join("\n")
}
