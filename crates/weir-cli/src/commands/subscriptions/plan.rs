//! `weir subscriptions plan`: what differs, a shop at a time.

use weir_ops::fleet::{Comparison, ComparisonOutcome};

use super::{common::find, file, view::ShopPlan};
use crate::{cli::PlanArgs, exit::ExitStatus, printer::Printer, progress::Progress};

pub(super) async fn run(args: &PlanArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let desired = file::read(args.select.file.as_deref(), printer)?;
    let (_stack, fleet) = find(&args.select, printer).await?;
    let mut progress = Progress::new(printer);
    let compared = fleet
        .compare(&desired, args.prune, |done, of| progress.step(|| format!("{done} of {of} shops compared")))
        .await;
    show(&compared, printer)?;
    Ok(status(&compared))
}

/// Prints each plan, and the sum of them.
pub(super) fn show(compared: &[Comparison], printer: &Printer) -> std::io::Result<()> {
    for one in compared {
        printer.item(&ShopPlan::of(one), ShopPlan::lines)?;
    }
    if !printer.is_json() {
        let skipped = compared.iter().filter(|one| matches!(one.outcome, ComparisonOutcome::Skipped(_))).count();
        let failed = compared.iter().filter(|one| matches!(one.outcome, ComparisonOutcome::Failed(_))).count();
        let shops = compared.len();
        printer.note(format!("{} to change in {shops} shops; {skipped} skipped, {failed} failed", changes(compared)));
    }
    Ok(())
}

/// How many changes there are in all.
pub(super) fn changes(compared: &[Comparison]) -> usize {
    let of = |one: &Comparison| match &one.outcome {
        ComparisonOutcome::Planned(plan) => plan.changes.len(),
        _ => 0,
    };
    compared.iter().map(of).sum()
}

/// One shop that failed is a failure, whatever the others did.
pub(super) fn status(compared: &[Comparison]) -> ExitStatus {
    let failed = compared.iter().any(|one| matches!(one.outcome, ComparisonOutcome::Failed(_)));
    if failed { ExitStatus::Failed } else { ExitStatus::Done }
}
