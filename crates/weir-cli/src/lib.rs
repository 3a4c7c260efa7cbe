//! The `weir` command: runs weir on this machine, sends it webhooks, and shows what became of them.

mod admin;
mod args;
mod call_log;
mod cli;
mod commands;
mod exit;
mod hints;
pub mod input;
mod layout;
mod printable;
mod printer;
mod problem;
mod progress;
mod shop_domain;
mod signals;
mod target;
pub mod views;
mod when;

use std::time::Duration;

/// Follows the process's command line.
pub fn main() -> std::process::ExitCode {
    use clap::Parser;
    use exit::ExitStatus;

    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    let printer = printer::Printer::new(cli.json);
    call_log::install();
    let ended = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(attended(commands::run(cli.command, &printer), &printer)));
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

/// Whoever sees nothing for this long is told that the command is at work.
const SILENCE: Duration = Duration::from_secs(2);

/// Runs it, and says from time to time that it goes on where it says nothing itself.
async fn attended<T>(run: impl Future<Output = T>, printer: &printer::Printer) -> T {
    let (began, mut run) = (tokio::time::Instant::now(), std::pin::pin!(run));
    loop {
        let rest = SILENCE.saturating_sub(printer.silence());
        tokio::select! {
            biased;
            ended = &mut run => return ended,
            () = tokio::time::sleep(rest.max(Duration::from_millis(100))) => {}
        }
        if printer.silence() >= SILENCE {
            printer.still_working(began.elapsed());
        }
    }
}

/// What clap says to the command line: a mistake, or the help.
fn refused(error: &clap::Error) -> std::process::ExitCode {
    let said = error.to_string();
    // Clap repeats arguments as they came, and one may have been pasted. Its own colours are left out then.
    if said.contains(|c| c != '\n' && printable::is_hidden(c)) {
        printer::Printer::new(false).note(said.trim_end());
        return u8::try_from(error.exit_code()).unwrap_or(1).into();
    }
    error.exit()
}
