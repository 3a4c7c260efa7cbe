//! `weir dlq replay` and `weir dlq drop`: preview, then act.

use std::{ops::ControlFlow, path::PathBuf};

use serde::Serialize;
use weir_aws::operations::Stored;
use weir_core::UnixMillis;
use weir_ops::Stack;

use super::{
    backend::{DeadLetterBackend, StackBackend},
    filter::Filter,
    history,
    keep::Keep,
    meant::{self, Progress},
    operation::{Chunk, Counts, Journal, Kind, Operation, Options, Planned, SHELF, State, name_at, shelf_of},
    preview::{self, Preview},
    problem::Problem,
    run::{Run, Written},
    scan::scan,
    stop::Stop,
    view, who,
};
use crate::{
    cli::{DlqDropArgs, DlqReplayArgs},
    exit::ExitStatus,
    printer::Printer,
    problem::Usage,
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
        filter: Filter::new(&args.filter, UnixMillis::now())?,
        options: Options { force: args.force, rate: args.rate, limit: args.limit, ..Options::default() },
        keep: None,
        resume: args.resume.clone(),
        yes: args.yes,
    };
    follow(order, &target::stack(&args.source).await?, printer).await
}

pub(super) async fn drop(args: &DlqDropArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let filter = Filter::new(&args.filter, UnixMillis::now())?;
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

async fn follow(mut order: Order, place: &Stack, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let stack = StackBackend::of(place)?;
    let stop = Stop::listen()?;
    let resumed = match &order.resume {
        Some(name) => Some(resumed(&stack, place, name, order.kind).await?),
        None => None,
    };
    if let Some(written) = &resumed {
        order.filter = written.operation.filter.clone();
        let rate = order.options.rate.or(written.operation.options.rate);
        order.options = Options { rate, ..written.operation.options.clone() };
    }
    if let (Some(mut written), true) = (resumed, order.yes) {
        written.operation.options = order.options.clone();
        return act(&order, written, place, &stack, &stop, printer).await;
    }
    let mut progress = Progress::new(printer);
    let scanned = scan(&stack, order.filter.lanes(), &stop, |read, _, _| {
        progress.read(read);
        ControlFlow::Continue(())
    });
    let scanned = scanned.await.map_err(|problem| problem.at(place))?;
    if scanned.interrupted {
        printer.note("interrupted: nothing was changed");
        return Ok(ExitStatus::Interrupted);
    }
    let journal = match &order.resume {
        Some(name) => journal(&stack, place, name).await?,
        None => Journal::default(),
    };
    let matching = preview::meant(&scanned.found, &order.filter, &journal);
    if matching.is_empty() && (order.filter.event.is_some() || !scanned.found.is_empty()) {
        return Err(meant::nothing(order.kind, &order.filter, &scanned.found));
    }
    let now = UnixMillis::now();
    let preview = Preview::new(order.kind, &matching, scanned.found.len(), order.options.force, now);
    if matching.is_empty() || !order.yes {
        printer.item(&preview, |preview| match preview.read {
            0 => "nothing is dead-lettered".to_owned(),
            _ => preview.lines(),
        })?;
        if !printer.is_json() {
            meant::remarks(&scanned, printer);
            printer.note("nothing was changed: add --yes to do it");
        }
        return Ok(ExitStatus::Done);
    }
    let operation = Operation {
        kind: order.kind,
        state: State::Running,
        by: who::who(place).await?,
        command: who::command_line(),
        started_at: now,
        updated_at: now,
        filter: order.filter.clone(),
        options: order.options.clone(),
        planned: preview.planned(),
        counts: Counts::default(),
        note: None,
        resumed: Vec::new(),
    };
    let written = Written { name: name_at(now), version: 0, operation, journal: Journal::default() };
    act(&order, written, place, &stack, &stop, printer).await
}

/// An operation that somebody began.
async fn resumed(stack: &StackBackend, place: &Stack, name: &str, kind: Kind) -> anyhow::Result<Written> {
    let failed = |error| Problem::from(error).at(place);
    let document = stack.operations.get::<Operation>(SHELF, name).await.map_err(failed)?;
    let document = document.ok_or_else(|| history::unknown(name))?;
    let operation = document.value;
    if operation.kind != kind {
        let its = operation.kind.as_str();
        return Err(Usage::new(format!("{name} is a {its}"), format!("`weir dlq {its} --resume {name}`")).into());
    }
    if operation.options.body_sha256.is_some() {
        let hint = "repeat its command, with the file: what was sent already runs once".to_owned();
        return Err(Usage::new(format!("{name} gave an event another body, which is not kept"), hint).into());
    }
    if operation.state == State::Done {
        anyhow::bail!("{name} is done: there is nothing left of it\nhint: `weir dlq replay` begins another one");
    }
    let journal = journal(stack, place, name).await?;
    Ok(Written { name: name.to_owned(), version: document.version, operation, journal })
}

async fn journal(stack: &StackBackend, place: &Stack, name: &str) -> anyhow::Result<Journal> {
    let chunks = stack.operations.list::<Chunk>(&shelf_of(name), false, usize::MAX).await;
    let mut journal = Journal::default();
    for chunk in chunks.map_err(|error| Problem::from(error).at(place))? {
        journal.add(&chunk.value);
    }
    Ok(journal)
}

async fn act(
    order: &Order,
    mut written: Written,
    place: &Stack,
    stack: &StackBackend,
    stop: &Stop,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let keep = order.keep.as_deref().map(Keep::open).transpose().map_err(|problem| problem.at(place))?;
    let version = written.version;
    if version > 0 {
        written.operation.resume(who::who(place).await?, UnixMillis::now());
    }
    let expected = (version > 0).then_some(version);
    let stored = stack.save(&written.name, expected, &written.operation).await;
    written.version = match stored.map_err(|error| Problem::from(error).at(place))? {
        Stored::Written(version) => version,
        Stored::Lost(Some(there)) if there.value == written.operation => there.version,
        Stored::Lost(_) => return Err(Problem::TakenOver.at(place)),
    };
    let name = written.name.clone();
    if !printer.is_json() {
        printer.step(format!("{} {name}", order.kind.as_str()));
    }
    if order.options.force && !printer.is_json() {
        printer.note("warning: with --force what took effect runs again, and whatever it caused, it causes twice");
    }
    let began = tokio::time::Instant::now();
    let before = gone(&written.operation.counts);
    let tell = |operation: &Operation, elsewhere: u64| {
        if !printer.is_json() {
            printer.step(progress(operation, before, began.elapsed(), elsewhere));
        }
    };
    let (written, late, ended) = Run::new(stack, written, stop, keep, &tell).run().await;
    let operation = &written.operation;
    let outcome =
        Outcome { changed: true, operation: &name, state: operation.state.as_str(), counts: operation.counts };
    printer.item(&outcome, |outcome| {
        format!(
            "{} {name} {}: {}",
            operation.kind.as_str(),
            outcome.state,
            view::counts(operation.kind, &outcome.counts)
        )
    })?;
    if late > 0 && !printer.is_json() {
        printer.note(format!("{} could not be given back: they are back within minutes", view::messages(late as u64)));
    }
    if let (Some(note), Ok(()), false) = (&operation.note, &ended, printer.is_json()) {
        printer.note(note);
    }
    let goes_on = format!("`weir dlq {} --resume {name} --yes` goes on", operation.kind.as_str());
    match ended {
        Err(problem) => Err(problem.at(place).context(format!("{name} stopped before its end; {goes_on}"))),
        Ok(()) if operation.state == State::Interrupted => {
            printer.note(format!("interrupted: {goes_on}"));
            Ok(ExitStatus::Interrupted)
        }
        Ok(()) if operation.state == State::Failed => {
            let left = view::messages(operation.counts.failed);
            anyhow::bail!(
                "{left} stayed in the dead-letter queues: SQS or the ledger did not take them\nhint: {goes_on}"
            )
        }
        Ok(()) => Ok(ExitStatus::Done),
    }
}

fn gone(counts: &Counts) -> u64 {
    counts.sent + counts.ended + counts.dropped
}

fn progress(operation: &Operation, before: u64, time: std::time::Duration, elsewhere: u64) -> String {
    let Planned { messages, .. } = operation.planned;
    let (counts, gone) = (&operation.counts, gone(&operation.counts));
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
