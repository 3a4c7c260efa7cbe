//! The commands, one a file.

pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod controls;
pub(crate) mod cost;
pub(crate) mod dev;
pub(crate) mod dlq;
pub(crate) mod events;
pub(crate) mod fence;
pub(crate) mod load;
pub(crate) mod orders;
pub(crate) mod reconcile;
pub(crate) mod send;
pub(crate) mod shops;
pub(crate) mod status;
pub(crate) mod subscriptions;
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
        Command::Completions(args) => completions::run(&args, printer),
        Command::Events(args) => events::run(args, printer).await,
        Command::Shops(args) => shops::run(args, printer).await,
        Command::Audit(args) => audit::run(&args, printer).await,
        Command::Controls(args) => controls::run(args, printer).await,
        Command::Reconcile(args) => reconcile::run(&args, printer).await,
        Command::Check(args) => check::run(&args, printer).await,
        Command::Status(args) => status::run(&args, printer).await,
        Command::Dlq(args) => dlq::run(args, printer).await,
        Command::Orders(args) => orders::run(args, printer).await,
        Command::Fence(args) => fence::run(args, printer).await,
        Command::Subscriptions(args) => subscriptions::run(args, printer).await,
    }
}
