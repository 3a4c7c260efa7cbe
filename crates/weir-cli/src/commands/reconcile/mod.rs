//! `weir reconcile`: what weir never saw, found and sent.

pub(crate) mod args;
mod request;
mod view;

use std::sync::{Mutex, PoisonError};

use resilience::UnixMillis;
use weir_ops::{
    Stack,
    reconcile::{Reconciler, Report, RunError, ShopStateError, callable_shop},
    shops::Shops,
};

use super::shops;
use crate::exit::ExitStatus;
use crate::{admin, cli::ReconcileArgs, hints, printer::Printer, progress::Progress, signals::Signals, target};

pub(super) async fn run(args: &ReconcileArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let request = request::request(args, UnixMillis::now())?;
    let stack = target::stack(&args.source).await?;
    let target = Shops::of(&stack)?;
    let shop = callable_shop(&target, &request.shop, &request.app).await;
    let shop = shop.map_err(|error| not_callable(error, &target, &request.app))?;
    let client = admin::client(&target, &request.app).await?;
    let reconciler = Reconciler::new(&stack, client)?;
    let steps = Mutex::new(Progress::new(printer));
    let progress = |report: &Report| {
        let (resources, missing, sent) = (report.resources(), report.missing(), report.sent);
        let step = || format!("{resources} looked at, {missing} events missing, {sent} sent");
        steps.lock().unwrap_or_else(PoisonError::into_inner).step(step);
    };
    let mut signals = Signals::listen()?;
    let report = tokio::select! {
        ended = reconciler.run(&shop, &request, &progress) => ended.map_err(|error| explained(error, &stack))?,
        signal = signals.next() => {
            printer.note(format_args!("{signal}: what was sent stays sent; run it again, and it goes on where it stood"));
            return Ok(ExitStatus::Interrupted);
        }
    };
    printer.item(&report, view::lines)?;
    if let Some(why) = &report.unfinished {
        printer.note(format_args!("not finished: {why}\nhint: run it again, and it goes on where it stood"));
    }
    let is_whole = report.unfinished.is_none() && report.kinds.values().all(|kind| kind.refused.is_none());
    Ok(if is_whole { ExitStatus::Done } else { ExitStatus::Failed })
}

fn not_callable(error: ShopStateError, target: &Shops, app: &str) -> anyhow::Error {
    match error {
        ShopStateError::NotRegistered { shop, app } => shops::unknown(&shop, &app),
        ShopStateError::Registry(error) => shops::failed(error, target),
        ShopStateError::Uninstalled(ref shop) => {
            let again = format!("`weir shops add {shop} --app {app} --replace` gives it a token");
            hints::with(&format!("once it is installed again, {again}"), error)
        }
        ShopStateError::Frozen(ref shop) => {
            hints::with(&format!("`weir shops check {shop} --app {app}` asks Shopify again"), error)
        }
    }
}

fn explained(error: RunError, stack: &Stack) -> anyhow::Error {
    match error {
        RunError::Shopify(error) => anyhow::Error::new(*error),
        RunError::Stack(error) => hints::failed(stack, error),
    }
}
