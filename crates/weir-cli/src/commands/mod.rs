//! The commands, one a file.

pub(crate) mod audit;
mod controls;
mod cost;
mod dev;
pub(crate) mod dlq;
pub(crate) mod events;
mod fence;
mod load;
mod reconcile;
pub(crate) mod send;
mod shops;
pub(crate) mod status;
mod subscriptions;
mod topics;

use crate::{cli::Command, exit::ExitStatus, printer::Printer};

/// Runs one command.
pub(crate) async fn run(command: Command, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match command {
        Command::Dev(args) => dev::run(&args, printer).await,
        Command::Send(args) => send::run(&args, printer).await,
        Command::Load(args) => load::run(&args, printer).await,
        Command::Cost(args) => cost::run(&args, printer),
        Command::Topics => topics::run(printer),
        Command::Events(args) => events::run(args, printer).await,
        Command::Shops(args) => shops::run(args, printer).await,
        Command::Audit(args) => audit::run(&args, printer).await,
        Command::Controls(args) => controls::run(args, printer).await,
        Command::Reconcile(args) => reconcile::run(&args, printer).await,
        Command::Status(args) => status::run(&args, printer).await,
        Command::Dlq(args) => dlq::run(args, printer).await,
        Command::Fence(args) => fence::run(args, printer).await,
        Command::Subscriptions(args) => subscriptions::run(args, printer).await,
    }
}
