//! From lines to a report.

use std::time::Instant;

use resilience::UnixMillis;
use weir_ops::api_usage::{FunctionLogs, Line, Step, Tally};

use super::{file, progress::Progress, view};
use crate::{call_log, cli::AuditArgs, exit::ExitStatus, hints, printer::Printer, target};

pub(crate) async fn run(args: &AuditArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let mut reading = Reading { tally: Tally::default(), printer, progress: Progress::new(Instant::now()) };
    let place = match &args.file {
        Some(path) => {
            file::read(path, |line| reading.take(line, None))?;
            "among these lines".to_owned()
        }
        None => {
            let stack = target::stack_by_name(&args.source).await?;
            let logs = FunctionLogs::of(&stack);
            let to = UnixMillis::now();
            let from = args.since.at(to);
            let read = logs.read(from, to, |step| match step {
                Step::Line(line, at) => reading.take(line, at),
                Step::Page => reading.page(),
            });
            read.await.map_err(|error| hints::failed(&stack, error))?;
            reading.own_calls(&stack.name, from, to)?;
            format!("in {}* since {from}", logs.prefix())
        }
    };
    let report = reading.tally.report();
    printer.item(&report, |report| view::text(report, &place))?;
    if !printer.is_json() {
        printer.note(view::footer(&report));
    }
    Ok(ExitStatus::Done)
}

/// Counts, and says from time to time how far it got.
struct Reading<'a> {
    tally: Tally,
    printer: &'a Printer,
    progress: Progress,
}

impl Reading<'_> {
    /// Takes a line, and when the log says that it came, if it does.
    fn take(&mut self, line: &[u8], at: Option<UnixMillis>) {
        self.tally.take(&Line::read(line, at));
        self.tell();
    }

    /// The calls that this command made itself, on this machine.
    fn own_calls(&mut self, stack: &str, from: UnixMillis, to: UnixMillis) -> anyhow::Result<()> {
        let Some(path) = call_log::of_stack(stack).filter(|path| path.exists()) else { return Ok(()) };
        file::read(&path, |line| {
            let line = Line::read(line, None);
            if matches!(&line, Line::Call(call) if (from..=to).contains(&call.at)) {
                self.tally.take(&line);
            }
        })
    }

    /// One more page was searched, whatever was on it.
    fn page(&mut self) {
        self.progress.page();
        self.tell();
    }

    fn tell(&mut self) {
        if self.printer.is_json() {
            return;
        }
        if let Some(told) = self.progress.tell(Instant::now(), &self.tally) {
            self.printer.step(told);
        }
    }
}
