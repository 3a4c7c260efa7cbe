//! The command line of `weir dlq`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueEnum};
use weir_core::Lane;
use weir_ops::dead_letters::{self, DeadLetterStatus};

use super::{StackArgs, time::length};

/// The dead-letter queues: what the lanes gave up, why, and how it comes back
///
/// SQS has no index: to look at a message is to receive it, which hides it from everybody else for a while. Each of these
/// commands reads the whole queue, gives back what it does not act on, on Ctrl-C too, and sees less while another one
/// reads. One that is killed gives nothing back: its messages come back by themselves within half a minute (three minutes,
/// where there are a hundred thousand).
#[derive(Debug, Args)]
pub(crate) struct DlqArgs {
    #[command(subcommand)]
    pub(crate) command: DlqCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    /// Show what is dead-lettered, grouped by error, topic, shop, lane, state or age
    ///
    /// The error and the state are the ledger's. A message that is no envelope is listed as unreadable, under SQS's own id
    /// for it: sqs:ID. Numbers in errors count as one: `line 1, column 7` and `line 2, column 9` are one group.
    #[command(after_help = LIST_HELP)]
    List(DlqListArgs),
    /// Show one message: what its envelope says, what the ledger says, and why it is here
    #[command(after_help = SHOW_HELP)]
    Show(DlqShowArgs),
    /// Send messages back to their lanes, after a preview
    ///
    /// Without --yes only says what would go where. With it each message is sent to its lane and then deleted from the
    /// dead-letter queue, so that whatever ends the command loses none. One that was sent and not yet deleted is in both
    /// places; it is sent again, and the ledger lets it take effect once. Each replay is written down, with who, when,
    /// what and how it ended, before the first message moves: `weir dlq history`.
    ///
    /// What took effect already is only taken out of the queue. Another body under the id of an event, and what is no
    /// envelope, stays where it is. --force runs such an event again, as a new generation: whatever it caused the first
    /// time, it causes twice. What a newer version of its resource overtook stays stale, forced or not.
    ///
    /// With --file one event gets another body, and runs as a new generation in place of the old one, which counts as
    /// replaced from then on. Its message need not be there any more. An event that had this very body already is left
    /// alone: --force sends it once more.
    #[command(after_help = REPLAY_HELP)]
    Replay(DlqReplayArgs),
    /// Delete messages, after a preview
    ///
    /// The ledger then says of their events that they were dropped, by whom, when and why; those that took effect, or have
    /// another message on its way, keep their state. A dropped event never runs, whatever copy of it comes later. The ids
    /// of what is dropped are written down, bodies are not: --keep writes the whole messages to a file first.
    #[command(after_help = DROP_HELP)]
    Drop(DlqDropArgs),
    /// List replays and drops: who, when, what, and how each ended
    #[command(after_help = HISTORY_HELP)]
    History(DlqHistoryArgs),
}

const LIST_HELP: &str = "\
Examples:
  weir dlq list
  weir dlq list --topic orders/create --error 'HTTP 500' --newer-than 2h
  weir dlq list --by shop
  weir dlq list --stack weir --json | jq '.groups[] | {error, count}'";

const SHOW_HELP: &str = "\
Examples:
  weir dlq show 'north.myshopify.com#b54557e4-bdd9-4b37-8a5f-bf7d70bcd043'
  weir dlq show b54557e4-bdd9-4b37-8a5f-bf7d70bcd043
  weir dlq show sqs:5fea7756-0ea4-451a-a703-a558b933e274        a message that is no envelope
  weir dlq show b54557e4-bdd9-4b37-8a5f-bf7d70bcd043 --body > body.json";

const REPLAY_HELP: &str = "\
Examples:
  weir dlq replay                                                  what would be sent, and where to
  weir dlq replay --yes
  weir dlq replay --error 'HTTP 500' --shop north.myshopify.com --rate 20/s --yes
  weir dlq replay --resume 20261127T050000Z-1f3a --yes             go on where one ended
  weir dlq replay --event 'north.myshopify.com#b54557e4' --force --yes
  weir dlq replay --event 'north.myshopify.com#b54557e4' --file fixed.json --yes";

const DROP_HELP: &str = "\
Examples:
  weir dlq drop --topic carts/update --older-than 7d               what would be deleted
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
    /// What makes a group
    #[arg(long, value_name = "WHAT", default_value = "error")]
    pub(crate) by: GroupBy,
    /// How many groups to show, and with --json how many messages
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DlqShowArgs {
    /// SHOP#ID, the webhook id alone, or sqs:ID
    pub(crate) event: String,
    /// Only look into this lane's queue
    #[arg(long, value_name = "LANE", value_parser = super::lane())]
    pub(crate) lane: Option<Lane>,
    /// Print the body, byte for byte, and nothing else: it holds customers' data
    #[arg(long)]
    pub(crate) body: bool,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DlqReplayArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Do it
    #[arg(long)]
    pub(crate) yes: bool,
    /// The same as leaving --yes out
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Send no more than this many a second [default: as fast as SQS takes them]
    #[arg(long, value_name = "N", value_parser = super::rate)]
    pub(crate) rate: Option<f64>,
    /// Send no more than this many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "file")]
    pub(crate) limit: Option<u64>,
    /// Run events again that took effect already, or had this very --file: what they caused, they cause twice
    #[arg(long)]
    pub(crate) force: bool,
    /// The body that the event gets in place of its own; - is stdin
    #[arg(long, value_name = "FILE", requires = "event", conflicts_with = "rate")]
    pub(crate) file: Option<PathBuf>,
    /// The file need not be JSON
    #[arg(long, requires = "file")]
    pub(crate) raw: bool,
    /// Go on with this one, by its name in `weir dlq history`: its filter and options hold
    #[arg(long, value_name = "NAME", conflicts_with_all = RESUMED)]
    pub(crate) resume: Option<String>,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DlqDropArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Do it
    #[arg(long)]
    pub(crate) yes: bool,
    /// Everything, where no filter is given
    #[arg(long)]
    pub(crate) all: bool,
    /// Delete no more than this many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// The reason, for whoever looks for the event
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: Option<String>,
    /// First add each message to this file, a line of JSON each. Only its owner may read it: bodies are in there
    #[arg(long, value_name = "FILE")]
    pub(crate) keep: Option<PathBuf>,
    /// Go on with this one, by its name in `weir dlq history`: its filter and options hold
    #[arg(long, value_name = "NAME", conflicts_with_all = ["lane", "shop", "topic", "error", "older_than", "newer_than",
        "app", "state", "event", "limit", "all"])]
    pub(crate) resume: Option<String>,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

const RESUMED: [&str; 12] =
    ["lane", "shop", "topic", "error", "older_than", "newer_than", "app", "state", "event", "limit", "force", "file"];

#[derive(Debug, Args)]
pub(crate) struct DlqHistoryArgs {
    /// Only this one, and the events that it acted on
    pub(crate) name: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

/// Which messages: all of what is given must hold.
#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Which messages (default: all)")]
pub(crate) struct FilterArgs {
    /// Of this lane
    #[arg(long, value_name = "LANE", value_parser = super::lane())]
    pub(crate) lane: Option<Lane>,
    /// Of this shop
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) shop: Option<String>,
    /// Of this topic
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
    /// Whose last error has this in it, in whatever case
    #[arg(long, value_name = "TEXT")]
    pub(crate) error: Option<String>,
    /// Taken in longer ago than this, as 30m, 2h or 7d
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub(crate) older_than: Option<Duration>,
    /// Taken in since then
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub(crate) newer_than: Option<Duration>,
    /// Of this app
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,
    /// Whose event is in this state
    #[arg(long)]
    pub(crate) state: Option<StatusName>,
    /// This one: SHOP#ID, the webhook id alone, or sqs:ID
    #[arg(long, value_name = "ID")]
    pub(crate) event: Option<String>,
}

/// How a message stands to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusName {
    /// Its event failed
    Failed,
    /// Its event took effect: another copy was handled
    Done,
    /// A newer version of its resource came first
    Stale,
    /// A copy of it waits in its lane
    Parked,
    /// A worker acts on a copy of it now
    Leased,
    /// Its event was dropped, and this message of it is still there
    Dropped,
    /// Its event runs with another body
    Replaced,
    /// The event came with another body
    Mismatch,
    /// The ledger does not know it
    Unknown,
    /// It is no envelope
    Unreadable,
}

impl From<StatusName> for DeadLetterStatus {
    fn from(name: StatusName) -> Self {
        match name {
            StatusName::Failed => Self::Failed,
            StatusName::Done => Self::Done,
            StatusName::Stale => Self::Stale,
            StatusName::Parked => Self::Parked,
            StatusName::Leased => Self::Leased,
            StatusName::Dropped => Self::Dropped,
            StatusName::Replaced => Self::Replaced,
            StatusName::Mismatch => Self::Mismatch,
            StatusName::Unknown => Self::Unknown,
            StatusName::Unreadable => Self::Unreadable,
        }
    }
}

/// What makes a group.
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
