//! The command line: the commands, each with the options beside its code.

use clap::{Parser, Subcommand};

pub(crate) use crate::{
    args::{EndpointArgs, LedgerArgs, Moment, StackArgs},
    commands::{
        audit::args::AuditArgs,
        check::args::CheckArgs,
        completions::CompletionsArgs,
        controls::args::{
            ChangeArgs, ControlsApplyArgs, ControlsArgs, ControlsCommand, ControlsLimitArgs, ControlsOffArgs,
            ControlsShowArgs, LimitScopeArgs, TargetArgs, TargetKind,
        },
        cost::args::CostArgs,
        dev::args::DevArgs,
        dlq::args::{
            DlqArgs, DlqCommand, DlqDropArgs, DlqHistoryArgs, DlqListArgs, DlqReplayArgs, DlqShowArgs, FilterArgs,
        },
        events::args::{EventsArgs, EventsCommand, ListArgs, ResendArgs, ResendsArgs, ShowArgs},
        fence::args::{FenceArgs, FenceCommand, FenceResetArgs, FenceShowArgs, ResourceArgs},
        load::args::{LoadArgs, PatternName, Share},
        orders::args::{OrdersArgs, OrdersCommand, OrdersListArgs, OrdersShowArgs},
        reconcile::args::ReconcileArgs,
        send::args::SendArgs,
        shops::args::{
            PlanName, ShopArgs, ShopStateName, ShopsAddArgs, ShopsArgs, ShopsCheckArgs, ShopsCommand, ShopsListArgs,
            ShopsRemoveArgs, ShopsShowArgs,
        },
        status::args::StatusArgs,
        subscriptions::args::{ApplyArgs, PlanArgs, SelectArgs, SubscriptionsArgs, SubscriptionsCommand},
    },
};

/// A webhook pipeline for Shopify on AWS: run it locally, send webhooks, and see what happened to each.
#[derive(Debug, Parser)]
#[command(name = "weir", version, after_help = TOP_HELP)]
pub(crate) struct Cli {
    /// Print JSON on stdout: one document, or one a line where there are many. Errors are JSON on stderr.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const TOP_HELP: &str = "\
Examples (in a checkout, `cargo weir` stands for `weir` and `cargo dev` for `weir dev`):
  weir dev                                   run everything on this machine
  weir send orders/create                    send a webhook to it
  weir events list                           see what happened to the event
  weir load --pattern flash-sale             send a load, measure it, and account for every event
  weir events list --stack weir              the same on AWS
  weir cost --events-per-month 50000000      estimate the costs on AWS, by service
  weir shops list                            the shops whose Admin API can be called
  weir audit                                 the calls to the Admin API, and what they cost
  weir reconcile --shop north.myshopify.com --since 6h    find events that Shopify never delivered, and send them in
  weir status --watch                        whether the stack is healthy, and what to do if not
  weir check --stack weir                    whether a stack that was just deployed can do its work
  weir controls off destination erp          switch a destination off while weir runs
  weir dlq replay                            send dead letters back to their lanes
  weir events resend --since 6h              send events again that are done
  weir orders list --shop north.myshopify.com --payment pending    orders by their state
  weir fence show orders/1 --shop north.myshopify.com    the newest state of a resource
  weir subscriptions plan                    which subscriptions the shops lack

Exit status:
  0    done
  1    failed: the error says why, and its last line what to do
  2    the command line can't be followed
  3    weir status, weir check: something needs attention
  130  interrupted before it was done";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Dev(DevArgs),
    Send(SendArgs),
    Load(Box<LoadArgs>),
    Cost(CostArgs),
    /// List topics that have sample bodies, with the lane of each, and whether every event counts or only the latest
    #[command(after_help = "Examples:\n  weir topics\n  weir topics --json")]
    Topics,
    Events(EventsArgs),
    Shops(ShopsArgs),
    Audit(AuditArgs),
    Controls(ControlsArgs),
    Reconcile(ReconcileArgs),
    Status(StatusArgs),
    Check(Box<CheckArgs>),
    Dlq(DlqArgs),
    Orders(OrdersArgs),
    Fence(FenceArgs),
    Subscriptions(SubscriptionsArgs),
    Completions(CompletionsArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_secret_on_the_command_line_is_not_shown_again() {
        let cli = Cli::parse_from(["weir", "send", "a/b", "--secret", "hush"]);
        assert!(!format!("{cli:?}").contains("hush"));
    }
}
