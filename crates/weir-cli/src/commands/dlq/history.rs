//! `weir dlq history`: what was replayed and dropped.

use weir_core::UnixMillis;
use weir_ops::dead_letters::{DeadLetterError, JobState, StackBackend};

use super::{
    errors::explained,
    operation_view::{OperationView, table},
};
use crate::{cli::DlqHistoryArgs, exit::ExitStatus, printer::Printer, problem::HintedError, target};

pub(super) async fn run(args: &DlqHistoryArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let stack = target::stack(&args.source).await?;
    let backend = StackBackend::of(&stack)?;
    let now = UnixMillis::now();
    let failed = |error: DeadLetterError| explained(error, &stack);
    if let Some(name) = &args.name {
        let found = backend.operation(name).await.map_err(failed)?;
        let (operation, events) = found.ok_or_else(|| unknown(name))?;
        let view = OperationView::new(name, &operation, now).with_events(events);
        printer.item(&view, OperationView::lines)?;
        return Ok(ExitStatus::Done);
    }
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let all = backend.operations(limit).await.map_err(failed)?;
    let views: Vec<OperationView> =
        all.iter().map(|(name, operation)| OperationView::new(name, operation, now)).collect();
    printer.item(&views, |views| table(views))?;
    let open = views.iter().find(|view| view.abandoned || view.state == JobState::Interrupted.as_str());
    if let (Some(open), false) = (open, printer.is_json()) {
        printer.note(format!("`weir dlq {} --resume {} --yes` goes on where that one ended", open.kind, open.name));
    }
    Ok(ExitStatus::Done)
}

pub(super) fn unknown(name: &str) -> anyhow::Error {
    HintedError::new(format!("nothing named {name} was replayed or dropped"), "`weir dlq history` lists what was")
        .into()
}
