//! `weir dlq list`: what is dead-lettered, in groups.

use std::ops::ControlFlow;

use serde::Serialize;
use weir_core::UnixMillis;
use weir_ops::dead_letters::{DeadLetterEntry, DeadLetterError, Group, GroupBy, StackBackend, groups, scan};

use super::{
    errors::explained,
    filter::filter,
    message::{MessageView, table},
    selection, stop, view,
};
use crate::{cli::DlqListArgs, exit::ExitStatus, printer::Printer, progress::Progress, target};

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
    let filter = filter(&args.filter, now)?;
    let by = GroupBy::from(args.by);
    let stack = target::stack(&args.source).await?;
    let backend = StackBackend::of(&stack)?;
    let failed = |error: DeadLetterError| explained(error, &stack);
    let cancel = stop::listen()?;
    let mut progress = Progress::new(printer);
    let scanned = scan(&backend, filter.lanes(), &cancel, |read, _, _| {
        selection::looked_at(read, &mut progress, printer);
        ControlFlow::Continue(())
    });
    let scanned = scanned.await.map_err(failed)?;
    if scanned.interrupted {
        printer.note("interrupted: everything was given back");
        return Ok(ExitStatus::Interrupted);
    }
    let matching: Vec<&DeadLetterEntry> = scanned.found.iter().filter(|found| filter.takes(found)).collect();
    let groups = groups(matching.iter().copied(), by, now);
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let first_deleted_at = backend.first_deleted_at(&matching).await.map_err(failed)?;
    let listed = Listed {
        matching: matching.len() as u64,
        read: scanned.found.len() as u64,
        elsewhere: scanned.elsewhere,
        first_deleted_at: first_deleted_at.map(|at| at.to_string()),
        by: by.as_str(),
        groups: &groups,
        messages: matching.iter().take(limit).map(|found| MessageView::from(*found)).collect(),
    };
    printer.item(&listed, |listed| table(listed.groups, listed.by, limit, now))?;
    if !printer.is_json() {
        printer.note(format!("{} of {} dead-lettered", view::messages(listed.matching), view::number(listed.read)));
        if groups.len() > limit {
            printer.note(format!("{} of {} groups; --limit shows more", limit, groups.len()));
        }
        if let Some(at) = first_deleted_at {
            printer.note(format!("SQS deletes the first of them for good in {}", view::time(at.since(now))));
        }
        selection::remarks(&scanned, printer);
        if listed.matching > 0 {
            printer.note("`weir dlq show EVENT` tells more of one; `weir dlq replay` with the same filter previews sending them back");
        }
    }
    Ok(ExitStatus::Done)
}
