//! `weir reconcile`: what weir never saw, found and sent.

mod ask;
mod view;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use resilience::{Clock, UnixMillis};
use shopify_webhook::ShopDomain;
use tokio::time::Instant;
use weir_aws::LaneUrls;
use weir_core::Lane;
use weir_ops::{Stack, StackError, shops::Shops};
use weir_reconcile::{Reconciler, Report, Request, RunError, StackNames, StackStore};
use weir_shops::{Shop, ShopState};

use super::shops;
use crate::exit::ExitStatus;
use crate::{admin, cli::ReconcileArgs, hints, printer::Printer, signals::Signals, target};

/// A run ends before that. One of a large shop takes minutes.
const AT_MOST: Duration = Duration::from_secs(6 * 3_600);

/// Between two lines of progress.
const TOLD_EVERY: Duration = Duration::from_secs(2);

pub(super) async fn run(args: &ReconcileArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let asked = ask::Asked::of(args, UnixMillis::now())?;
    let stack = target::stack(&args.source).await?;
    let target = Shops::of(&stack)?;
    let shop = known(&target, &asked.shop, &asked.app).await?;
    let client = admin::client(&target, &asked.app).await?;
    let reconciler = Reconciler::new(client, outside(&stack)?, Clock::Wall);
    let request = Request {
        shop: &asked.shop,
        app: &asked.app,
        installed_at: Some(shop.installed_at),
        since: asked.since,
        until: asked.until,
        grace: weir_reconcile::GRACE,
        wanted: &asked.wanted,
        dry_run: args.dry_run,
        points: args.points.map_or(u64::MAX, u64::from),
        deadline: Instant::now() + AT_MOST,
    };
    let told = Mutex::new(Instant::now());
    let progress = |report: &Report| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() >= TOLD_EVERY {
            *told = Instant::now();
            let (resources, missing, sent) = (report.resources(), report.missing(), report.sent);
            printer.step(format_args!("{resources} looked at, {missing} events missing, {sent} sent"));
        }
    };
    let mut signals = Signals::listen()?;
    let report = tokio::select! {
        ended = reconciler.run(&request, &progress) => ended.map_err(|error| explained(error, &stack))?,
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

fn outside(stack: &Stack) -> Result<StackStore, StackError> {
    let lanes = stack.lanes()?;
    let url =
        |lane: Lane| lanes.iter().find(|urls| urls.lane == lane).map(|urls| urls.queue.clone()).unwrap_or_default();
    let names = StackNames {
        fence_table: stack.output("FenceTable")?,
        ledger_table: stack.output("LedgerTable")?,
        lanes: LaneUrls::each(url),
        bodies_bucket: stack.output("BodiesBucket")?,
        operations_table: stack.output("OperationsTable")?,
    };
    Ok(StackStore::new(&stack.config, names))
}

/// A shop whose Admin API can be called, as far as the registry knows.
async fn known(target: &Shops, shop: &ShopDomain, app: &str) -> anyhow::Result<Shop> {
    let known = target.registry.get(shop, app).await.map_err(|error| shops::failed(error, target))?;
    let known = known.ok_or_else(|| shops::unknown(shop, app))?;
    match known.state {
        ShopState::Installed => Ok(known),
        ShopState::Uninstalled => Err(anyhow::anyhow!(
            "{shop} uninstalled the app: its Admin API can't be called\n\
             hint: once it is installed again, `weir shops add {shop} --app {app} --replace` gives it a token"
        )),
        ShopState::Frozen => Err(anyhow::anyhow!(
            "{shop} is frozen: Shopify refuses calls until its account is settled\n\
             hint: `weir shops check {shop} --app {app}` asks Shopify again"
        )),
    }
}

fn explained(error: RunError, stack: &Stack) -> anyhow::Error {
    match error {
        RunError::Shopify(error) => anyhow::Error::new(*error),
        RunError::Stack(error) => hints::failed(stack, error),
    }
}
