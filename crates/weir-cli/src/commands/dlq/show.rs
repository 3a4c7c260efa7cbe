//! `weir dlq show`: one message.

use std::ops::ControlFlow;

use weir_aws::{Bodies, dead_letters::DeadLetter};
use weir_core::{Lane, envelope::Envelope};
use weir_ops::Stack;

use super::{
    backend::StackBackend,
    filter::{EventName, Filter},
    letter::Found,
    meant::Progress,
    scan::scan,
    shown::Shown,
    stop::Stop,
};
use crate::{cli::DlqShowArgs, exit::ExitStatus, hints, printer::Printer, target};

pub(super) async fn run(args: &DlqShowArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let event: EventName = args.event.parse()?;
    let place = target::stack(&args.source).await?;
    let stack = StackBackend::of(&place)?;
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
        printer.body(&bytes)?;
        return Ok(ExitStatus::Done);
    }
    printer.item(&Shown::new(&found, &letter.body), Shown::lines)?;
    Ok(ExitStatus::Done)
}

/// The body of an event's first message in the dead-letter queue of its lane, if it has one there.
pub(in crate::commands) async fn body_of(
    place: &Stack,
    event: &str,
    lane: Lane,
    printer: &Printer,
) -> anyhow::Result<Option<Vec<u8>>> {
    let (stack, event, stop) = (StackBackend::of(place)?, event.parse()?, Stop::listen()?);
    match find(&stack, place, &event, Some(lane), &stop, printer).await? {
        Some((_found, letter)) => body(place, &letter).await.map(Some),
        None => Ok(None),
    }
}

/// The first message of an event, received and given back.
async fn find(
    stack: &StackBackend,
    place: &Stack,
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
async fn body(place: &Stack, letter: &DeadLetter) -> anyhow::Result<Vec<u8>> {
    let Ok(envelope) = Envelope::parse(&letter.body) else { return Ok(letter.body.clone().into_bytes()) };
    let fetched = match envelope.reference() {
        Some(reference) => {
            let bodies = Bodies::new(&place.config, place.output("BodiesBucket")?);
            Some(bodies.get(reference).await.map_err(|error| hints::failed(place, error))?)
        }
        None => None,
    };
    envelope.open(fetched).map_err(|problem| {
        anyhow::anyhow!("{problem}\nhint: `weir dlq replay --event ID --file FIXED` gives the event another body")
    })
}
