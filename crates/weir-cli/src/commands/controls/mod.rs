//! `weir controls`: what is off and what is limited, while weir runs.

mod apply;
pub(crate) mod args;
mod change;
mod common;
mod edits;
mod show;

use crate::cli::{ControlsArgs, ControlsCommand};
use crate::exit::ExitStatus;
use crate::printer::Printer;

pub(super) async fn run(args: ControlsArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.command {
        ControlsCommand::Show(args) => show::run(&args, printer).await,
        ControlsCommand::Off(args) => {
            let switch = edits::switch(&args)?;
            change::run(&args.change, printer, |controls| {
                controls.switch_off(switch);
                Ok(())
            })
            .await
        }
        ControlsCommand::On(args) => {
            let (target, scope) = edits::target(&args.target)?;
            change::run(&args.change, printer, |controls| controls.switch_on(&target, scope.as_ref())).await
        }
        ControlsCommand::Limit(args) => {
            let rule = edits::rule(&args)?;
            change::run(&args.change, printer, |controls| {
                controls.set_limit(rule);
                Ok(())
            })
            .await
        }
        ControlsCommand::Unlimit(args) => {
            let scope = if args.all { None } else { Some(edits::limit_scope(&args.scope)?) };
            change::run(&args.change, printer, |controls| controls.remove_limit(&args.destination, scope.as_ref()))
                .await
        }
        ControlsCommand::Tier(args) => {
            let shops =
                args.shops.iter().map(|shop| edits::pattern(shop, edits::TIER)).collect::<Result<Vec<_>, _>>()?;
            change::run(&args.change, printer, |controls| {
                if args.remove {
                    return controls.remove_from_tier(&args.tier, &shops);
                }
                controls.add_to_tier(&args.tier, &shops);
                Ok(())
            })
            .await
        }
        ControlsCommand::Apply(args) => apply::run(&args, printer).await,
    }
}
