//! `weir status`, once or again and again.

use std::{io::IsTerminal, time::Duration};

use super::{look::Looking, screen::Screen, text};
use crate::{cli::StatusArgs, exit::ExitStatus, printer::Printer, signals::Signals, target::Place};

pub(in crate::commands) async fn run(args: &StatusArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let place = Place::find(&args.source).await?;
    let mut looking = Looking::new(place, args.last)?;
    if !args.watch {
        let status = looking.look().await?;
        printer.item(&status, text::lines)?;
        return Ok(ExitStatus::Done);
    }
    let mut signals = Signals::listen()?;
    if printer.is_json() || !std::io::stdout().is_terminal() {
        return stream(&mut looking, args.every, printer, &mut signals).await;
    }
    // The first look before the screen: what is wrong with the command is then said as always.
    let mut status = looking.look().await?;
    let mut screen = Screen::open()?;
    loop {
        screen.show(&status)?;
        tokio::select! {
            biased;
            () = screen.left() => return Ok(ExitStatus::Done),
            _signal = signals.next() => return Ok(ExitStatus::Done),
            () = tokio::time::sleep(args.every) => status = looking.look().await?,
        }
    }
}

/// A look after the other, for programs and files.
async fn stream(
    looking: &mut Looking,
    every: Duration,
    printer: &Printer,
    signals: &mut Signals,
) -> anyhow::Result<ExitStatus> {
    loop {
        let status = looking.look().await?;
        printer.item(&status, |status| text::lines(status) + "\n")?;
        tokio::select! {
            biased;
            _signal = signals.next() => return Ok(ExitStatus::Done),
            () = tokio::time::sleep(every) => {}
        }
    }
}
