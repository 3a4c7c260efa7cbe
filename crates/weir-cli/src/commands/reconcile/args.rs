//! The options of `weir reconcile`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Moment, StackArgs, topic};

/// Find changes of a shop that were never delivered, and send synthetic events
///
/// Reads the orders, products and inventory levels that changed, and compares them with the stack's fence and ledger. For
/// each missing state it sends an event through the same lanes, marked as synthetic. The fence keeps a synthetic event from
/// undoing a newer state, and a late delivery from taking effect again. Changes of the last two minutes are skipped.
///
/// An interrupted run can be repeated: no event is lost, and none takes effect twice. Calls stay within the shop's budget,
/// and leave a quarter of it to others. Bodies come from Shopify's REST API, which has the format of webhooks.
#[derive(Debug, Args)]
#[command(after_help = RECONCILE_HELP)]
pub(crate) struct ReconcileArgs {
    /// The shop's domain, such as north.myshopify.com
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) shop: String,
    /// The app, as in the path of its webhooks: /webhooks/APP
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) app: String,
    /// The begin: a time, such as 2026-11-27T05:00:00Z, or how long ago, such as 2h or 3d
    /// [default: where the last run ended; a day ago for the first run]
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<Moment>,
    /// The end. A run with --until moves no cursor [default: two minutes ago]
    #[arg(long, value_name = "WHEN", requires = "since")]
    pub(crate) until: Option<Moment>,
    /// What to compare: orders, products, inventory, or single topics, such as orders/paid
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = topic, default_value = "orders,products,inventory")]
    pub(crate) topics: Vec<String>,
    /// File of the desired subscriptions: only their topics are sent [default: the built-in file]
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Print what is missing, without sending it or moving a cursor
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Stop after so many points of the shop's budget; the next run continues there
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) points: Option<u32>,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

const RECONCILE_HELP: &str = "\
Examples:
  weir reconcile --shop north.myshopify.com --since 6h --dry-run      what is missing
  weir reconcile --shop north.myshopify.com --since 6h
  weir reconcile --shop north.myshopify.com                           from where the last one ended
  weir reconcile --shop north.myshopify.com --since 2d --until 1d --topics orders
  weir reconcile --shop north.myshopify.com --since 1d --json | jq .missing";
