//! `weir dlq replay` and `weir dlq drop`: preview, then act.

use std::{ops::ControlFlow, path::PathBuf};

use serde::Serialize;
use weir_core::UnixMillis;
use weir_ops::{
    Stack,
    dead_letters::{
        self, Cancel, DeadLetterError, Ended, Export, Filter, JobState, Preview, StackBackend, Started, load, matching,
        operation::{Counts, Journal, Kind, Operation, Options, Planned, ReplayWork},
        scan, start,
    },
};

use super::{caller, errors::explained, filter::filter, history, preview_view, selection, stop, view};
use crate::{
    cli::{DlqDropArgs, DlqReplayArgs},
    exit::ExitStatus,
    printer::Printer,
    problem::{HintedError, Usage},
    progress::Progress,
    target,
};

/// What is asked for.
struct Order {
    kind: Kind,
    filter: Filter,
    options: Options,
    keep: Option<PathBuf>,
    resume: Option<String>,
    yes: bool,
}

#[derive(Serialize)]
struct Outcome<'a> {
    changed: bool,
    operation: &'a str,
    state: &'static str,
    counts: Counts,
}

pub(super) async fn replay(args: &DlqReplayArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let order = Order {
        kind: Kind::Replay,
        filter: filter(&args.filter, UnixMillis::now())?,
        options: Options { force: args.force, rate: args.rate, limit: args.limit, ..Options::default() },
        keep: None,
        resume: args.resume.clone(),
        yes: args.yes,
    };
    follow(order, &target::stack(&args.source).await?, printer).await
}

pub(super) async fn drop(args: &DlqDropArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let filter = filter(&args.filter, UnixMillis::now())?;
    if filter.is_empty() && !args.all && args.resume.is_none() {
        return Err(Usage::new(
            "this would drop everything that is dead-lettered",
            "say which messages (`weir dlq drop --help`), or that all are meant: --all",
        )
        .into());
    }
    let order = Order {
        kind: Kind::Drop,
        filter,
        options: Options { limit: args.limit, why: args.why.clone(), ..Options::default() },
        keep: args.keep.clone(),
        resume: args.resume.clone(),
        yes: args.yes,
    };
    follow(order, &target::stack(&args.source).await?, printer).await
}

async fn follow(mut order: Order, stack: &Stack, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let backend = StackBackend::of(stack)?;
    let failed = |error: DeadLetterError| explained(error, stack);
    let cancel = stop::listen()?;
    let resumed = match &order.resume {
        Some(name) => Some(resumed(&backend, stack, name, order.kind).await?),
        None => None,
    };
    if let Some(started) = &resumed {
        let operation = started.operation();
        order.filter = operation.work.filter.clone();
        let rate = order.options.rate.or(operation.work.options.rate);
        order.options = Options { rate, ..operation.work.options.clone() };
    }
    let resumed = match resumed {
        Some(mut started) if order.yes => {
            started.operation_mut().work.options = order.options.clone();
            let export = export(&order, stack)?;
            let by = caller::name(stack).await?;
            let started = dead_letters::resume(&backend, started, by).await.map_err(failed)?;
            return act(&order, started, export, stack, &backend, &cancel, printer).await;
        }
        resumed => resumed,
    };
    let mut progress = Progress::new(printer);
    let scanned = scan(&backend, order.filter.lanes(), &cancel, |read, _, _| {
        selection::looked_at(read, &mut progress, printer);
        ControlFlow::Continue(())
    });
    let scanned = scanned.await.map_err(failed)?;
    if scanned.interrupted {
        printer.note("interrupted: nothing was changed");
        return Ok(ExitStatus::Interrupted);
    }
    let none = Journal::default();
    let journal = resumed.as_ref().map_or(&none, Started::journal);
    let matching = matching(&scanned.found, &order.filter, journal);
    if matching.is_empty() && (order.filter.event.is_some() || !scanned.found.is_empty()) {
        return Err(selection::nothing(order.kind, &order.filter, &scanned.found));
    }
    let now = UnixMillis::now();
    let preview = Preview::new(order.kind, &matching, scanned.found.len(), order.options.force, now);
    if matching.is_empty() || !order.yes {
        printer.item(&preview, |preview| match preview.read {
            0 => "nothing is dead-lettered".to_owned(),
            _ => preview_view::lines(preview, now),
        })?;
        if !printer.is_json() {
            selection::remarks(&scanned, printer);
            printer.note("nothing was changed: add --yes to do it");
        }
        return Ok(ExitStatus::Done);
    }
    let actor = caller::actor(stack).await?;
    let work = ReplayWork {
        kind: order.kind,
        filter: order.filter.clone(),
        options: order.options.clone(),
        planned: preview.planned(),
        counts: Counts::default(),
    };
    let operation = Operation::new(actor.by, actor.command, work, now);
    let export = export(&order, stack)?;
    let started = start(&backend, operation).await.map_err(failed)?;
    act(&order, started, export, stack, &backend, &cancel, printer).await
}

/// An operation that somebody began.
async fn resumed(backend: &StackBackend, stack: &Stack, name: &str, kind: Kind) -> anyhow::Result<Started> {
    let started = load(backend, name).await.map_err(|error| explained(error, stack))?;
    let started = started.ok_or_else(|| history::unknown(name))?;
    let operation = started.operation();
    if operation.work.kind != kind {
        let its = operation.work.kind.as_str();
        return Err(Usage::new(format!("{name} is a {its}"), format!("`weir dlq {its} --resume {name}`")).into());
    }
    if operation.work.options.body_sha256.is_some() {
        let hint = "repeat its command, with the file: what was sent already runs once".to_owned();
        return Err(Usage::new(format!("{name} gave an event another body, which is not kept"), hint).into());
    }
    if operation.state == JobState::Done {
        let problem = format!("{name} is done: there is nothing left of it");
        return Err(HintedError::new(problem, "`weir dlq replay` begins another one").into());
    }
    Ok(started)
}

/// The file for what is dropped, if one was named.
fn export(order: &Order, stack: &Stack) -> anyhow::Result<Option<Export>> {
    order.keep.as_deref().map(Export::open).transpose().map_err(|error| explained(error, stack))
}

async fn act(
    order: &Order,
    started: Started,
    export: Option<Export>,
    stack: &Stack,
    backend: &StackBackend,
    cancel: &Cancel,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let name = started.name().to_owned();
    if !printer.is_json() {
        printer.step(format!("{} {name}", order.kind.as_str()));
    }
    if order.options.force && !printer.is_json() {
        printer.note("warning: with --force what took effect runs again, and whatever it caused, it causes twice");
    }
    let began = tokio::time::Instant::now();
    let before = gone(&started.operation().work.counts);
    let tell = |operation: &Operation, elsewhere: u64| {
        if !printer.is_json() {
            printer.step(progress(operation, before, began.elapsed(), elsewhere));
        }
    };
    let Ended { operation, late, result } = dead_letters::run(backend, started, cancel, export, &tell).await;
    let outcome =
        Outcome { changed: true, operation: &name, state: operation.state.as_str(), counts: operation.work.counts };
    printer.item(&outcome, |outcome| {
        format!(
            "{} {name} {}: {}",
            operation.work.kind.as_str(),
            outcome.state,
            view::counts(operation.work.kind, &outcome.counts)
        )
    })?;
    if late > 0 && !printer.is_json() {
        printer.note(format!("{} could not be given back: they are back within minutes", view::messages(late as u64)));
    }
    if let (Some(note), Ok(()), false) = (&operation.note, &result, printer.is_json()) {
        printer.note(note);
    }
    let goes_on = format!("`weir dlq {} --resume {name} --yes` goes on", operation.work.kind.as_str());
    match result {
        Err(error) => Err(explained(error, stack).context(format!("{name} stopped before its end; {goes_on}"))),
        Ok(()) if operation.state == JobState::Interrupted => {
            printer.note(format!("interrupted: {goes_on}"));
            Ok(ExitStatus::Interrupted)
        }
        Ok(()) if operation.state == JobState::Failed => {
            let left = view::messages(operation.work.counts.failed);
            let problem = format!("{left} stayed in the dead-letter queues: SQS or the ledger did not take them");
            Err(HintedError::new(problem, goes_on).into())
        }
        Ok(()) => Ok(ExitStatus::Done),
    }
}

fn gone(counts: &Counts) -> u64 {
    counts.sent + counts.ended + counts.dropped
}

fn progress(operation: &Operation, before: u64, time: std::time::Duration, elsewhere: u64) -> String {
    let Planned { messages, .. } = operation.work.planned;
    let (counts, gone) = (&operation.work.counts, gone(&operation.work.counts));
    let mut said =
        format!("{} of {} done, {} looked at", view::number(gone), view::number(messages), view::number(counts.read));
    let rate = gone.saturating_sub(before) as f64 / time.as_secs_f64().max(0.001);
    if gone < messages && rate > 0.0 {
        let left = std::time::Duration::try_from_secs_f64((messages - gone) as f64 / rate).unwrap_or_default();
        said.push_str(&format!(", {rate:.0} a second, about {} left", view::time(left)));
    }
    if elsewhere > 0 {
        said.push_str(&format!(
            "; waiting for {} that somebody else reads, or one that was killed",
            view::number(elsewhere)
        ));
    }
    said
}
