//! The command line of `weir reconcile`.

use std::path::PathBuf;

use clap::Args;

use super::{Moment, StackArgs};

/// Find what happened in a shop that weir never saw, and send it in
///
/// Reads the orders, products and inventory levels that changed, and compares them with what the stack's fence and ledger
/// know. What is missing goes through the same lanes as a delivery, marked as synthetic; the fence keeps it from undoing
/// anything newer, and what is delivered after all from having a second effect. What changed within the last two minutes is
/// left to its delivery.
///
/// It may be broken off and run again: nothing is lost, nothing takes effect twice. Calls go by the shop's budget, and leave
/// a quarter of it to others. Bodies come by Shopify's REST API, whose form webhooks have.
#[derive(Debug, Args)]
#[command(after_help = RECONCILE_HELP)]
pub(crate) struct ReconcileArgs {
    /// The shop's domain, as north.myshopify.com
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) shop: String,
    /// The app, as in the address of its webhooks: /webhooks/APP
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) app: String,
    /// Where to begin: a time ago, as 2h or 3d, or a moment, as 2026-11-27T05:00:00Z
    /// [default: where the last one ended; the first looks back a day]
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<Moment>,
    /// Where to end. Such a run moves no cursor [default: two minutes ago]
    #[arg(long, value_name = "WHEN", requires = "since")]
    pub(crate) until: Option<Moment>,
    /// What to look at: orders, products, inventory, or single topics, as orders/paid
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "orders,products,inventory")]
    pub(crate) topics: Vec<String>,
    /// The file of desired subscriptions: only what it desires is sent [default: the one that is built in]
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Only say what is missing: send nothing, move no cursor
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// End when so many points of the shop's budget are used; the next run goes on there
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
