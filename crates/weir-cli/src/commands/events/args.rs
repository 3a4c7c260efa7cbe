//! The options of `weir events`.

use clap::{Args, Subcommand, ValueEnum};

use weir_ops::events::{EventCursor, EventOutcome, EventState};

use crate::args::{LedgerArgs, Moment, StackArgs, lane, rate, resource, topic};

/// Read the ledger: list events, and show what happened to each
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    #[command(subcommand)]
    pub(crate) command: EventsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// List events, the newest first
    ///
    /// Reads the ledger's indexes from the newest event on, until it has --limit events, and prints what it read. Failed
    /// and parked events (--state, --outcome failed, --error) have an index of their own: the command finds them however
    /// old they are. For all other events it reads the last 24 hours, unless --since says otherwise.
    #[command(after_help = LIST_HELP)]
    List(ListArgs),
    /// Show everything that is known about one event
    ///
    /// Prints when the event was triggered and received, each attempt with its error and delay, the result, and where its
    /// message is now. With --body it prints the body instead.
    #[command(after_help = SHOW_HELP)]
    Show(ShowArgs),
    /// Send events again that are done, with their archived bodies, after a preview
    ///
    /// Each event runs as a new generation: its handlers run, and it is published again with the attribute `generation`.
    /// Without --yes, the command prints what it would send, what it costs, and which events it can't send and why. A resend
    /// can be resumed, and sends no event twice.
    ///
    /// The body comes from the archive, which keeps it for ArchiveDays. An event that a newer state of its resource overtook
    /// is not sent, because an older state must not take effect after a newer one. --superseded sends it all the same: it is
    /// published as superseded/TOPIC, and its handlers do not run. Events that failed or wait are in their lane or
    /// dead-letter queue: `weir dlq replay` sends those.
    #[command(after_help = RESEND_HELP)]
    Resend(Box<ResendArgs>),
    /// List resends: who, when, how many events, and the result
    #[command(after_help = "Examples:\n  weir events resends\n  weir events resends --json")]
    Resends(ResendsArgs),
}

const LIST_HELP: &str = "\
Examples:
  weir events list
  weir events list --state failed --limit 100
  weir events list --error 'timed out' --lane urgent
  weir events list --shop north.myshopify.com --topic orders/create --since 2d --json
  weir events list --shop north.myshopify.com --resource orders/820982911946154508
  weir events list --since 2026-11-27T05:00:00Z --until 2026-11-27T06:00:00Z
  weir events list --follow --shop north.myshopify.com
  weir events list --stack weir --region eu-west-1

Each page ends with the value of --after for the next page. With --json, stdout has one object a line, and stderr one
object with the number of events, what was read, and `after`.";

const SHOW_HELP: &str = "\
Examples:
  weir events show 'north.myshopify.com#b54557e4-bdd9-4b37-8a5f-bf7d70bcd043'
  weir events show b54557e4-bdd9-4b37-8a5f-bf7d70bcd043 --shop north.myshopify.com
  weir events show b54557e4-bdd9-4b37-8a5f-bf7d70bcd043 --since 3d    without the shop, searches the whole range
  weir events show 'north.myshopify.com#b54557e4' --body > body.json";

const RESEND_HELP: &str = "\
Examples:
  weir events resend 'north.myshopify.com#b54557e4-bdd9-4b37-8a5f-bf7d70bcd043'    prints what would be sent
  weir events resend 'north.myshopify.com#b54557e4-bdd9-4b37-8a5f-bf7d70bcd043' --yes
  weir events resend --shop north.myshopify.com --topic orders/create --since 6h --rate 20/s --yes
  weir events resend --since 2026-11-27T05:00:00Z --until 2026-11-27T06:00:00Z --why INC-7 --yes
  weir events resend --resume 20261127T050000Z-1f3a --yes    continue an interrupted resend";

/// Which events are sent again.
#[derive(Debug, Args)]
pub(crate) struct ResendArgs {
    /// Events: SHOP#ID as `events list` prints it, or with --shop an id alone
    #[arg(value_name = "EVENT")]
    pub(crate) events: Vec<String>,
    /// Only events of this shop
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) shop: Option<String>,
    /// Only events of this topic: orders/updated or ORDERS_UPDATED
    #[arg(long, value_name = "TOPIC", value_parser = topic, conflicts_with = "events")]
    pub(crate) topic: Option<String>,
    /// Only events of this app
    #[arg(long, value_name = "NAME", conflicts_with = "events")]
    pub(crate) app: Option<String>,
    /// Only events of this lane
    #[arg(long, value_name = "LANE", value_parser = lane(), conflicts_with = "events")]
    pub(crate) lane: Option<weir_core::Lane>,
    /// Only events whose body is a snapshot of this resource: orders/7001, gid://shopify/Order/7001 or 7001
    #[arg(long, value_name = "RESOURCE", value_parser = resource, conflicts_with = "events")]
    pub(crate) resource: Option<String>,
    /// Only events in this state now
    #[arg(long, conflicts_with = "events")]
    pub(crate) state: Option<StateName>,
    /// Only events received since this time, or since so long ago, such as 2h or 3d [default: 24h]
    #[arg(long, value_name = "TIME", conflicts_with = "events")]
    pub(crate) since: Option<Moment>,
    /// Only events received until this time [default: now]
    #[arg(long, value_name = "TIME", conflicts_with = "events")]
    pub(crate) until: Option<Moment>,
    /// Carry it out, instead of printing a preview
    #[arg(long)]
    pub(crate) yes: bool,
    /// Most events a second [default: as fast as SQS accepts them]
    #[arg(long, value_name = "N", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Most events to send
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Send events as well that a newer state of their resource overtook: they are published as superseded/TOPIC
    #[arg(long)]
    pub(crate) superseded: bool,
    /// The reason, which the events' records show
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: Option<String>,
    /// Continue the resend of this name in `weir events resends`, with its selection and options
    #[arg(long, value_name = "NAME", conflicts_with_all = ["events", "shop", "topic", "app", "lane", "resource", "state",
        "since", "until", "limit", "superseded", "why"])]
    pub(crate) resume: Option<String>,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ResendsArgs {
    /// Most resends to list
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only events of this shop
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) shop: Option<String>,
    /// Only events of this topic: orders/updated or ORDERS_UPDATED
    #[arg(long, value_name = "TOPIC", value_parser = topic)]
    pub(crate) topic: Option<String>,
    /// Only events in this state now
    #[arg(long, conflicts_with = "outcome")]
    pub(crate) state: Option<StateName>,
    /// Only events whose last attempt ended like this
    #[arg(long)]
    pub(crate) outcome: Option<OutcomeName>,
    /// Only events received since this time, or since so long ago, such as 2h or 3d
    /// [default: 24h; none for failed and parked events]
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Moment>,
    /// Only events received until this time [default: now]
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    pub(crate) until: Option<Moment>,
    /// Only events whose body is a snapshot of this resource: orders/7001, gid://shopify/Order/7001 or 7001
    #[arg(long, value_name = "RESOURCE", value_parser = resource)]
    pub(crate) resource: Option<String>,
    /// Only events whose error contains this text, in any case
    #[arg(long, value_name = "TEXT")]
    pub(crate) error: Option<String>,
    /// Only events of this app, as in the path of its webhooks: /webhooks/APP
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,
    /// Only events of this lane
    #[arg(long, value_name = "LANE", value_parser = lane())]
    pub(crate) lane: Option<weir_core::Lane>,
    /// Most events to list
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Continue after this place, which the previous page printed
    #[arg(long, value_name = "PLACE", value_parser = cursor, conflicts_with_all = ["follow", "scan"])]
    pub(crate) after: Option<EventCursor>,
    /// Then print new events, and the results of unfinished ones, until Ctrl-C
    #[arg(long, conflicts_with = "scan")]
    pub(crate) follow: bool,
    /// Read the whole table instead of the indexes: finds events older than the indexes. AWS bills each item
    #[arg(long)]
    pub(crate) scan: bool,
    #[command(flatten)]
    pub(crate) source: LedgerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// SHOP#ID as `events list` prints it, or an id alone: Shopify's webhook id, or its event id
    pub(crate) event: String,
    /// The shop, if EVENT is an id alone
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) shop: Option<String>,
    /// How far back to search for an id without its shop [default: 24h]
    #[arg(long, value_name = "TIME", conflicts_with = "shop")]
    pub(crate) since: Option<Moment>,
    /// Print the body and nothing else. Bodies contain customers' data
    #[arg(long, conflicts_with = "json")]
    pub(crate) body: bool,
    #[command(flatten)]
    pub(crate) source: LedgerArgs,
}

/// A state of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateName {
    /// A worker acts on it now
    Leased,
    /// It took effect
    Done,
    /// A newer version of its resource came first
    Stale,
    /// The last attempt failed
    Failed,
    /// What it needs is not there: it waits
    Parked,
    /// An operator dropped it
    Dropped,
    /// An operator gave it another body, with which it runs as a later generation
    Replaced,
}

impl From<StateName> for EventState {
    fn from(name: StateName) -> Self {
        match name {
            StateName::Leased => Self::Leased,
            StateName::Done => Self::Done,
            StateName::Stale => Self::Stale,
            StateName::Failed => Self::Failed,
            StateName::Parked => Self::Parked,
            StateName::Dropped => Self::Dropped,
            StateName::Replaced => Self::Replaced,
        }
    }
}

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutcomeName {
    /// It took effect
    Done,
    /// A newer version of its resource came first
    Stale,
    /// It failed for good, or was due to be tried again more than a quarter of an hour ago: look in the DLQ
    Failed,
}

impl From<OutcomeName> for EventOutcome {
    fn from(name: OutcomeName) -> Self {
        match name {
            OutcomeName::Done => Self::Done,
            OutcomeName::Stale => Self::Stale,
            OutcomeName::Failed => Self::Failed,
        }
    }
}

/// A place in a list, as a page before printed it.
fn cursor(text: &str) -> Result<EventCursor, &'static str> {
    text.parse().map_err(|_not_a_place| "expected the place that the page before printed, in quotes")
}
