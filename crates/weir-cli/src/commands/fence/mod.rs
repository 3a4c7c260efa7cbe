//! `weir fence`: what the fence keeps of a resource.

pub(crate) mod args;
mod view;

use serde::Serialize;
use weir_core::UnixMillis;
use weir_ops::{
    Stack,
    fence::{FenceError, ResourceFence, resource_key},
};

use self::view::View;
use super::dlq::caller;
use crate::exit::ExitStatus;
use crate::{
    cli::{FenceArgs, FenceCommand, FenceResetArgs, FenceShowArgs, ResourceArgs},
    hints,
    printer::Printer,
    problem::Usage,
    shop_domain, target,
};

pub(super) async fn run(args: FenceArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.command {
        FenceCommand::Show(args) => show(&args, printer).await,
        FenceCommand::Reset(args) => reset(&args, printer).await,
    }
}

/// A resource's fence, and the stack that has it.
async fn find(args: &ResourceArgs) -> anyhow::Result<(Stack, ResourceFence)> {
    let key = key(args)?;
    let stack = target::stack(&args.source).await?;
    let fence = ResourceFence::of(&stack, key)?;
    Ok((stack, fence))
}

fn key(args: &ResourceArgs) -> Result<String, Usage> {
    let ResourceArgs { resource, shop, app, .. } = args;
    resource_key(&shop_domain::parse(shop)?, app, resource).map_err(|error| {
        let hint = "write it as orders/820982911946154508, and the app as in the address of its webhooks";
        Usage::new(error.to_string(), hint)
    })
}

/// The error, with what to do.
fn explained(error: FenceError, stack: &Stack) -> anyhow::Error {
    let hint = match &error {
        FenceError::Nothing(_) => {
            "check the spelling, --shop and --app; `weir events show` names the resource of an event"
        }
        FenceError::Held { .. } => "run the command again after that",
        FenceError::Changed(_) => "look at it again with `weir fence show`",
        FenceError::Table(_) | FenceError::Operations(_) => hints::of(stack),
    };
    hints::with(hint, error)
}

async fn show(args: &FenceShowArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let (stack, fence) = find(&args.resource).await?;
    let item = fence.item().await.map_err(|error| explained(error, &stack))?;
    printer.item(&View::new(fence.key(), &item, UnixMillis::now()), View::text)?;
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
    let (stack, fence) = find(&args.resource).await?;
    let now = UnixMillis::now();
    let item = fence.resettable(now).await.map_err(|error| explained(error, &stack))?;
    if args.yes {
        let actor = caller::actor(&stack).await?;
        fence.reset(&item, actor, &args.why, now).await.map_err(|error| explained(error, &stack))?;
    }
    let outcome = Outcome { reset: args.yes, view: View::new(fence.key(), &item, now) };
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
