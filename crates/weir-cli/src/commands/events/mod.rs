//! `weir events`: reads the ledger.

mod asked;
mod body;
mod copies;
mod find;
mod follow;
mod list;
mod scan;
pub(super) mod search;
mod show;
mod story;
mod view;

use weir_aws::ledger::ReadError;

use super::ExitStatus;
use crate::cli::{EventsArgs, EventsCommand};
use crate::{printer::Printer, target::LedgerTarget};

pub(super) async fn run(args: EventsArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.command {
        EventsCommand::List(args) => list::run(&args, printer).await,
        EventsCommand::Show(args) => show::run(&args, printer).await,
    }
}

fn unreadable(error: &ReadError, target: &LedgerTarget) -> anyhow::Error {
    let said = error.to_string();
    // DynamoDB's words for a query of an index that is not there.
    let hint = if said.contains("does not have the specified index") {
        "this ledger was deployed before it had indexes: deploy the template again, or give --scan"
    } else {
        target.hint
    };
    anyhow::anyhow!("{said}\nhint: {hint}")
}
