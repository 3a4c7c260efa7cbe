//! `weir dlq history`: what was replayed and dropped.

use serde::Serialize;
use weir_core::UnixMillis;

use super::{
    operation::{Chunk, Counts, Entry, Operation, Options, Planned, SHELF, State, shelf_of},
    outside::Stack,
    problem::Problem,
    view,
};
use crate::{cli::DlqHistoryArgs, commands::ExitStatus, printer::Printer, target::Place};

/// An operation as it is shown.
#[derive(Serialize)]
pub(super) struct OperationView {
    pub(super) name: String,
    kind: &'static str,
    state: &'static str,
    /// It says that it runs, and has not been heard of for a minute.
    abandoned: bool,
    by: String,
    command: String,
    started_at: String,
    updated_at: String,
    filter: super::filter::Filter,
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
            kind: operation.kind.as_str(),
            state: operation.state.as_str(),
            abandoned: operation.looks_abandoned(now),
            by: operation.by.clone(),
            command: operation.command.clone(),
            started_at: operation.started_at.to_string(),
            updated_at: operation.updated_at.to_string(),
            filter: operation.filter.clone(),
            options: operation.options.clone(),
            planned: operation.planned.clone(),
            counts: operation.counts,
            note: operation.note.clone(),
            resumed: operation.resumed.iter().map(|one| format!("{} by {}", one.at, one.by)).collect(),
            events: None,
        }
    }

    fn state(&self) -> &'static str {
        if self.abandoned { "abandoned" } else { self.state }
    }
}

pub(super) async fn run(args: &DlqHistoryArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let place = Place::find(&args.source).await?;
    let stack = Stack::of(&place)?;
    let now = UnixMillis::now();
    let failed = |error| Problem::from(error).at(&place);
    if let Some(name) = &args.name {
        let found = stack.operations.get::<Operation>(SHELF, name).await.map_err(failed)?;
        let found = found.ok_or_else(|| unknown(name))?;
        let chunks = stack.operations.list::<Chunk>(&shelf_of(name), false, usize::MAX).await.map_err(failed)?;
        let events = chunks.into_iter().flat_map(|chunk| chunk.value.entries).collect();
        let view = OperationView { events: Some(events), ..OperationView::new(name, &found.value, now) };
        printer.item(&view, lines)?;
        return Ok(ExitStatus::Done);
    }
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let all = stack.operations.list::<Operation>(SHELF, true, limit).await.map_err(failed)?;
    let views: Vec<OperationView> = all.iter().map(|one| OperationView::new(&one.name, &one.value, now)).collect();
    printer.item(
        &views,
        |views| if views.is_empty() { "nothing was replayed or dropped".to_owned() } else { table(views) },
    )?;
    let open = views.iter().find(|view| view.abandoned || view.state == State::Interrupted.as_str());
    if let (Some(open), false) = (open, printer.is_json()) {
        printer.note(format!("`weir dlq {} --resume {} --yes` goes on where that one ended", open.kind, open.name));
    }
    Ok(ExitStatus::Done)
}

pub(super) fn unknown(name: &str) -> anyhow::Error {
    anyhow::anyhow!("nothing named {name} was replayed or dropped\nhint: `weir dlq history` lists what was")
}

fn table(views: &[OperationView]) -> String {
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
    view::columns(std::iter::once(head).chain(rows).collect())
}

fn lines(view: &OperationView) -> String {
    let filter = serde_json::to_string(&view.filter).unwrap_or_default();
    let options = serde_json::to_string(&view.options).unwrap_or_default();
    let counts = serde_json::to_string(&view.counts).unwrap_or_default();
    let mut out = vec![view.name.clone()];
    let mut add = |name: &str, text: &str| out.push(format!("  {name:<10}{text}"));
    add("what", view.kind);
    add("state", view.state());
    add("by", &view.by);
    add("command", &view.command);
    add("started", &view.started_at);
    add("updated", &view.updated_at);
    add("filter", &filter);
    add("options", &options);
    add("meant", &format!("{} of {}", view::number(view.planned.messages), view::number(view.planned.of)));
    add("counts", &counts);
    view.note.iter().for_each(|note| add("note", note));
    view.resumed.iter().for_each(|resumed| add("resumed", resumed));
    for entry in view.events.iter().flatten() {
        let replay = if entry.generation > 0 { format!(" (replay {})", entry.generation) } else { String::new() };
        out.push(format!("  {}{replay}", entry.event));
    }
    out.join("\n")
}
