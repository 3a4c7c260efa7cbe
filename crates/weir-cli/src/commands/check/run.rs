//! `weir check` of a deployed stack.

use weir_ops::check::{self, Area, CheckTarget, Options, Report};

use super::{args::CheckArgs, before, view::ReportView, words::Place};
use crate::{
    admin,
    cli::StackArgs,
    commands::subscriptions,
    exit::ExitStatus,
    hints,
    printer::Printer,
    problem::{HintedError, Usage},
    progress::Progress,
    target,
};

pub(in crate::commands) async fn run(args: &CheckArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    if args.before {
        return before::run(args, printer).await;
    }
    if args.stack.is_none() && (args.region.is_some() || args.profile.is_some()) {
        return Err(Usage::new("--region and --profile say where, but not which stack", "add --stack NAME").into());
    }
    let secret = args.secret_env.as_deref().map(secret).transpose()?;
    let desired = subscriptions::desired(printer)?;
    let source = StackArgs { stack: args.stack.clone(), region: args.region.clone(), profile: args.profile.clone() };
    let stack = target::stack(&source).await?;
    let place = Place::of(args, &stack);
    let look = CheckTarget::of(stack.clone()).await.map_err(|error| {
        let hint = hints::hint_for(&error.aws_reason(), hints::of(&stack));
        HintedError::new(error.to_string(), hint).because(error)
    })?;
    let options = Options { sends: !args.no_delivery, secret, timeout: args.timeout };
    let mut progress = Progress::new(printer);
    let report = check::run(&look, &options, &desired, admin::process, |left| progress.step(|| under_way(left))).await;
    show(&report, &place, printer)
}

/// What is still checked.
pub(super) fn under_way(left: &[Area]) -> String {
    let names: Vec<&str> = left.iter().map(|area| area.as_str()).collect();
    format!("still checking {}", names.join(", "))
}

/// Prints a report. What must be done needs attention; a remark does not.
pub(super) fn show(report: &Report, place: &Place, printer: &Printer) -> anyhow::Result<ExitStatus> {
    printer.item(&ReportView::new(report, place), ReportView::text)?;
    Ok(if report.must_act() { ExitStatus::Attention } else { ExitStatus::Done })
}

fn secret(name: &str) -> Result<secrecy::SecretString, Usage> {
    target::env(name).map(Into::into).ok_or_else(|| {
        Usage::new(format!("the environment variable {name} is not set"), "set it to the app's client secret")
    })
}
