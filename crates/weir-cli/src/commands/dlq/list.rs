//! `weir dlq list`: what is dead-lettered, in groups.

use std::ops::ControlFlow;

use serde::Serialize;
use weir_core::{Lane, UnixMillis};

use super::{
    backend::{DeadLetterBackend, StackBackend},
    filter::Filter,
    groups::{self, Group},
    letter::Found,
    meant::{self, Progress},
    message::{MessageView, table},
    problem::Problem,
    scan::scan,
    stop::Stop,
    view,
};
use crate::{
    cli::{DlqListArgs, GroupBy},
    exit::ExitStatus,
    printer::Printer,
    target,
};

#[derive(Serialize)]
struct Listed<'a> {
    matching: u64,
    /// How many were looked at.
    read: u64,
    /// How many others have at the moment: not listed.
    elsewhere: u64,
    /// When SQS deletes the first of them for good.
    first_deleted_at: Option<String>,
    by: &'static str,
    groups: &'a [Group],
    messages: Vec<MessageView>,
}

pub(super) async fn run(args: &DlqListArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let now = UnixMillis::now();
    let filter = Filter::new(&args.filter, now)?;
    let place = target::stack(&args.source).await?;
    let stack = StackBackend::of(&place)?;
    let stop = Stop::listen()?;
    let mut progress = Progress::new(printer);
    let scanned = scan(&stack, filter.lanes(), &stop, |read, _, _| {
        progress.read(read);
        ControlFlow::Continue(())
    });
    let scanned = scanned.await.map_err(|problem| problem.at(&place))?;
    if scanned.interrupted {
        printer.note("interrupted: everything was given back");
        return Ok(ExitStatus::Interrupted);
    }
    let matching: Vec<&Found> = scanned.found.iter().filter(|found| filter.takes(found)).collect();
    let groups = groups::groups(matching.iter().copied(), args.by, now);
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let first_deleted_at = first_deleted_at(&stack, &matching).await.map_err(|problem| problem.at(&place))?;
    let listed = Listed {
        matching: matching.len() as u64,
        read: scanned.found.len() as u64,
        elsewhere: scanned.elsewhere,
        first_deleted_at: first_deleted_at.map(|at| at.to_string()),
        by: word(args.by),
        groups: &groups,
        messages: matching.iter().take(limit).map(|found| MessageView::from(*found)).collect(),
    };
    printer.item(&listed, |listed| table(listed.groups, listed.by, limit))?;
    if !printer.is_json() {
        printer.note(format!("{} of {} dead-lettered", view::messages(listed.matching), view::number(listed.read)));
        if groups.len() > limit {
            printer.note(format!("{} of {} groups; --limit shows more", limit, groups.len()));
        }
        if let Some(at) = first_deleted_at {
            printer.note(format!("SQS deletes the first of them for good in {}", view::time(at.since(now))));
        }
        meant::remarks(&scanned, printer);
        if listed.matching > 0 {
            printer.note("`weir dlq show EVENT` tells more of one; `weir dlq replay` with the same filter previews sending them back");
        }
    }
    Ok(ExitStatus::Done)
}

/// SQS counts from when a message was first sent, whatever became of it since.
async fn first_deleted_at(stack: &StackBackend, matching: &[&Found]) -> Result<Option<UnixMillis>, Problem> {
    let mut first: Option<UnixMillis> = None;
    for lane in Lane::ALL {
        let of_lane = matching.iter().map(|found| &found.letter).filter(|letter| letter.lane == lane);
        if let Some(oldest) = of_lane.map(|letter| letter.sent_at).min() {
            let at = oldest + stack.depth(lane).await?.retention;
            first = Some(first.map_or(at, |other| other.min(at)));
        }
    }
    Ok(first)
}

fn word(by: GroupBy) -> &'static str {
    match by {
        GroupBy::Error => "error",
        GroupBy::Topic => "topic",
        GroupBy::Shop => "shop",
        GroupBy::Lane => "lane",
        GroupBy::State => "state",
        GroupBy::Age => "age",
    }
}
