//! The options of `weir orders`.

use std::num::NonZeroU16;

use clap::{Args, Subcommand};

use crate::args::StackArgs;

/// List orders by their state, and show what happened to one
///
/// The stack projects orders if its parameter OrderDays is not 0. It stores nothing of a customer.
#[derive(Debug, Args)]
pub(crate) struct OrdersArgs {
    #[command(subcommand)]
    pub(crate) command: OrdersCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrdersCommand {
    /// List the newest orders of a shop, with filters by state
    ///
    /// Reads orders from the newest on until enough of them agree with the filters: about an eighth of a read unit for each.
    #[command(after_help = LIST_HELP)]
    List(OrdersListArgs),
    /// Show one order: its axes, amounts and lines, and which delivery changed what
    #[command(after_help = SHOW_HELP)]
    Show(OrdersShowArgs),
}

const LIST_HELP: &str = "\
Examples:
  weir orders list --shop north.myshopify.com
  weir orders list --shop north.myshopify.com --payment paid --fulfilment unfulfilled
  weir orders list --shop north.myshopify.com --returns in_progress --stack weir --json";

const SHOW_HELP: &str = "\
Examples:
  weir orders show 820982911946154508 --shop north.myshopify.com
  weir orders show 820982911946154508 --shop north.myshopify.com --stack weir --json | jq .history";

#[derive(Debug, Args)]
pub(crate) struct OrdersListArgs {
    /// The shop's domain, such as north.myshopify.com
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) shop: String,
    /// Only orders that are open, closed, cancelled or deleted
    #[arg(long, value_name = "STATUS")]
    pub(crate) lifecycle: Option<String>,
    /// Only orders with this payment status, such as pending, authorized, paid or partially_refunded
    #[arg(long, value_name = "STATUS")]
    pub(crate) payment: Option<String>,
    /// Only orders that are unfulfilled, partially_fulfilled or fulfilled, or that have another status of Shopify's
    #[arg(long, value_name = "STATUS")]
    pub(crate) fulfilment: Option<String>,
    /// Only orders whose returns are no_return, return_requested, in_progress or returned
    #[arg(long, value_name = "STATUS")]
    pub(crate) returns: Option<String>,
    /// The most orders to list
    #[arg(long, value_name = "N", default_value = "25")]
    pub(crate) limit: NonZeroU16,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OrdersShowArgs {
    /// Shopify's id of the order
    pub(crate) order: u64,
    /// The shop's domain, such as north.myshopify.com
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) shop: String,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}
