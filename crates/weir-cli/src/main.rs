//! The `weir` command: runs weir on this machine, sends it webhooks, and shows what became of them.

mod admin;
mod cli;
mod commands;
mod delivery;
mod http;
mod printer;
mod problem;
mod target;

use std::process::ExitCode;

use clap::Parser;

use crate::{cli::Cli, commands::ExitStatus, printer::Printer};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let printer = Printer::new(cli.json);
    let ended = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(commands::run(cli.command, &printer)));
    match ended {
        Ok(status) => status.into(),
        // Whoever reads our output has seen enough, as in `weir topics | head -1`.
        Err(error) if problem::is_closed_pipe(&error) => ExitStatus::Done.into(),
        Err(error) => {
            printer.error(&error);
            problem::status(&error).into()
        }
    }
}
