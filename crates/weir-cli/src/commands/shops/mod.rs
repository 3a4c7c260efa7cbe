//! `weir shops`: the registry of shops.

mod add;
pub(crate) mod args;
mod check;
mod common;
mod list;
mod remove;
mod show;
mod view;

use crate::cli::{ShopsArgs, ShopsCommand};
use crate::exit::ExitStatus;
use crate::printer::Printer;

pub(super) use common::{app, failed, unknown};

pub(super) async fn run(args: ShopsArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.command {
        ShopsCommand::Add(args) => add::run(&args, printer).await,
        ShopsCommand::List(args) => list::run(&args, printer).await,
        ShopsCommand::Check(args) => check::run(&args, printer).await,
        ShopsCommand::Show(args) => show::run(&args, printer).await,
        ShopsCommand::Remove(args) => remove::run(&args, printer).await,
    }
}
