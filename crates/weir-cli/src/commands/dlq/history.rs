//! `weir dlq history`: what was replayed and dropped.

use weir_core::UnixMillis;

use super::{
    backend::StackBackend,
    operation::{Chunk, Operation, SHELF, State, shelf_of},
    operation_view::{OperationView, table},
    problem::Problem,
};
use crate::{cli::DlqHistoryArgs, exit::ExitStatus, printer::Printer, target};

pub(super) async fn run(args: &DlqHistoryArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let place = target::stack(&args.source).await?;
    let stack = StackBackend::of(&place)?;
    let now = UnixMillis::now();
    let failed = |error| Problem::from(error).at(&place);
    if let Some(name) = &args.name {
        let found = stack.operations.get::<Operation>(SHELF, name).await.map_err(failed)?;
        let found = found.ok_or_else(|| unknown(name))?;
        let chunks = stack.operations.list::<Chunk>(&shelf_of(name), false, usize::MAX).await.map_err(failed)?;
        let events = chunks.into_iter().flat_map(|chunk| chunk.value.entries).collect();
        let view = OperationView::new(name, &found.value, now).with_events(events);
        printer.item(&view, OperationView::lines)?;
        return Ok(ExitStatus::Done);
    }
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let all = stack.operations.list::<Operation>(SHELF, true, limit).await.map_err(failed)?;
    let views: Vec<OperationView> = all.iter().map(|one| OperationView::new(&one.name, &one.value, now)).collect();
    printer.item(&views, |views| table(views))?;
    let open = views.iter().find(|view| view.abandoned || view.state == State::Interrupted.as_str());
    if let (Some(open), false) = (open, printer.is_json()) {
        printer.note(format!("`weir dlq {} --resume {} --yes` goes on where that one ended", open.kind, open.name));
    }
    Ok(ExitStatus::Done)
}

pub(super) fn unknown(name: &str) -> anyhow::Error {
    anyhow::anyhow!("nothing named {name} was replayed or dropped\nhint: `weir dlq history` lists what was")
}
