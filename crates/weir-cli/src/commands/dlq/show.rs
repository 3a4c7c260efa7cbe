//! `weir dlq show`: one message.

use weir_core::Lane;
use weir_ops::{
    Stack,
    dead_letters::{Cancel, DeadLetter, DeadLetterEntry, EventName, Filter, StackBackend, message_body},
};

use super::{
    errors::{event_name, explained, unreadable},
    selection,
    shown::Shown,
    stop,
};
use crate::{cli::DlqShowArgs, exit::ExitStatus, printer::Printer, problem::HintedError, progress::Progress, target};

pub(super) async fn run(args: &DlqShowArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let event = event_name(&args.event)?;
    let stack = target::stack(&args.source).await?;
    let cancel = stop::listen()?;
    let lane = args.lane;
    let Some((found, letter)) = find(&stack, &event, lane, &cancel, printer).await? else {
        if cancel.is_set() {
            return Ok(ExitStatus::Interrupted);
        }
        let hint = format!("`weir events show '{event}'` tells what became of it; `weir dlq list` shows what is here");
        return Err(HintedError::new(format!("no message of {event} is dead-lettered"), hint).into());
    };
    if args.body {
        let body = message_body(&stack, &letter).await.map_err(|error| unreadable(error, &stack))?;
        printer.body(&body)?;
        return Ok(ExitStatus::Done);
    }
    printer.item(&Shown::new(&found, &letter.body), Shown::lines)?;
    Ok(ExitStatus::Done)
}

/// The body of an event's first message in the dead-letter queue of its lane, if it has one there.
pub(in crate::commands) async fn body_of(
    stack: &Stack,
    event: &str,
    lane: Lane,
    printer: &Printer,
) -> anyhow::Result<Option<Vec<u8>>> {
    match find(stack, &event_name(event)?, Some(lane), &stop::listen()?, printer).await? {
        Some((_found, letter)) => {
            message_body(stack, &letter).await.map(Some).map_err(|error| unreadable(error, stack))
        }
        None => Ok(None),
    }
}

/// The first message of an event, received and given back.
async fn find(
    stack: &Stack,
    event: &EventName,
    lane: Option<Lane>,
    cancel: &Cancel,
    printer: &Printer,
) -> anyhow::Result<Option<(DeadLetterEntry, DeadLetter)>> {
    let backend = StackBackend::of(stack)?;
    let filter = Filter { lane, event: Some(event.clone()), ..Filter::default() };
    let mut progress = Progress::new(printer);
    let found = weir_ops::dead_letters::find(&backend, &filter, cancel, |read| {
        selection::looked_at(read, &mut progress, printer)
    })
    .await;
    found.map_err(|error| explained(error, stack))
}
