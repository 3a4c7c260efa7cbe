//! `weir fence`: what the fence keeps of a resource.

mod view;

use std::time::Duration;

use serde::Serialize;
use weir_aws::{DynamoFence, Forgotten, Kept, Operations};
use weir_core::UnixMillis;
use weir_ops::Stack;

use self::view::View;
use super::dlq::caller;
use crate::exit::ExitStatus;
use crate::{
    cli::{FenceArgs, FenceCommand, FenceResetArgs, FenceShowArgs, ResourceArgs},
    delivery, hints,
    printer::Printer,
    problem::Usage,
    target,
};

/// Where resets are written down.
const SHELF: &str = "fence-resets";

/// How long a reset is known: as long as a replay.
const KEPT_FOR: Duration = Duration::from_secs(400 * 86_400);

/// What is written down of a reset, before it is done.
#[derive(Serialize, serde::Deserialize)]
struct Reset {
    by: String,
    command: String,
    at_ms: UnixMillis,
    key: String,
    why: String,
    /// What was kept until then.
    forgotten: std::collections::BTreeMap<String, String>,
}

pub(super) async fn run(args: FenceArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.command {
        FenceCommand::Show(args) => show(&args, printer).await,
        FenceCommand::Reset(args) => reset(&args, printer).await,
    }
}

/// A resource's fence, and the stack that has it.
struct Target {
    stack: Stack,
    fence: DynamoFence,
    key: String,
}

impl Target {
    async fn find(args: &ResourceArgs) -> anyhow::Result<Self> {
        let key = key(args)?;
        let stack = target::stack(&args.source).await?;
        // It is only read and deleted: how long items are kept is of no use here.
        let fence = DynamoFence::new(&stack.config, stack.output("FenceTable")?, Duration::ZERO);
        Ok(Self { stack, fence, key })
    }

    async fn kept(&self) -> anyhow::Result<Kept> {
        let kept = self.fence.look(&self.key).await.map_err(|error| hints::failed(&self.stack, error))?;
        kept.ok_or_else(|| {
            anyhow::anyhow!(
                "the fence keeps nothing of {}: any event of it enters\nhint: check the spelling, --shop and --app; \
                 `weir events show` names the resource of an event",
                self.key
            )
        })
    }
}

/// The key of a resource: `{shop}#{app}#{resource}`.
fn key(args: &ResourceArgs) -> anyhow::Result<String> {
    let ResourceArgs { resource, shop, app, .. } = args;
    let is_name = |name: &str| !name.is_empty() && !name.contains('#') && !name.contains(char::is_control);
    let parts = resource.split_once('/');
    if !parts.is_some_and(|(kind, id)| is_name(kind) && is_name(id)) || !is_name(app) {
        let hint = "write it as orders/820982911946154508, and the app as in the address of its webhooks";
        return Err(Usage::new(format!("{resource:?} of app {app:?} is no resource"), hint).into());
    }
    Ok(format!("{}#{app}#{resource}", delivery::shop(shop)?))
}

async fn show(args: &FenceShowArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let target = Target::find(&args.resource).await?;
    let kept = target.kept().await?;
    printer.item(&View::new(&target.key, &kept, UnixMillis::now()), View::text)?;
    Ok(ExitStatus::Done)
}

/// What came of it, for programs.
#[derive(Serialize)]
struct Outcome<'a> {
    reset: bool,
    #[serde(flatten)]
    view: View<'a>,
}

async fn reset(args: &FenceResetArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    if args.why.trim().is_empty() {
        return Err(Usage::new("a reset needs a reason", "say it with --why, as --why INC-7").into());
    }
    let target = Target::find(&args.resource).await?;
    let (kept, now) = (target.kept().await?, UnixMillis::now());
    if let Some(until) = kept.held_until(now) {
        anyhow::bail!(
            "an event of {} is being handled, until {until} at the latest\nhint: run the command again after that",
            target.key
        );
    }
    if args.yes {
        write_down(&target, &kept, &args.why, now).await?;
        let forgotten = target.fence.forget(&kept).await.map_err(|error| hints::failed(&target.stack, error))?;
        if forgotten == Forgotten::Changed {
            anyhow::bail!(
                "{} changed since it was read: nothing was reset\nhint: look at it again with `weir fence show`",
                target.key
            );
        }
    }
    let outcome = Outcome { reset: args.yes, view: View::new(&target.key, &kept, now) };
    printer.item(&outcome, |outcome| {
        let what = if outcome.reset { "This was forgotten" } else { "This would be forgotten" };
        format!("{what}:\n{}", outcome.view.text())
    })?;
    if !printer.is_json() {
        printer.note(match args.yes {
            true => "the next event of it enters, whatever its version",
            false => "nothing was changed: add --yes to do it",
        });
    }
    Ok(ExitStatus::Done)
}

/// Before it is done: what was forgotten can then be read, whatever happens.
async fn write_down(target: &Target, kept: &Kept, why: &str, now: UnixMillis) -> anyhow::Result<()> {
    let operations = Operations::new(&target.stack.config, target.stack.output("OperationsTable")?);
    let forgotten = kept.attributes().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let reset = Reset {
        by: caller::name(&target.stack).await?,
        command: caller::command_line(),
        at_ms: now,
        key: target.key.clone(),
        why: why.to_owned(),
        forgotten,
    };
    let name = format!("{now}-{:04x}", fastrand::u16(..));
    let stored = operations.put(SHELF, &name, None, &reset, Some(now + KEPT_FOR)).await;
    stored.map(drop).map_err(|error| hints::failed(&target.stack, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::StackArgs;

    fn args(resource: &str, shop: &str, app: &str) -> ResourceArgs {
        let source = StackArgs { stack: None, region: None, profile: None };
        ResourceArgs { resource: resource.into(), shop: shop.into(), app: app.into(), source }
    }

    #[test]
    fn a_resource_is_named_as_the_fence_names_it() {
        let named = key(&args("orders/1", "north.myshopify.com", "loyalty")).unwrap();
        assert_eq!(named, "north.myshopify.com#loyalty#orders/1");
        let level = key(&args("inventory_levels/271:24", "north.myshopify.com", "default")).unwrap();
        assert_eq!(level, "north.myshopify.com#default#inventory_levels/271:24");
        for (resource, shop, app) in [
            ("orders", "north.myshopify.com", "default"),
            ("orders/", "north.myshopify.com", "default"),
            ("/1", "north.myshopify.com", "default"),
            ("orders/1#2", "north.myshopify.com", "default"),
            ("orders/1", "north", "default"),
            ("orders/1", "north.myshopify.com", "a#b"),
            ("orders/1", "north.myshopify.com", ""),
            ("orders/\u{1b}[2J", "north.myshopify.com", "default"),
        ] {
            assert!(key(&args(resource, shop, app)).is_err(), "{resource} {shop} {app}");
        }
    }
}
