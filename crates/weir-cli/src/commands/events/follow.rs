//! `weir events list --follow`: new events, and what becomes of those that are not done.

use std::time::Duration;

use anyhow::Context;
use tokio::time::{MissedTickBehavior, interval};
use weir_core::{UnixMillis, ledger::Record};
use weir_ops::events::{EventQuery, EventView, Follower, ReadError, Spent, search};

use super::{common, view};
use crate::{exit::ExitStatus, printer::Printer, progress::Progress, signals::Signals, target::LedgerTarget};

/// How often it looks.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

pub(super) async fn run(target: &LedgerTarget, query: &EventQuery, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let mut signals = Signals::listen().context("could not listen for Ctrl-C")?;
    let failed = |error: ReadError| common::unreadable(&error, target);
    let mut follower = Follower::new(&target.ledger, query);
    let mut reports = Progress::new(printer);
    let newest = search(&target.ledger, query, |progress| reports.search(progress)).await.map_err(failed)?;
    for record in newest.records.iter().rev() {
        show(record, query.now, printer)?;
    }
    follower.begin(&newest.records, query.now).await.map_err(failed)?;
    printer.note("following; Ctrl-C ends it");
    printer.waits();
    let mut tick = interval(LOOK_INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let look = async {
            tick.tick().await;
            let now = UnixMillis::now();
            follower.look(now).await.map(|records| (records, now))
        };
        let (records, now) = tokio::select! {
            _ = signals.next() => {
                let Spent { requests, items, units } = follower.spent();
                printer.note(format!("{items} items read in {requests} requests, {units} read units"));
                return Ok(ExitStatus::Done);
            }
            found = look => found.map_err(failed)?,
        };
        for record in &records {
            show(record, now, printer)?;
        }
    }
}

fn show(record: &Record, now: UnixMillis, printer: &Printer) -> anyhow::Result<()> {
    printer.item(&EventView::new(record, now), view::line)?;
    Ok(())
}
