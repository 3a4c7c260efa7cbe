//! `weir dlq`: what the lanes gave up.

#[cfg(feature = "aws")]
mod act;
#[cfg(feature = "aws")]
mod batch;
#[cfg(feature = "aws")]
mod decide;
pub(crate) mod filter;
#[cfg(feature = "aws")]
mod fixed;
#[cfg(feature = "aws")]
mod groups;
#[cfg(feature = "aws")]
mod history;
#[cfg(feature = "aws")]
mod keep;
mod letter;
#[cfg(feature = "aws")]
mod list;
#[cfg(feature = "aws")]
mod meant;
#[cfg(feature = "aws")]
mod operation;
#[cfg(feature = "aws")]
mod outside;
#[cfg(feature = "aws")]
mod pace;
#[cfg(feature = "aws")]
mod preview;
#[cfg(feature = "aws")]
mod problem;
#[cfg(feature = "aws")]
mod reader;
#[cfg(feature = "aws")]
mod run;
#[cfg(feature = "aws")]
mod scan;
#[cfg(feature = "aws")]
mod show;
#[cfg(feature = "aws")]
mod stop;
#[cfg(feature = "aws")]
#[cfg(test)]
mod tests;
#[cfg(feature = "aws")]
mod view;
#[cfg(feature = "aws")]
pub(crate) mod who;

#[cfg(feature = "aws")]
use crate::{
    cli::{DlqArgs, DlqCommand},
    commands::ExitStatus,
    printer::Printer,
};
#[cfg(feature = "aws")]
pub(super) use show::body_of;

#[cfg(feature = "aws")]
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
