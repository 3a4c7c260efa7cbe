//! `weir dlq replay`: says what it would send, or sends it.

use std::cell::Cell;

use resilience::UnixMillis;
use serde::Serialize;
use weir_aws::Operations;

use super::{
    filter::Filter,
    groups::Group,
    operation::{self, Kind, Operation, Record, State},
    outside::Stack,
    preview,
    replay::{Done, Replay},
    stop::until_asked,
    who,
};
use crate::{cli::DlqReplayArgs, commands::ExitStatus, printer::Printer, problem::Usage, target::Place};

/// What would be done.
#[derive(Serialize)]
pub(super) struct Planned {
    pub(super) dry_run: bool,
    pub(super) count: u64,
    pub(super) groups: Vec<Group>,
}

/// What was done.
#[derive(Serialize)]
pub(super) struct Ended {
    pub(super) operation: String,
    pub(super) state: State,
    pub(super) sent: u64,
    pub(super) deleted: u64,
    pub(super) refused: u64,
    pub(super) passed_over: u64,
}

pub(super) async fn run(args: &DlqReplayArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    if args.file.is_some() {
        return super::fix::run(args, printer).await;
    }
    let filter = Filter::new(&args.filter, UnixMillis::now())?;
    let place = Place::find(&args.source).await?;
    let stack = Stack::of(&place)?;
    let operations = Operations::new(&place.config, place.output("OperationsTable")?);
    let (filter, force, rate, limit, resumes) = match &args.resume {
        None => (filter, args.force, args.rate, args.limit, None),
        Some(name) => {
            let before = resumable(&operations, name).await?;
            // What is left of its limit.
            let limit = before.limit.map(|limit| limit.saturating_sub(before.sent));
            (before.filter, before.force, args.rate.or(before.rate), args.limit.or(limit), Some(name.clone()))
        }
    };
    let stopped = Cell::new(false);
    if !args.yes {
        return plan(&stack, &filter, &stopped, "replay", printer).await;
    }
    if force && !printer.is_json() {
        printer.note("--force runs events that are done once more: what they do is done twice");
    }
    let operation = Operation {
        force,
        rate,
        limit,
        resumes,
        ..Operation::new(Kind::Replay, who::acts(&place).await?, filter.clone())
    };
    let record = Record::begin(&operations, operation).await?;
    if !printer.is_json() {
        printer.step(format!("operation {}", record.name));
    }
    let done = Cell::new(Done::default());
    let replay =
        Replay { outside: &stack, filter: &filter, force, rate, limit: limit.unwrap_or(u64::MAX), stopped: &stopped };
    let by_limit = |done: Done| limit.is_some_and(|limit| done.sent >= limit);
    let ended = until_asked(
        &stopped,
        replay.run(async |now| {
            let before = done.replace(now);
            if before.sent / 500 < now.sent / 500 && !printer.is_json() {
                printer.step(format!("{} sent", now.sent));
            }
            record.tell(now).await
        }),
    )
    .await;
    let state = match &ended {
        Err(_) => State::Failed,
        Ok(done) if stopped.get() && !by_limit(*done) => State::Interrupted,
        Ok(_) => State::Done,
    };
    finish(record, state, ended, done.get(), printer).await
}

/// The operation, unless it has nothing left to do.
async fn resumable(operations: &Operations, name: &str) -> anyhow::Result<Operation> {
    let before = operation::read(operations, name).await?.value;
    let why = match (before.kind, before.how(UnixMillis::now())) {
        (Kind::Replay, "running") => "it is running",
        (Kind::Replay, "done") => "it is done",
        (Kind::Replay, _) => return Ok(before),
        (Kind::Fix | Kind::Drop, _) => "only a replay can be resumed",
    };
    Err(Usage::new(format!("operation {name} can't be resumed: {why}"), "`weir dlq history` lists the operations")
        .into())
}

/// Says what would be done.
pub(super) async fn plan(
    stack: &Stack,
    filter: &Filter,
    stopped: &Cell<bool>,
    what: &str,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let found = until_asked(stopped, preview::look(stack, filter, 0, stopped, printer)).await?;
    let planned = Planned { dry_run: true, count: found.groups.count(), groups: found.groups.into_groups() };
    printer.item(&planned, |planned| match planned.count {
        0 => format!("nothing to {what}: no dead letter is meant"),
        count => {
            let groups = planned.groups.iter().map(Group::lines);
            groups
                .chain([format!("would {what} {count}; nothing was changed: --yes does it")])
                .collect::<Vec<_>>()
                .join("\n")
        }
    })?;
    Ok(if stopped.get() { ExitStatus::Interrupted } else { ExitStatus::Done })
}

/// Records how it ended, and says so.
pub(super) async fn finish(
    record: Record<'_>,
    state: State,
    ended: anyhow::Result<Done>,
    so_far: Done,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let done = *ended.as_ref().unwrap_or(&so_far);
    let told = record.end(state, done, ended.as_ref().err()).await;
    let Done { sent, deleted, refused, passed_over } = done;
    let said = Ended { operation: record.name.clone(), state, sent, deleted, refused, passed_over };
    printer.item(&said, Ended::lines)?;
    ended?;
    told?;
    Ok(match state {
        State::Interrupted => ExitStatus::Interrupted,
        _ if refused > 0 => ExitStatus::Failed,
        _ => ExitStatus::Done,
    })
}

impl Ended {
    fn lines(&self) -> String {
        let what = if self.sent > 0 || self.deleted == 0 { format!("{} sent, ", self.sent) } else { String::new() };
        let mut line = format!("{what}{} deleted", self.deleted);
        if self.refused > 0 {
            line.push_str(&format!("; {} were refused and stay", self.refused));
        }
        if self.passed_over > 0 {
            line.push_str(&format!("; {} have another body than their event and stay (--force)", self.passed_over));
        }
        if self.state == State::Interrupted {
            line.push_str(&format!("\nstopped: `weir dlq replay --resume {} --yes` goes on", self.operation));
        }
        line
    }
}
