//! The options of `weir dlq`.

use std::path::PathBuf;

use clap::{
    Args, Subcommand, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use weir_core::Lane;
use weir_ops::dead_letters::{self, DeadLetterStatus};

use crate::args::{Moment, StackArgs, lane, rate, topic};

/// Inspect, replay and drop dead letters
///
/// SQS has no index: a message can only be read by receiving it, which hides it from other readers for a while. Each command
/// reads the whole queue and returns the messages that it does not act on, after Ctrl-C as well. While one command reads,
/// another sees fewer messages. If a command is killed, its messages reappear within half a minute, or within three minutes
/// in a queue of a hundred thousand.
#[derive(Debug, Args)]
pub(crate) struct DlqArgs {
    #[command(subcommand)]
    pub(crate) command: DlqCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    /// List dead letters, grouped by error, topic, shop, lane, state or age
    ///
    /// Error and state come from the ledger. A message that is no envelope is listed as unreadable, under its SQS id: sqs:ID.
    /// Errors that differ only in numbers form one group: `line 1, column 7` and `line 2, column 9`.
    #[command(after_help = LIST_HELP)]
    List(DlqListArgs),
    /// Show one dead letter: its envelope, its ledger record, and why it was dead-lettered
    #[command(after_help = SHOW_HELP)]
    Show(DlqShowArgs),
    /// Send dead letters back to their lanes, after a preview
    ///
    /// Without --yes, the command only prints what it would send. With --yes, it sends each message to its lane and then
    /// deletes it from the dead-letter queue, so that an interruption loses none. A message that was sent and not yet deleted
    /// is sent again; the ledger lets its event take effect once. `weir dlq history` shows each replay.
    ///
    /// Events that took effect already are only removed from the queue. Messages with another body under a known id, and
    /// messages that are no envelopes, stay. --force runs such an event again as a new generation, and repeats its effects.
    /// Events that a newer version of their resource overtook stay stale, even with --force.
    ///
    /// With --file, one event gets another body and runs as a new generation; the old one is marked as replaced. Its message
    /// need not exist any more. If the event had this body already, nothing is sent without --force.
    #[command(after_help = REPLAY_HELP)]
    Replay(DlqReplayArgs),
    /// Delete dead letters, after a preview
    ///
    /// The ledger records that the events were dropped, by whom, when and why. Events that took effect, or have another
    /// message in a lane, keep their state. A dropped event never runs, even if another copy of it arrives. The history keeps
    /// the ids and no bodies: --keep writes the whole messages to a file first.
    #[command(after_help = DROP_HELP)]
    Drop(DlqDropArgs),
    /// List replays and drops: who, when, which messages, and the result
    #[command(after_help = HISTORY_HELP)]
    History(DlqHistoryArgs),
}

const LIST_HELP: &str = "\
Examples:
  weir dlq list
  weir dlq list --topic orders/create --error 'HTTP 500' --since 2h
  weir dlq list --by shop
  weir dlq list --stack weir --json | jq '.groups[] | {what, count}'";

const SHOW_HELP: &str = "\
Examples:
  weir dlq show 'north.myshopify.com#b54557e4-bdd9-4b37-8a5f-bf7d70bcd043'
  weir dlq show b54557e4-bdd9-4b37-8a5f-bf7d70bcd043
  weir dlq show sqs:5fea7756-0ea4-451a-a703-a558b933e274        a message that is no envelope
  weir dlq show b54557e4-bdd9-4b37-8a5f-bf7d70bcd043 --body > body.json";

const REPLAY_HELP: &str = "\
Examples:
  weir dlq replay                                                  prints what would be sent, and where
  weir dlq replay --yes
  weir dlq replay --error 'HTTP 500' --shop north.myshopify.com --rate 20/s --yes
  weir dlq replay --resume 20261127T050000Z-1f3a --yes             continue an interrupted replay
  weir dlq replay --event 'north.myshopify.com#b54557e4' --force --yes
  weir dlq replay --event 'north.myshopify.com#b54557e4' --file fixed.json --yes";

const DROP_HELP: &str = "\
Examples:
  weir dlq drop --topic carts/update --until 7d                    prints what would be deleted
  weir dlq drop --state unreadable --keep dropped.jsonl --yes
  weir dlq drop --event 'north.myshopify.com#b54557e4' --why INC-7 --yes
  weir dlq drop --all --yes";

const HISTORY_HELP: &str = "\
Examples:
  weir dlq history
  weir dlq history 20261127T050000Z-1f3a          one of them, with its events
  weir dlq history --json | jq '.[] | select(.state != \"done\")'";

#[derive(Debug, Args)]
pub(crate) struct DlqListArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// The criterion of the groups
    #[arg(long, value_name = "WHAT", default_value = "error")]
    pub(crate) by: GroupBy,
    /// Most groups to list; with --json, most messages
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DlqShowArgs {
    /// SHOP#ID, the webhook id alone, or sqs:ID
    pub(crate) event: String,
    /// Only search this lane's dead-letter queue
    #[arg(long, value_name = "LANE", value_parser = lane())]
    pub(crate) lane: Option<Lane>,
    /// Print the body and nothing else. Bodies contain customers' data
    #[arg(long)]
    pub(crate) body: bool,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DlqReplayArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Carry it out, instead of printing a preview
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print a preview, as without --yes
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Most messages a second [default: as fast as SQS accepts them]
    #[arg(long, value_name = "N", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Most messages to send
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "file")]
    pub(crate) limit: Option<u64>,
    /// Run events again that took effect already, or had the body of --file already. Their effects repeat
    #[arg(long)]
    pub(crate) force: bool,
    /// File with the event's new body; - is stdin
    #[arg(long, value_name = "FILE", requires = "event", conflicts_with = "rate")]
    pub(crate) file: Option<PathBuf>,
    /// Accept a file that is not JSON
    #[arg(long, requires = "file")]
    pub(crate) raw: bool,
    /// Continue the operation of this name in `weir dlq history`, with its filter and options
    #[arg(long, value_name = "NAME", conflicts_with_all = RESUMED)]
    pub(crate) resume: Option<String>,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DlqDropArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Carry it out, instead of printing a preview
    #[arg(long)]
    pub(crate) yes: bool,
    /// Drop all dead letters; required if no filter is given
    #[arg(long)]
    pub(crate) all: bool,
    /// Most messages to delete
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// The reason, which the event's record shows
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: Option<String>,
    /// Append each message to this file first, a line of JSON each. The file contains bodies; only its owner may read it
    #[arg(long, value_name = "FILE")]
    pub(crate) keep: Option<PathBuf>,
    /// Continue the operation of this name in `weir dlq history`, with its filter and options
    #[arg(long, value_name = "NAME", conflicts_with_all = ["lane", "shop", "topic", "error", "since", "until",
        "app", "state", "event", "limit", "all"])]
    pub(crate) resume: Option<String>,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

const RESUMED: [&str; 12] =
    ["lane", "shop", "topic", "error", "since", "until", "app", "state", "event", "limit", "force", "file"];

#[derive(Debug, Args)]
pub(crate) struct DlqHistoryArgs {
    /// Show only this operation, with its events
    pub(crate) name: Option<String>,
    /// Most operations to list
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

/// Which messages: all of what is given must hold.
#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Which messages (default: all)")]
pub(crate) struct FilterArgs {
    /// In this lane
    #[arg(long, value_name = "LANE", value_parser = lane())]
    pub(crate) lane: Option<Lane>,
    /// Of this shop
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) shop: Option<String>,
    /// Of this topic: orders/updated or ORDERS_UPDATED
    #[arg(long, value_name = "TOPIC", value_parser = topic)]
    pub(crate) topic: Option<String>,
    /// Whose last error contains this text, in any case
    #[arg(long, value_name = "TEXT")]
    pub(crate) error: Option<String>,
    /// Received since this time, or since so long ago, such as 30m, 2h or 7d
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Moment>,
    /// Received before this time, or longer ago than this
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Moment>,
    /// Of this app
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,
    /// Whose event is in this state
    #[arg(long, value_parser = status())]
    pub(crate) state: Option<DeadLetterStatus>,
    /// Only this message: SHOP#ID, the webhook id alone, or sqs:ID
    #[arg(long, value_name = "ID")]
    pub(crate) event: Option<String>,
}

/// Reads the name of a state, and lists the names with their meaning in the help.
fn status() -> impl TypedValueParser<Value = DeadLetterStatus> {
    let named = |status: DeadLetterStatus| PossibleValue::new(status.as_str()).help(meaning(status));
    PossibleValuesParser::new(DeadLetterStatus::ALL.map(named)).try_map(|name| name.parse::<DeadLetterStatus>())
}

/// How a message stands to the ledger.
fn meaning(status: DeadLetterStatus) -> &'static str {
    match status {
        DeadLetterStatus::Failed => "Its event failed",
        DeadLetterStatus::Done => "Its event took effect: another copy was handled",
        DeadLetterStatus::Stale => "A newer version of its resource came first",
        DeadLetterStatus::Parked => "A copy of it waits in its lane",
        DeadLetterStatus::Leased => "A worker acts on a copy of it now",
        DeadLetterStatus::Dropped => "Its event was dropped, and this message of it is still there",
        DeadLetterStatus::Replaced => "Its event runs with another body",
        DeadLetterStatus::Mismatch => "The event came with another body",
        DeadLetterStatus::Unknown => "The ledger does not know it",
        DeadLetterStatus::Unreadable => "It is no envelope",
    }
}

/// The criterion of the groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupBy {
    /// The last error
    Error,
    /// The topic
    Topic,
    /// The shop
    Shop,
    /// The lane
    Lane,
    /// How it stands to the ledger
    State,
    /// How long ago it was taken in
    Age,
}

impl From<GroupBy> for dead_letters::GroupBy {
    fn from(name: GroupBy) -> Self {
        match name {
            GroupBy::Error => Self::Error,
            GroupBy::Topic => Self::Topic,
            GroupBy::Shop => Self::Shop,
            GroupBy::Lane => Self::Lane,
            GroupBy::State => Self::Status,
            GroupBy::Age => Self::Age,
        }
    }
}
