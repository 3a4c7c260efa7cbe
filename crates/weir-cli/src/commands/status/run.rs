//! `weir status`, once or again and again.

use std::{io::IsTerminal, time::Duration};

use weir_core::UnixMillis;
use weir_ops::health::{Health, HealthError, StatusCollector};

use super::{screen::Screen, text, view::HealthView};
use crate::{cli::StatusArgs, exit::ExitStatus, hints, printer::Printer, problem::Usage, signals::Signals, target};

pub(in crate::commands) async fn run(args: &StatusArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let stack = target::stack(&args.source).await?;
    let now = UnixMillis::now();
    let period = now.since(args.since.at(now));
    if period.is_zero() {
        return Err(
            Usage::new("--since is not in the past", "give how long ago, such as 15m, or an earlier time").into()
        );
    }
    let mut collector = StatusCollector::new(stack, period)?;
    if !args.watch {
        let health = collect(&mut collector).await?;
        printer.item(&HealthView::new(&health), text::lines)?;
        return Ok(if health.findings.is_empty() { ExitStatus::Done } else { ExitStatus::Attention });
    }
    let mut signals = Signals::listen()?;
    printer.waits();
    if printer.is_json() || !std::io::stdout().is_terminal() {
        return stream(&mut collector, args.every, printer, &mut signals).await;
    }
    // The first look before the screen: what is wrong with the command is then said as always.
    let mut health = collect(&mut collector).await?;
    let mut screen = Screen::open()?;
    loop {
        screen.show(&HealthView::new(&health))?;
        tokio::select! {
            biased;
            () = screen.left() => return Ok(ExitStatus::Done),
            _signal = signals.next() => return Ok(ExitStatus::Done),
            () = tokio::time::sleep(args.every) => health = collect(&mut collector).await?,
        }
    }
}

/// A look after the other, for programs and files.
async fn stream(
    collector: &mut StatusCollector,
    every: Duration,
    printer: &Printer,
    signals: &mut Signals,
) -> anyhow::Result<ExitStatus> {
    loop {
        let health = collect(collector).await?;
        printer.item(&HealthView::new(&health), |health| text::lines(health) + "\n")?;
        tokio::select! {
            biased;
            _signal = signals.next() => return Ok(ExitStatus::Done),
            () = tokio::time::sleep(every) => {}
        }
    }
}

async fn collect(collector: &mut StatusCollector) -> anyhow::Result<Health> {
    collector.collect().await.map_err(|error| match error {
        // It has its own hint.
        HealthError::Stack(error) => error.into(),
        other => hints::failed(collector.stack(), other),
    })
}
