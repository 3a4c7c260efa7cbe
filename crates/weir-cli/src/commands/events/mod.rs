//! `weir events`: reads the ledger.

#[cfg(feature = "aws")]
mod asked;
#[cfg(feature = "aws")]
mod body;
#[cfg(feature = "aws")]
mod common;
mod copies;
#[cfg(feature = "aws")]
mod find;
#[cfg(feature = "aws")]
mod follow;
#[cfg(feature = "aws")]
mod list;
#[cfg(feature = "aws")]
mod scan;
#[cfg(feature = "aws")]
pub(super) mod search;
#[cfg(feature = "aws")]
mod show;
mod story;
mod view;

use weir_core::{UnixMillis, ledger::Record};

#[cfg(feature = "aws")]
use crate::exit::ExitStatus;
use crate::views::View;
#[cfg(feature = "aws")]
use crate::{
    cli::{EventsArgs, EventsCommand},
    printer::Printer,
};

#[cfg(feature = "aws")]
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
