//! `weir dlq list`: what lies in the dead-letter queues, by what went wrong.

use std::cell::Cell;

use resilience::UnixMillis;

use super::{
    filter::Filter,
    outside::Stack,
    preview,
    stop::until_asked,
    view::{Event, Listed},
};
use crate::{cli::DlqListArgs, commands::ExitStatus, printer::Printer, target::Place};

pub(super) async fn run(args: &DlqListArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let filter = Filter::new(&args.filter, UnixMillis::now())?;
    let place = Place::find(&args.source).await?;
    let stack = Stack::of(&place)?;
    let stopped = Cell::new(false);
    let each = args.each.map_or(0, |each| each as usize);
    let found = until_asked(&stopped, preview::look(&stack, &filter, each, &stopped, printer)).await?;
    let listed = Listed {
        count: found.groups.count(),
        groups: found.groups.into_groups(),
        events: found.letters.iter().map(Event::from).collect(),
    };
    printer.item(&listed, Listed::lines)?;
    if stopped.get() {
        printer.note("stopped before the end: there may be more");
        return Ok(ExitStatus::Interrupted);
    }
    if !printer.is_json() && listed.count > 0 {
        printer
            .note(format!("{} in all; `weir dlq replay` with the same filter shows what it would send", listed.count));
    }
    Ok(ExitStatus::Done)
}
