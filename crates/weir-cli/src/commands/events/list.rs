//! `weir events list`: a table of events, the newest first.

use std::cmp::Reverse;

use weir_core::ledger::Record;

use super::view::EventView;
use crate::{cli::ListArgs, commands::ExitStatus, delivery, printer::Printer, target};

pub(super) async fn run(args: &ListArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let filter = Filter::new(args)?;
    let target = target::ledger(&args.source).await?;
    let (mut picked, read) = super::scan(&target, |record| filter.takes(record)).await?;
    let matching = picked.len();
    picked.sort_by_key(|record| Reverse(record.received_at));
    picked.truncate(usize::try_from(args.limit).unwrap_or(usize::MAX));
    let events: Vec<EventView> = picked.iter().map(EventView::from).collect();
    if events.is_empty() {
        printer.item(&events, |_| "no such events".to_owned())?;
    } else {
        printer.item(&events, |events| table(events))?;
    }
    if !printer.is_json() {
        printer.note(footer(events.len(), matching, read));
    }
    Ok(ExitStatus::Done)
}

/// What was asked for. The ledger has no index: it is picked from what was read.
#[derive(Debug)]
struct Filter {
    /// `SHOP#`
    shop: Option<String>,
    topic: Option<String>,
    state: Option<&'static str>,
}

impl Filter {
    fn new(args: &ListArgs) -> anyhow::Result<Self> {
        let shop = args.shop.as_deref().map(delivery::shop).transpose()?;
        Ok(Self {
            shop: shop.map(|shop| format!("{shop}#")),
            topic: args.topic.clone(),
            state: args.state.map(|state| state.as_str()),
        })
    }

    fn takes(&self, record: &Record) -> bool {
        self.shop.as_ref().is_none_or(|shop| record.key.event.starts_with(shop))
            && self.topic.as_ref().is_none_or(|topic| record.topic.as_ref() == Some(topic))
            && self.state.is_none_or(|state| record.state.as_str() == state)
    }
}

fn table(events: &[EventView]) -> String {
    let head = ["RECEIVED", "STATE", "TRIES", "AGAIN", "TOPIC", "EVENT"].map(str::to_owned);
    let rows = events.iter().map(|event| {
        [
            event.received_at.clone(),
            event.state.to_owned(),
            event.attempts.to_string(),
            event.duplicates.to_string(),
            event.topic.clone().unwrap_or_else(|| "-".to_owned()),
            event.name(),
        ]
    });
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn footer(shown: usize, matching: usize, read: usize) -> String {
    let more = if shown < matching { "; --limit shows more" } else { "" };
    if matching == read {
        format!("{shown} of {read} events{more}")
    } else {
        format!("{shown} of {matching} matching events, {read} in the ledger{more}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::view::tests::record;
    use super::*;

    fn filter(shop: Option<&str>, topic: Option<&str>, state: Option<&'static str>) -> Filter {
        Filter { shop: shop.map(|shop| format!("{shop}#")), topic: topic.map(str::to_owned), state }
    }

    #[test]
    fn every_condition_must_hold() {
        let record = record();
        assert!(filter(None, None, None).takes(&record));
        assert!(filter(Some("north.myshopify.com"), Some("orders/create"), Some("failed")).takes(&record));
        assert!(!filter(Some("north.myshopify.co"), None, None).takes(&record));
        assert!(!filter(None, Some("orders/paid"), None).takes(&record));
        assert!(!filter(None, None, Some("done")).takes(&record));
    }

    #[test]
    fn columns_line_up() {
        let table = table(&[EventView::from(&record())]);
        let at = |what: &str| table.lines().filter_map(|line| line.find(what)).collect::<Vec<_>>();
        assert_eq!(at("EVENT"), at("north.myshopify.com#1"));
        assert_eq!(at("STATE"), at("failed"));
    }

    #[test]
    fn the_footer_says_what_is_not_shown() {
        assert_eq!(footer(3, 3, 3), "3 of 3 events");
        assert_eq!(footer(20, 50, 222), "20 of 50 matching events, 222 in the ledger; --limit shows more");
    }
}
