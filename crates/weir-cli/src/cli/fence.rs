//! The command line of `weir fence`.

use clap::{Args, Subcommand};

use super::StackArgs;

/// See what the fence keeps of a resource, and reset it
///
/// The fence keeps the newest state of each resource that was let in, and lets nothing older take effect after it. If that
/// state is wrong, every later event of the resource ends as stale: reset it, and the next one enters.
#[derive(Debug, Args)]
pub(crate) struct FenceArgs {
    #[command(subcommand)]
    pub(crate) command: FenceCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FenceCommand {
    /// Show the newest state of a resource, who handles it, and what each topic ran for
    #[command(after_help = SHOW_HELP)]
    Show(FenceShowArgs),
    /// Forget a resource: the next event of it enters, whatever its version
    ///
    /// Nothing is changed without --yes. An older event that is still on its way may then take effect. Refused while an
    /// event of the resource is being handled, and if anything changed since it was shown.
    #[command(after_help = RESET_HELP)]
    Reset(FenceResetArgs),
}

const SHOW_HELP: &str = "\
Examples:
  weir fence show orders/820982911946154508 --shop north.myshopify.com
  weir fence show inventory_levels/271878346596884015:24826418 --shop north.myshopify.com --stack weir --json";

const RESET_HELP: &str = "\
Examples:
  weir fence reset orders/820982911946154508 --shop north.myshopify.com --why INC-7
  weir fence reset orders/820982911946154508 --shop north.myshopify.com --why INC-7 --yes --stack weir";

/// Which resource.
#[derive(Debug, Args)]
pub(crate) struct ResourceArgs {
    /// The resource, as orders/820982911946154508
    pub(crate) resource: String,
    /// The shop's domain, as north.myshopify.com
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) shop: String,
    /// The app, as in the address of its webhooks: /webhooks/APP
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) app: String,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FenceShowArgs {
    #[command(flatten)]
    pub(crate) resource: ResourceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FenceResetArgs {
    #[command(flatten)]
    pub(crate) resource: ResourceArgs,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: String,
    /// Do it
    #[arg(long)]
    pub(crate) yes: bool,
}
