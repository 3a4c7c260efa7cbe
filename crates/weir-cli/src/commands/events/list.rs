//! `weir events list`: events, the newest first.

use serde::Serialize;
use weir_core::UnixMillis;
use weir_ops::events::{EmptyReason, EventCursor, EventQuery, EventView, Found, scan, search, why_empty};

use super::{
    common, empty, follow,
    query::{query, range_in_words},
    view::table,
};
use crate::{cli::ListArgs, exit::ExitStatus, printer::Printer, progress::Progress, target};

pub(super) async fn run(args: &ListArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let query = query(args, UnixMillis::now())?;
    let target = target::ledger(&args.source).await?;
    if args.follow {
        return follow::run(&target, &query, printer).await;
    }
    let found = if args.scan {
        scan(&target.ledger, &query).await
    } else {
        let mut reports = Progress::new(printer);
        search(&target.ledger, &query, |progress| reports.search(progress)).await
    };
    let found = found.map_err(|error| common::unreadable(&error, &target))?;
    let events: Vec<EventView> = found.records.iter().map(|record| EventView::new(record, query.now)).collect();
    let empty_because = match events.is_empty() && args.after.is_none() {
        true => why_empty(&target.ledger, &query, target.retention_days)
            .await
            .map_err(|error| common::unreadable(&error, &target))?,
        false => Vec::new(),
    };
    if printer.is_json() {
        for event in &events {
            printer.item(event, |_| String::new())?;
        }
    } else if events.is_empty() {
        printer.line("no such events")?;
        for reason in &empty_because {
            printer.note(empty::in_words(reason));
        }
    } else {
        printer.line(table(&events, query.now))?;
    }
    let footer = Footer { empty_because, ..Footer::of(&found) };
    printer.note(if printer.is_json() { serde_json::to_string(&footer)? } else { footer.in_words(&query, args.scan) });
    Ok(ExitStatus::Done)
}

/// What was shown, and what that took.
#[derive(Debug, Serialize)]
struct Footer {
    shown: usize,
    requests: u64,
    items_read: u64,
    read_units: f64,
    /// For --after, if there may be more.
    after: Option<String>,
    /// Why no event can match, where that is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    empty_because: Vec<EmptyReason>,
}

impl Footer {
    fn of(found: &Found) -> Self {
        Self {
            shown: found.records.len(),
            requests: found.spent.requests,
            items_read: found.spent.items,
            read_units: found.spent.units,
            after: found.after.as_ref().map(|after| EventCursor::from(after).to_string()),
            empty_because: Vec::new(),
        }
    }

    fn in_words(&self, query: &EventQuery, is_scan: bool) -> String {
        let Self { shown, requests, items_read, read_units, after, .. } = self;
        let range =
            if is_scan && query.is_default_range { "of the whole table".to_owned() } else { range_in_words(query) };
        let read = format!("{items_read} items read in {requests} requests, {read_units} read units");
        let line = format!("{shown} events {range}; {read}");
        match after {
            Some(after) => format!("{line}\nfor those before: --after '{after}'"),
            None => line,
        }
    }
}
