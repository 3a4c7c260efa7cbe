//! `weir subscriptions`: what is desired against what the shops have.

mod apply;
pub(crate) mod args;
mod common;
mod file;
mod plan;
mod status;
mod view;

use weir_subscriptions::Desired;

use crate::exit::ExitStatus;
use crate::{
    cli::{SubscriptionsArgs, SubscriptionsCommand},
    printer::Printer,
};

/// What is desired by the checkout's file, or by the one that is built in.
pub(super) fn desired(printer: &Printer) -> anyhow::Result<Desired> {
    file::read(None, printer)
}

pub(super) async fn run(args: SubscriptionsArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.command {
        SubscriptionsCommand::Plan(args) => plan::run(&args, printer).await,
        SubscriptionsCommand::Apply(args) => apply::run(&args, printer).await,
        SubscriptionsCommand::Status(args) => status::run(&args, printer).await,
    }
}
