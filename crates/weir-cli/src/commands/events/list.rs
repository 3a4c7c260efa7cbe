//! `weir events list`: events, the newest first.

use serde::Serialize;
use weir_aws::ledger::Position;
use weir_core::UnixMillis;

use super::{
    asked::Asked,
    common, find,
    find::Found,
    follow,
    scan::scan,
    view::{EventView, table},
};
use crate::{
    cli::{Cursor, ListArgs},
    exit::ExitStatus,
    printer::Printer,
    target,
};

pub(super) async fn run(args: &ListArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let asked = Asked::new(args, UnixMillis::now())?;
    let target = target::ledger(&args.source).await?;
    if args.follow {
        return follow::run(&target, &asked, printer).await;
    }
    let found = if args.scan {
        scan(&target, &asked).await?
    } else {
        let found = find::find(&target.ledger, &asked, |line| printer.note(line)).await;
        found.map_err(|error| common::unreadable(&error, &target))?
    };
    let events: Vec<EventView> = found.records.iter().map(|record| EventView::new(record, asked.now)).collect();
    if printer.is_json() {
        for event in &events {
            printer.item(event, |_| String::new())?;
        }
    } else if events.is_empty() {
        printer.line("no such events")?;
    } else {
        printer.line(table(&events))?;
    }
    let footer = Footer::of(&found);
    printer.note(if printer.is_json() { serde_json::to_string(&footer)? } else { footer.in_words(&asked, args.scan) });
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
}

impl Footer {
    fn of(found: &Found) -> Self {
        let cursor = |Position { received_at, key }: &Position| {
            Cursor { received_at: *received_at, key: key.clone() }.to_string()
        };
        Self {
            shown: found.records.len(),
            requests: found.spent.requests,
            items_read: found.spent.items,
            read_units: found.spent.units,
            after: found.after.as_ref().map(cursor),
        }
    }

    fn in_words(&self, asked: &Asked, is_scan: bool) -> String {
        let Self { shown, requests, items_read, read_units, after } = self;
        let range =
            if is_scan && asked.is_default_range { "of the whole table".to_owned() } else { asked.range_in_words() };
        let read = format!("{items_read} items read in {requests} requests, {read_units} read units");
        let line = format!("{shown} events {range}; {read}");
        match after {
            Some(after) => format!("{line}\nfor those before: --after '{after}'"),
            None => line,
        }
    }
}
