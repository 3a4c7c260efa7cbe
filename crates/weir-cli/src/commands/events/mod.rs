//! `weir events`: reads the ledger.

pub(crate) mod args;
mod body;
mod common;
mod empty;
#[cfg(test)]
mod fixtures;
mod follow;
mod list;
mod query;
mod resend;
mod resend_view;
mod show;
mod story;
mod view;

use weir_core::{UnixMillis, ledger::Record};
use weir_ops::events::{EventView, MessageLocation};

use crate::exit::ExitStatus;
use crate::views::View;
use crate::{
    cli::{EventsArgs, EventsCommand},
    printer::Printer,
};

pub(super) async fn run(args: EventsArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.command {
        EventsCommand::List(args) => list::run(&args, printer).await,
        EventsCommand::Show(args) => show::run(&args, printer).await,
        EventsCommand::Resend(args) => resend::run(&args, printer).await,
        EventsCommand::Resends(args) => resend::list(&args, printer).await,
    }
}

/// An event as each command prints it.
pub(crate) fn views(record: &Record, now: UnixMillis) -> std::io::Result<Vec<View>> {
    let event = EventView::new(record, now);
    let location = MessageLocation::of(record, None, now);
    let preview = resend_view::example(record);
    Ok(vec![
        View::of("events resend", &preview, resend_view::lines)?,
        View::of("events list", &[event], |events| view::table(events, now))?,
        View::of("events list --follow", &EventView::new(record, now), view::line)?,
        View::of("events show", &EventView::at(record, location), |_| story::story(record, location))?,
    ])
}
