//! Events in lists.

use weir_core::UnixMillis;
use weir_ops::events::EventView;

use crate::{
    layout::{columns, joined},
    when::when,
};

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

/// Many, one a row. Where all failed or are parked, with their errors.
pub(super) fn table(events: &[EventView], now: UnixMillis) -> String {
    let rows = events.iter().map(|event| {
        let [received, rest @ ..] = row(event);
        let [state, attempts, repeats, topic, name] = rest;
        let generation = if event.generation > 0 { format!("{state} ({})", event.generation) } else { state };
        [when(&received, now), generation, attempts, repeats, topic, name]
    });
    let head = ["RECEIVED", "STATE", "TRIES", "REPEATS", "TOPIC", "EVENT"].map(str::to_owned);
    let is_open = |event: &EventView| matches!(event.state, "failed" | "parked");
    if !events.iter().all(is_open) {
        return columns(std::iter::once(head).chain(rows).collect());
    }
    let with_error = |[a, b, c, d, e, f]: [String; 6], error: &str| [a, b, c, d, e, f, error.to_owned()];
    let errors = events.iter().map(|event| event.last_error.as_deref().unwrap_or("-"));
    let rows = rows.zip(errors).map(|(row, error)| with_error(row, error));
    columns(std::iter::once(with_error(head, "ERROR")).chain(rows).collect())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{NOW, record};
    use super::*;

    #[test]
    fn columns_line_up() {
        let table = table(&[EventView::new(&record(), NOW)], NOW);
        let at = |what: &str| table.lines().filter_map(|line| line.find(what)).collect::<Vec<_>>();
        assert_eq!(at("EVENT"), at("north.myshopify.com#1"));
        assert_eq!(at("STATE"), at("failed"));
        assert_eq!(at("ERROR"), at("the body is not JSON"));
        assert!(table.contains("2026-11-27T05:00:00.120Z (1 min ago)"), "{table}");
    }
}
