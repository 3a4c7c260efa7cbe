//! `weir dlq`: what the lanes gave up.

mod act;
mod backend;
mod batch;
mod decide;
pub(crate) mod filter;
mod fixed;
mod groups;
mod history;
mod keep;
mod letter;
mod list;
mod meant;
mod message;
mod operation;
mod operation_view;
mod outgoing;
mod pace;
mod preview;
mod problem;
mod reader;
mod run;
mod scan;
mod show;
mod shown;
mod stop;
#[cfg(test)]
mod tests;
mod view;
pub(crate) mod who;

use weir_core::ledger::Record;

use crate::{
    cli::GroupBy,
    views::{View, Words},
};
use crate::{
    cli::{DlqArgs, DlqCommand},
    exit::ExitStatus,
    printer::Printer,
};
use letter::{Found, Letter};
use operation::{Counts, Entry, Kind, Operation, Options, State};
pub(super) use show::body_of;

pub(super) async fn run(args: DlqArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.command {
        DlqCommand::List(args) => list::run(&args, printer).await,
        DlqCommand::Show(args) => show::run(&args, printer).await,
        DlqCommand::Replay(args) if args.file.is_some() => fixed::run(&args, printer).await,
        DlqCommand::Replay(args) => act::replay(&args, printer).await,
        DlqCommand::Drop(args) => act::drop(&args, printer).await,
        DlqCommand::History(args) => history::run(&args, printer).await,
    }
}

/// What each command prints of a message whose event has this record, of one that can't be read, and of a replay of them.
pub(crate) fn views(record: &Record, message: &str, words: &Words<'_>) -> std::io::Result<Vec<View>> {
    let group = Some(words.shop.to_owned());
    let now = record.updated_at;
    let letter = |id: &str, message| Letter::read(record.lane, id.to_owned(), group.clone(), now, message);
    let found = [
        Found::new(letter("m-1", message), Some(record.clone())),
        Found::new(letter(words.id, words.other), Some(record.clone())),
    ];
    let mut all = Vec::new();
    for by in [GroupBy::Error, GroupBy::Topic, GroupBy::Shop] {
        let groups = groups::groups(&found, by, now);
        all.push(View::of("dlq list", &groups, |groups| message::table(groups, "what", 20))?);
    }
    for (one, message) in found.iter().zip([message, words.other]) {
        all.push(View::of("dlq show", &shown::Shown::new(one, message), shown::Shown::lines)?);
    }
    let all_of_them: Vec<&Found> = found.iter().collect();
    let preview = preview::Preview::new(Kind::Replay, &all_of_them, 2, true, now);
    all.push(View::of("dlq replay", &preview, preview::Preview::lines)?);
    let entry = |found: &Found| Entry { event: found.letter.name(), generation: 1, message: found.letter.id.clone() };
    let operation = Operation {
        kind: Kind::Replay,
        state: State::Failed,
        by: words.other.to_owned(),
        command: words.other.to_owned(),
        started_at: now,
        updated_at: now,
        filter: filter::Filter { error: Some(words.error.to_owned()), ..filter::Filter::default() },
        options: Options::default(),
        planned: preview.planned(),
        counts: Counts::default(),
        note: Some(words.error.to_owned()),
        resumed: Vec::new(),
    };
    let view = || operation_view::OperationView::new(words.other, &operation, now);
    all.push(View::of("dlq history", &[view()], |views| operation_view::table(views))?);
    let one = view().with_events(found.iter().map(entry).collect());
    all.push(View::of("dlq history NAME", &one, operation_view::OperationView::lines)?);
    Ok(all)
}
