//! The options of `weir fence`.

use clap::{Args, Subcommand};

use crate::args::{StackArgs, resource};

/// Show or reset the newest state of a resource at the fence
///
/// The fence records the newest state of each resource, and no older event takes effect after it. If the recorded state is
/// wrong, every later event of the resource ends as stale. After a reset, the next event enters.
#[derive(Debug, Args)]
pub(crate) struct FenceArgs {
    #[command(subcommand)]
    pub(crate) command: FenceCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FenceCommand {
    /// Show the newest state of a resource, its current holder, and the states that each topic ran for
    #[command(after_help = SHOW_HELP)]
    Show(FenceShowArgs),
    /// Reset a resource: its next event enters, whatever its version
    ///
    /// Nothing changes without --yes. After a reset, an older event that is still in a lane may take effect. The reset is
    /// refused while an event of the resource is being handled, and if the state changed since it was shown.
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
    /// The resource: orders/820982911946154508 or gid://shopify/Order/820982911946154508
    #[arg(value_parser = resource)]
    pub(crate) resource: String,
    /// The shop's domain, such as north.myshopify.com
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) shop: String,
    /// The app, as in the path of its webhooks: /webhooks/APP
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
    /// The reason, which is recorded
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: String,
    /// Carry it out, instead of printing a preview
    #[arg(long)]
    pub(crate) yes: bool,
}
