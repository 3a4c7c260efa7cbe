//! `weir events`: reads the ledger.

mod asked;
mod body;
mod common;
mod copies;
mod find;
mod follow;
mod list;
mod scan;
pub(super) mod search;
mod show;
mod story;
mod view;

use weir_core::{UnixMillis, ledger::Record};

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
    }
}

/// An event as each command prints it.
pub(crate) fn views(record: &Record, now: UnixMillis) -> std::io::Result<Vec<View>> {
    let event = view::EventView::new(record, now);
    let place = copies::Place::of(record, None, now);
    Ok(vec![
        View::of("events list", &[event], |events| view::table(events))?,
        View::of("events list --follow", &view::EventView::new(record, now), view::EventView::line)?,
        View::of("events show", &view::EventView::at(record, place), |_| story::story(record, place))?,
    ])
}
