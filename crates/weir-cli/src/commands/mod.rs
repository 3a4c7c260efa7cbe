//! The commands, one a file.

mod audit;
mod controls;
mod dev;
mod events;
mod send;
mod shops;
mod topics;

use std::process::ExitCode;

use crate::{cli::Command, printer::Printer};

/// How the process ends. `weir --help` lists these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// What was asked for is done.
    Done,
    /// It is not.
    Failed,
    /// The command line can't be followed. Clap ends with this number too.
    Usage,
    /// Ctrl-C, before it was done.
    Interrupted,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Done => 0,
            ExitStatus::Failed => 1,
            ExitStatus::Usage => 2,
            ExitStatus::Interrupted => 130,
        })
    }
}

/// Runs one command.
pub(crate) async fn run(command: Command, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match command {
        Command::Dev(args) => dev::run(&args, printer).await,
        Command::Send(args) => send::run(&args, printer).await,
        Command::Topics => topics::run(printer),
        Command::Events(args) => events::run(args, printer).await,
        Command::Shops(args) => shops::run(args, printer).await,
        Command::Audit(args) => audit::run(&args, printer).await,
        Command::Controls(args) => controls::run(args, printer).await,
    }
}
