//! The `weir` command: runs weir on this machine, sends it webhooks, and shows what became of them.
//!
//! Without the feature `aws`, only [`input`] is there: what the command reads.

#![cfg_attr(
    not(feature = "aws"),
    expect(dead_code, unused_imports, reason = "the commands that are left out would use it")
)]

mod cli;
mod commands;
mod delivery;
mod http;
pub mod input;
mod printer;
mod problem;

#[cfg(feature = "aws")]
mod admin;
#[cfg(feature = "aws")]
mod signals;
#[cfg(feature = "aws")]
mod target;

/// Follows the process's command line.
#[cfg(feature = "aws")]
pub fn main() -> std::process::ExitCode {
    use clap::Parser;
    use commands::ExitStatus;

    let cli = cli::Cli::parse();
    let printer = printer::Printer::new(cli.json);
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
