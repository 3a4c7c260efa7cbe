//! Events in lists.

use weir_ops::events::EventView;

use crate::layout::{columns, joined};

/// A line of a list that goes on: with the error of what failed or is parked.
pub(super) fn line(event: &EventView) -> String {
    let [received, state, attempts, _, topic, name] = row(event);
    let error = event.last_error.as_ref().filter(|_| matches!(event.state, "failed" | "parked"));
    let error = error.map_or_else(String::new, |error| format!("  {error}"));
    joined([format!("{received}  {state:6}  {attempts:>3}  {topic}  {name}{error}")])
}

/// A row of the list. The last column is what `weir events show` takes.
fn row(event: &EventView) -> [String; 6] {
    [
        event.received_at.clone(),
        event.state.to_owned(),
        event.attempts.to_string(),
        event.duplicates.to_string(),
        event.topic.clone().unwrap_or_else(|| "-".to_owned()),
        event.key.clone(),
    ]
}

/// Many, one a row.
pub(super) fn table(events: &[EventView]) -> String {
    let head = ["RECEIVED", "STATE", "TRIES", "AGAIN", "TOPIC", "EVENT"].map(str::to_owned);
    columns(std::iter::once(head).chain(events.iter().map(row)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{NOW, record};
    use super::*;

    #[test]
    fn columns_line_up() {
        let table = table(&[EventView::new(&record(), NOW)]);
        let at = |what: &str| table.lines().filter_map(|line| line.find(what)).collect::<Vec<_>>();
        assert_eq!(at("EVENT"), at("north.myshopify.com#1"));
        assert_eq!(at("STATE"), at("failed"));
    }
}
