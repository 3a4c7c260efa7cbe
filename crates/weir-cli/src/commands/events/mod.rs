//! `weir events`: reads the ledger.

mod list;
mod show;
mod view;

use weir_aws::ledger::ReadError;
use weir_core::ledger::Record;

use super::ExitStatus;
use crate::cli::{EventsArgs, EventsCommand};
use crate::{printer::Printer, target::LedgerTarget};

pub(super) async fn run(args: EventsArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.command {
        EventsCommand::List(args) => list::run(&args, printer).await,
        EventsCommand::Show(args) => show::run(&args, printer).await,
    }
}

/// The records of the whole table that `wanted` picks, and how many there are in all.
async fn scan(target: &LedgerTarget, wanted: impl Fn(&Record) -> bool) -> anyhow::Result<(Vec<Record>, usize)> {
    let (mut picked, mut read, mut page) = (Vec::new(), 0, None);
    loop {
        let mut next = target.ledger.scan(page).await.map_err(|error| unreadable(&error, target))?;
        read += next.records.len();
        picked.extend(next.records.drain(..).filter(&wanted));
        if !next.has_more() {
            return Ok((picked, read));
        }
        page = Some(next);
    }
}

fn unreadable(error: &ReadError, target: &LedgerTarget) -> anyhow::Error {
    anyhow::anyhow!("{error}\nhint: {}", target.hint)
}
