//! The command line of `weir subscriptions`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::StackArgs;

/// Webhook subscriptions as code: what infra/subscriptions.toml desires against what the shops have
#[derive(Debug, Args)]
pub(crate) struct SubscriptionsArgs {
    #[command(subcommand)]
    pub(crate) command: SubscriptionsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionsCommand {
    /// Check the file, read the shops' subscriptions, and show what differs
    ///
    /// Every mistake in the file is told at once, before Shopify is asked. Changes nothing. Subscriptions that deliver
    /// elsewhere than to this stack are somebody else's: they are counted, and never touched.
    #[command(after_help = PLAN_HELP)]
    Plan(PlanArgs),
    /// Show the plan, and carry it out
    ///
    /// Asks before it changes anything, or takes --yes for an answer. What the file does not have stays, unless --prune
    /// is given, and then only what delivers to this stack goes. May be repeated: what is done is not done again. The
    /// monitor goes by the file that its function was built with: deploy a changed file, or it changes things back.
    #[command(after_help = APPLY_HELP)]
    Apply(ApplyArgs),
    /// Show of each desired subscription whether it is there, missing or other than desired
    ///
    /// Tells as well what the monitor noted: since when a shop differs, and what is in the way of its repair.
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
  weir subscriptions apply --stack weir --prune --yes        deletes what the file does not have";

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
    /// What is desired [default: infra/subscriptions.toml of this checkout, else the one that weir was built with]
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Delete what delivers to this stack and is not in the file
    #[arg(long)]
    pub(crate) prune: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Delete what delivers to this stack and is not in the file
    #[arg(long)]
    pub(crate) prune: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}
