//! `weir events show`: all that the ledger knows of one event.

use weir_core::ledger::Record;

use super::view::EventView;
use crate::{cli::ShowArgs, commands::ExitStatus, printer::Printer, target};

pub(super) async fn run(args: &ShowArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let target = target::ledger(&args.source).await?;
    let mut records = if args.event.contains('#') {
        target.ledger.history(&args.event).await.map_err(|error| super::unreadable(&error, &target))?
    } else {
        super::scan(&target, |record| is_named(record, &args.event)).await?.0
    };
    anyhow::ensure!(
        !records.is_empty(),
        "the ledger knows no event {}\nhint: an accepted one appears when a worker takes it up, moments later; \
         `weir events list` shows those that are there",
        args.event
    );
    // A forced replay is the same event in a later generation.
    records.sort_by(|a, b| a.key.cmp(&b.key));
    let events: Vec<EventView> = records.iter().map(EventView::from).collect();
    printer.item(&events, |events| events.iter().map(EventView::lines).collect::<Vec<_>>().join("\n\n"))?;
    Ok(ExitStatus::Done)
}

fn is_named(record: &Record, id: &str) -> bool {
    record.key.event.split_once('#').is_some_and(|(_, webhook_id)| webhook_id == id)
}

#[cfg(test)]
mod tests {
    use super::super::view::tests::record;
    use super::*;

    #[test]
    fn an_id_without_its_shop_finds_the_event() {
        assert!(is_named(&record(), "1"));
        assert!(!is_named(&record(), "north.myshopify.com"));
    }
}
