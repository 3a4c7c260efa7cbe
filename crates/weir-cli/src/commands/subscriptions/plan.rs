//! `weir subscriptions plan`: what differs, a shop at a time.

use super::{
    file,
    shops::{Outcome, Read, Selected},
    view::ShopPlan,
};
use crate::{cli::PlanArgs, exit::ExitStatus, printer::Printer};

pub(super) async fn run(args: &PlanArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let desired = file::read(args.select.file.as_deref(), printer)?;
    let selected = Selected::find(&args.select, printer).await?;
    let reads = selected.compare(&desired, args.prune, printer).await;
    show(&reads, printer)?;
    Ok(status(&reads))
}

/// Prints each plan, and the sum of them.
pub(super) fn show(reads: &[Read], printer: &Printer) -> std::io::Result<()> {
    for read in reads {
        printer.item(&ShopPlan::of(read), ShopPlan::lines)?;
    }
    if !printer.is_json() {
        let skipped = reads.iter().filter(|read| matches!(read.outcome, Outcome::Skipped(_))).count();
        let failed = reads.iter().filter(|read| matches!(read.outcome, Outcome::Failed(_))).count();
        let shops = reads.len();
        printer.note(format!("{} to change in {shops} shops; {skipped} skipped, {failed} failed", changes(reads)));
    }
    Ok(())
}

/// How many changes there are in all.
pub(super) fn changes(reads: &[Read]) -> usize {
    let of = |read: &Read| match &read.outcome {
        Outcome::Planned(plan) => plan.changes.len(),
        _ => 0,
    };
    reads.iter().map(of).sum()
}

/// One shop that failed is a failure, whatever the others did.
pub(super) fn status(reads: &[Read]) -> ExitStatus {
    let failed = reads.iter().any(|read| matches!(read.outcome, Outcome::Failed(_)));
    if failed { ExitStatus::Failed } else { ExitStatus::Done }
}
