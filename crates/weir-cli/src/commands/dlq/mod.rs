//! `weir dlq`: what the lanes gave up.

mod act;
pub(crate) mod args;
pub(crate) mod caller;
mod errors;
mod filter;
#[cfg(test)]
mod fixtures;
mod history;
mod list;
mod message;
mod operation_view;
mod preview_view;
mod replace;
mod selection;
mod show;
mod shown;
pub(crate) mod stop;
pub(crate) mod view;

use weir_core::ledger::Record;
use weir_ops::dead_letters::{
    DeadLetterEntry, DeadLetterInfo, Filter, GroupBy, JobState, Preview, groups,
    operation::{Counts, Entry, Kind, Operation, Options, ReplayWork},
};

pub(crate) use errors::event_name;
pub(crate) use filter::filter;
pub(super) use show::body_of;

use crate::{
    cli::{DlqArgs, DlqCommand},
    exit::ExitStatus,
    printer::Printer,
    views::{View, Words},
};

pub(super) async fn run(args: DlqArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.command {
        DlqCommand::List(args) => list::run(&args, printer).await,
        DlqCommand::Show(args) => show::run(&args, printer).await,
        DlqCommand::Replay(args) if args.file.is_some() => replace::run(&args, printer).await,
        DlqCommand::Replay(args) => act::replay(&args, printer).await,
        DlqCommand::Drop(args) => act::drop(&args, printer).await,
        DlqCommand::History(args) => history::run(&args, printer).await,
    }
}

/// What each command prints of a message whose event has this record, of one that can't be read, and of a replay of them.
pub(crate) fn views(record: &Record, message: &str, words: &Words<'_>) -> std::io::Result<Vec<View>> {
    let group = Some(words.shop.to_owned());
    let now = record.updated_at;
    let letter = |id: &str, message| DeadLetterInfo::read(record.lane, id.to_owned(), group.clone(), now, message);
    let found = [
        DeadLetterEntry::new(letter("m-1", message), Some(record.clone())),
        DeadLetterEntry::new(letter(words.id, words.other), Some(record.clone())),
    ];
    let mut all = Vec::new();
    for by in [GroupBy::Error, GroupBy::Topic, GroupBy::Shop] {
        let groups = groups(&found, by, now);
        all.push(View::of("dlq list", &groups, |groups| message::table(groups, "what", 20, now))?);
    }
    for (one, message) in found.iter().zip([message, words.other]) {
        all.push(View::of("dlq show", &shown::Shown::new(one, message), shown::Shown::lines)?);
    }
    let all_of_them: Vec<&DeadLetterEntry> = found.iter().collect();
    let preview = Preview::new(Kind::Replay, &all_of_them, 2, true, now);
    all.push(View::of("dlq replay", &preview, |preview| preview_view::lines(preview, now))?);
    let entry =
        |found: &DeadLetterEntry| Entry { event: found.letter.name(), generation: 1, message: found.letter.id.clone() };
    let work = ReplayWork {
        kind: Kind::Replay,
        filter: Filter { error: Some(words.error.to_owned()), ..Filter::default() },
        options: Options::default(),
        planned: preview.planned(),
        counts: Counts::default(),
    };
    let mut operation = Operation::new(words.other.to_owned(), words.other.to_owned(), work, now);
    (operation.state, operation.note) = (JobState::Failed, Some(words.error.to_owned()));
    let view = || operation_view::OperationView::new(words.other, &operation, now);
    all.push(View::of("dlq history", &[view()], |views| operation_view::table(views))?);
    let one = view().with_events(found.iter().map(entry).collect());
    all.push(View::of("dlq history NAME", &one, operation_view::OperationView::lines)?);
    Ok(all)
}
