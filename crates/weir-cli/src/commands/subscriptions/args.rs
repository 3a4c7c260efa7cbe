//! The options of `weir subscriptions`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::StackArgs;

/// Compare the shops' webhook subscriptions with infra/subscriptions.toml, and apply the file
#[derive(Debug, Args)]
pub(crate) struct SubscriptionsArgs {
    #[command(subcommand)]
    pub(crate) command: SubscriptionsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionsCommand {
    /// Check the file, read the shops' subscriptions, and print the differences
    ///
    /// Reports all mistakes in the file before it calls Shopify, and changes nothing. Subscriptions that deliver to another
    /// address than this stack's are counted, and never changed.
    #[command(after_help = PLAN_HELP)]
    Plan(PlanArgs),
    /// Print the plan and carry it out
    ///
    /// Asks before it changes anything, unless --yes is given. Subscriptions that the file does not have stay; with --prune,
    /// those that deliver to this stack are deleted. The command can be repeated safely. The monitor uses the file that its
    /// function was built with: deploy a changed file, or the monitor restores the old one.
    #[command(after_help = APPLY_HELP)]
    Apply(ApplyArgs),
    /// Show whether each desired subscription exists, is missing or differs
    ///
    /// Also shows the monitor's notes: since when a shop differs, and what prevents its repair.
    #[command(after_help = STATUS_HELP)]
    Status(SelectArgs),
}

const PLAN_HELP: &str = "\
Examples:
  weir subscriptions plan                             every shop of the local stack
  weir subscriptions plan --stack weir --shop north.myshopify.com
  weir subscriptions plan --file new.toml --json | jq .changes

Exit status: 0 if every shop could be read, whether something differs or not; 1 if one could not.";

const APPLY_HELP: &str = "\
Examples:
  weir subscriptions apply --shop north.myshopify.com        asks first
  weir subscriptions apply --stack weir --yes
  weir subscriptions apply --stack weir --prune --yes        deletes subscriptions that are not in the file";

const STATUS_HELP: &str = "\
Examples:
  weir subscriptions status
  weir subscriptions status --stack weir --app loyalty --json";

/// Which shops, and by which file.
#[derive(Debug, Args)]
pub(crate) struct SelectArgs {
    /// Only this shop [default: every shop of the registry]
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) shop: Option<String>,
    /// Only this app [default: every app]
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,
    /// File of the desired subscriptions [default: infra/subscriptions.toml of this checkout, else the built-in file]
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Delete subscriptions that deliver to this stack and are not in the file
    #[arg(long)]
    pub(crate) prune: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Delete subscriptions that deliver to this stack and are not in the file
    #[arg(long)]
    pub(crate) prune: bool,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}
