//! A replay or a drop as it is shown.

use serde::Serialize;
use weir_core::UnixMillis;
use weir_ops::dead_letters::{
    Filter,
    operation::{Counts, Entry, Operation, Options, Planned},
};

use super::view;
use crate::{
    layout::{columns, facts},
    printable::line,
};

/// An operation as it is shown.
#[derive(Serialize)]
pub(super) struct OperationView {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) state: &'static str,
    /// It says that it runs, and has not been heard of for a minute.
    pub(super) abandoned: bool,
    by: String,
    command: String,
    started_at: String,
    updated_at: String,
    filter: Filter,
    options: Options,
    planned: Planned,
    counts: Counts,
    note: Option<String>,
    resumed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<Entry>>,
}

impl OperationView {
    pub(super) fn new(name: &str, operation: &Operation, now: UnixMillis) -> Self {
        Self {
            name: name.to_owned(),
            kind: operation.work.kind.as_str(),
            state: operation.state.as_str(),
            abandoned: operation.looks_abandoned(now),
            by: operation.by.clone(),
            command: operation.command.clone(),
            started_at: operation.started_at.to_string(),
            updated_at: operation.updated_at.to_string(),
            filter: operation.work.filter.clone(),
            options: operation.work.options.clone(),
            planned: operation.work.planned.clone(),
            counts: operation.work.counts,
            note: operation.note.clone(),
            resumed: operation.resumed.iter().map(|one| format!("{} by {}", one.at, one.by)).collect(),
            events: None,
        }
    }

    /// The same with what it acted on.
    pub(super) fn with_events(self, events: Vec<Entry>) -> Self {
        Self { events: Some(events), ..self }
    }

    fn state(&self) -> &'static str {
        if self.abandoned { "abandoned" } else { self.state }
    }

    /// For people.
    pub(super) fn lines(&self) -> String {
        let filter = serde_json::to_string(&self.filter).unwrap_or_default();
        let options = serde_json::to_string(&self.options).unwrap_or_default();
        let counts = serde_json::to_string(&self.counts).unwrap_or_default();
        let meant = format!("{} of {}", view::number(self.planned.messages), view::number(self.planned.of));
        let mut rows = vec![
            ("what", self.kind.to_owned()),
            ("state", self.state().to_owned()),
            ("by", self.by.clone()),
            ("command", self.command.clone()),
            ("started", self.started_at.clone()),
            ("updated", self.updated_at.clone()),
            ("filter", filter),
            ("options", options),
            ("meant", meant),
            ("counts", counts),
        ];
        rows.extend(self.note.iter().map(|note| ("note", note.clone())));
        rows.extend(self.resumed.iter().map(|resumed| ("resumed", resumed.clone())));
        let mut out = vec![line(&self.name).into_owned()];
        out.extend(facts(&rows, 0));
        for entry in self.events.iter().flatten() {
            let replay = if entry.generation > 0 { format!(" (replay {})", entry.generation) } else { String::new() };
            out.push(format!("  {}{replay}", line(&entry.event)));
        }
        out.join("\n")
    }
}

/// Many, the last one first.
pub(super) fn table(views: &[OperationView]) -> String {
    if views.is_empty() {
        return "nothing was replayed or dropped".to_owned();
    }
    let head = ["NAME", "WHAT", "STATE", "MEANT", "SENT", "DELETED", "LEFT", "BY"].map(str::to_owned);
    let rows = views.iter().map(|view| {
        let counts = &view.counts;
        let left = counts.failed + counts.mismatched + counts.unreadable + counts.returned;
        [
            view.name.clone(),
            view.kind.to_owned(),
            view.state().to_owned(),
            view::number(view.planned.messages),
            view::number(counts.sent),
            view::number(counts.ended + counts.dropped),
            view::number(left),
            view.by.clone(),
        ]
    });
    columns(std::iter::once(head).chain(rows).collect())
}
