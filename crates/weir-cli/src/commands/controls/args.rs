//! The options of `weir controls`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::StackArgs;

/// Switch off or slow down handlers, destinations and lanes while weir runs
///
/// The controls are one document in an SSM parameter, which workers read every 30 seconds. A change is printed first, and made
/// with --yes.
#[derive(Debug, Args)]
pub(crate) struct ControlsArgs {
    #[command(subcommand)]
    pub(crate) command: ControlsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ControlsCommand {
    /// Show the switches and limits, for all shops or for one
    #[command(after_help = SHOW_HELP)]
    Show(ControlsShowArgs),
    /// Switch a handler, a destination or a lane off
    ///
    /// For all shops; with --shop for one, or for those that match a pattern; with --percent for a share of them. A share is
    /// always the same shops, and a higher percentage adds more. The command does not know the handlers' names: check the
    /// name before you switch.
    #[command(after_help = OFF_HELP)]
    Off(ControlsOffArgs),
    /// Switch a handler, a destination or a lane on again
    ///
    /// Removes all switches of the handler, destination or lane; with --shop or --percent, only that one.
    #[command(after_help = ON_HELP)]
    On(ControlsOnArgs),
    /// Limit how fast a destination is called
    ///
    /// The limit holds for each shop separately. The most specific limit counts: --shop, then --tier, then neither. A limit
    /// with --total holds for all shops together, in addition.
    #[command(after_help = LIMIT_HELP)]
    Limit(ControlsLimitArgs),
    /// Remove a limit
    ///
    /// Without --shop, --tier, --total or --all, removes the limit that holds for each shop.
    #[command(after_help = UNLIMIT_HELP)]
    Unlimit(ControlsUnlimitArgs),
    /// Put shops into a tier, or remove them from it
    #[command(after_help = TIER_HELP)]
    Tier(ControlsTierArgs),
    /// Replace the whole document by the content of a file
    #[command(after_help = APPLY_HELP)]
    Apply(ControlsApplyArgs),
}

const SHOW_HELP: &str = "\
Examples:
  weir controls show
  weir controls show --shop north.myshopify.com       what holds for this shop
  weir controls show --document > controls.json       to change it, and `weir controls apply` it
  weir controls show --stack weir --json | jq .document.off";

const OFF_HELP: &str = "\
Examples:
  weir controls off handler large_order::note --shop north.myshopify.com --why INC-7
  weir controls off destination erp --percent 20 --yes
  weir controls off lane bulk --shop 'weir-*' --yes --stack weir";

const ON_HELP: &str = "\
Examples:
  weir controls on destination erp --yes
  weir controls on handler large_order::note --shop north.myshopify.com --yes";

const LIMIT_HELP: &str = "\
Examples:
  weir controls limit erp --per-second 5 --burst 10 --yes
  weir controls limit erp --per-second 50 --tier plus
  weir controls limit erp --per-second 0.5 --shop north.myshopify.com --why 'their ERP is ill'
  weir controls limit erp --per-second 200 --total";

const UNLIMIT_HELP: &str = "\
Examples:
  weir controls unlimit erp --yes                  the one for each shop
  weir controls unlimit erp --tier plus --yes
  weir controls unlimit erp --all --yes";

const TIER_HELP: &str = "\
Examples:
  weir controls tier plus north.myshopify.com 'weir-*' --yes
  weir controls tier plus north.myshopify.com --remove --yes
  weir controls tier plus --remove --yes           all of it";

const APPLY_HELP: &str = "\
Examples:
  weir controls apply controls.json
  weir controls apply controls.json --yes --if-version 7
  echo '{}' | weir controls apply - --yes          everything on, nothing limited";

#[derive(Debug, Args)]
pub(crate) struct ControlsShowArgs {
    /// Only the controls of this shop
    #[arg(long, value_name = "DOMAIN", conflicts_with = "document")]
    pub(crate) shop: Option<String>,
    /// Print the document as it is stored
    #[arg(long)]
    pub(crate) document: bool,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ControlsOffArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The reason, which `weir controls show` prints
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: Option<String>,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ControlsOnArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ControlsLimitArgs {
    /// The destination's name in its handler
    pub(crate) destination: String,
    /// Most calls a second
    #[arg(long, value_name = "N")]
    pub(crate) per_second: f64,
    /// Most calls at once after a pause [default: those of a second]
    #[arg(long, value_name = "N")]
    pub(crate) burst: Option<u32>,
    #[command(flatten)]
    pub(crate) scope: LimitScopeArgs,
    /// The reason, which `weir controls show` prints
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: Option<String>,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ControlsUnlimitArgs {
    /// The destination's name in its handler
    pub(crate) destination: String,
    /// Remove every limit of the destination
    #[arg(long, conflicts_with_all = ["shop", "tier", "total"])]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) scope: LimitScopeArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ControlsTierArgs {
    /// The tier's name
    pub(crate) tier: String,
    /// Domains of shops, or patterns with *
    #[arg(value_name = "SHOP", required_unless_present = "remove")]
    pub(crate) shops: Vec<String>,
    /// Remove the shops from the tier; without shops, remove the tier
    #[arg(long)]
    pub(crate) remove: bool,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ControlsApplyArgs {
    /// File with the document; - is stdin
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// What is switched, and for whom.
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    /// What kind of thing
    pub(crate) kind: TargetKind,
    /// Its name
    pub(crate) name: String,
    /// Only for this shop, or for those that match a pattern with *
    #[arg(long, value_name = "SHOP", conflicts_with = "percent")]
    pub(crate) shop: Option<String>,
    /// Only for this share of the shops
    #[arg(long, value_name = "N")]
    pub(crate) percent: Option<f64>,
}

/// What can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TargetKind {
    /// A handler, such as large_order::note
    Handler,
    /// A service that handlers call, such as erp
    Destination,
    /// The processing of a lane
    Lane,
}

/// On whose behalf calls are limited.
#[derive(Debug, Default, Args)]
pub(crate) struct LimitScopeArgs {
    /// For this shop, or for each that matches a pattern with *
    #[arg(long, value_name = "SHOP", conflicts_with_all = ["tier", "total"])]
    pub(crate) shop: Option<String>,
    /// For each shop of this tier
    #[arg(long, value_name = "NAME", conflicts_with = "total")]
    pub(crate) tier: Option<String>,
    /// For all shops together
    #[arg(long)]
    pub(crate) total: bool,
}

/// How a change is made.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    /// Carry it out, instead of printing a preview
    #[arg(long)]
    pub(crate) yes: bool,
    /// Change nothing unless the document still has this version, which the preview printed
    #[arg(long, value_name = "N")]
    pub(crate) if_version: Option<i64>,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}
