//! The command line.

mod audit;
mod controls;
mod cost;
pub(crate) mod dlq;
mod endpoint;
mod events;
mod fence;
mod load;
mod reconcile;
mod shops;
mod status;
mod subscriptions;
mod time;

use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use weir_core::Lane;

pub(crate) use audit::AuditArgs;
pub(crate) use controls::{
    ChangeArgs, ControlsApplyArgs, ControlsArgs, ControlsCommand, ControlsLimitArgs, ControlsOffArgs, ControlsShowArgs,
    LimitScopeArgs, TargetArgs, TargetKind,
};
pub(crate) use cost::CostArgs;
pub(crate) use dlq::{
    DlqArgs, DlqCommand, DlqDropArgs, DlqHistoryArgs, DlqListArgs, DlqReplayArgs, DlqShowArgs, FilterArgs,
};
pub(crate) use endpoint::EndpointArgs;
pub(crate) use events::{EventsArgs, EventsCommand, LedgerArgs, ListArgs, Moment, ShowArgs};
pub(crate) use fence::{FenceArgs, FenceCommand, FenceResetArgs, FenceShowArgs, ResourceArgs};
pub(crate) use load::{LoadArgs, PatternName, Share};
pub(crate) use reconcile::ReconcileArgs;
pub(crate) use shops::{
    PlanName, ShopArgs, ShopStateName, ShopsAddArgs, ShopsArgs, ShopsCheckArgs, ShopsCommand, ShopsListArgs,
    ShopsRemoveArgs, ShopsShowArgs, StackArgs,
};
pub(crate) use status::StatusArgs;
pub(crate) use subscriptions::{ApplyArgs, PlanArgs, SelectArgs, SubscriptionsArgs, SubscriptionsCommand};

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
  weir reconcile --shop SHOP --since 6h      find events that Shopify never delivered, and send them in
  weir status --watch                        whether the stack is healthy, and what to do if not
  weir controls off destination erp          switch a destination off while weir runs
  weir dlq replay                            send dead letters back to their lanes
  weir fence show orders/1 --shop SHOP       the newest state of a resource
  weir subscriptions plan                    which subscriptions the shops lack

Exit status:
  0    done
  1    failed: the error says why, and its last line what to do
  2    the command line can't be followed
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
    Dlq(DlqArgs),
    Fence(FenceArgs),
    Subscriptions(SubscriptionsArgs),
}

/// Reads the name of a lane, and lists the names in the help.
fn lane() -> impl TypedValueParser<Value = Lane> {
    PossibleValuesParser::new(Lane::ALL.map(Lane::as_str)).try_map(|name| name.parse::<Lane>())
}

/// Run weir on this machine until Ctrl-C
///
/// Builds the functions, installs the pinned AWS emulator into target/weir (once; it needs Python 3.10 or newer), starts
/// it on loopback and deploys template.yaml to it. Then it starts a simulated Shopify, and a small flash sale there sends
/// webhooks to the real HTTP endpoint. While it runs, target/weir/dev.json describes the stack to the other commands.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  weir dev\n  weir dev --no-demo --port 4566\n  weir dev --json | jq .event")]
pub(crate) struct DevArgs {
    /// Start without the flash sale
    #[arg(long)]
    pub(crate) no_demo: bool,
    /// The port of the emulator on 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
}

/// Sign webhooks as Shopify does and post them
///
/// The webhooks go to the local stack of `weir dev`, or to --url. The body is a realistic sample of the topic (see `weir
/// topics`), or the bytes of a file. The exit status is 1 if any response is not 2xx.
#[derive(Debug, Args)]
#[command(after_help = SEND_HELP)]
pub(crate) struct SendArgs {
    /// The topic, such as orders/create
    pub(crate) topic: String,
    /// The shop that sends the webhook
    #[arg(long, value_name = "DOMAIN", default_value = "weir-demo.myshopify.com")]
    pub(crate) shop: String,
    /// Send this file's bytes, with any topic; - is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    pub(crate) file: Option<PathBuf>,
    /// The webhook id of every delivery: all after the first are then duplicates, in later calls too
    /// [default: a new id for each delivery]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// How many deliveries to send
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) times: u32,
    /// Most deliveries a second [default: as fast as responses arrive]
    #[arg(long, value_name = "N", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Most deliveries in flight at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) concurrency: u16,
    /// Seed of the sample bodies: the same seed makes the same names, numbers and ids [default: random]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    #[command(flatten)]
    pub(crate) endpoint: EndpointArgs,
    /// Print the request as a curl command, without posting it
    #[arg(long, conflicts_with_all = ["times", "rate", "concurrency"])]
    pub(crate) dry_run: bool,
}

const SEND_HELP: &str = "\
Examples:
  weir send orders/create
  weir send orders/paid --shop north.myshopify.com --times 100 --rate 20
  weir send orders/create --id 7c1e5a0e --times 2          the second one is a duplicate
  weir send orders/create --secret wrong                   a forgery: 401
  weir send products/update --file product.json
  weir send app/uninstalled --url https://HOST/webhooks    with the secret in WEIR_CLIENT_SECRET";

/// `20`, `0.5` or `20/s`.
fn rate(text: &str) -> Result<f64, &'static str> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse::<f64>().ok();
    number.filter(|rate| rate.is_finite() && *rate > 0.0).ok_or("expected a number a second, as 20 or 0.5")
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
    fn a_rate_is_a_number_a_second() {
        assert_eq!((rate("20"), rate("20/s"), rate("0.5")), (Ok(20.0), Ok(20.0), Ok(0.5)));
        for text in ["", "0", "-1", "inf", "NaN", "20/m", "fast"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_secret_on_the_command_line_is_not_shown_again() {
        let cli = Cli::parse_from(["weir", "send", "a/b", "--secret", "hush"]);
        assert!(!format!("{cli:?}").contains("hush"));
    }
}
