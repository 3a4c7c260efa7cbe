//! The command line of `weir dlq`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};

use super::{StackArgs, StateName, audit::since, rate};

/// Dead-letter queues: what lies there and why, and how it comes back
///
/// SQS has no index of a queue: to look at messages is to receive them. They are hidden meanwhile (from other operators
/// too) and given back at the end; if the command is killed, they come back by themselves within a quarter of an hour.
#[derive(Debug, Args)]
pub(crate) struct DlqArgs {
    #[command(subcommand)]
    pub(crate) command: DlqCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    /// List dead-lettered events, grouped by what went wrong
    #[command(after_help = LIST_HELP)]
    List(DlqListArgs),
    /// Show one dead-lettered event: its envelope, and what the ledger knows
    #[command(after_help = SHOW_HELP)]
    Show(DlqShowArgs),
    /// Send dead-lettered events back to their lanes. Without --yes, only say what would be sent
    ///
    /// A message is deleted only once its lane has it. Killed in between, it is in both: replay again, and the ledger lets
    /// the event take effect once. Each replay that acts is recorded: who, when, what, and how it ended.
    #[command(after_help = REPLAY_HELP)]
    Replay(DlqReplayArgs),
    /// Delete dead-lettered events for good. Without --yes, only say what would be deleted
    #[command(after_help = DROP_HELP)]
    Drop(DlqDropArgs),
    /// List the replays and drops of the past: who, when, what, and how they ended
    #[command(after_help = "Examples:\n  weir dlq history\n  weir dlq history --limit 100 --json")]
    History(DlqHistoryArgs),
}

const LIST_HELP: &str = "\
Examples:
  weir dlq list
  weir dlq list --lane standard --error timeout
  weir dlq list --shop north.myshopify.com --older-than 2h --json";

const SHOW_HELP: &str = "\
Examples:
  weir dlq show 'north.myshopify.com#b54557e4-bdd9-4b37-8a5f-bf7d70bcd043'
  weir dlq show 'north.myshopify.com#b54557e4-bdd9-4b37-8a5f-bf7d70bcd043' --body > body.json";

const REPLAY_HELP: &str = "\
Examples:
  weir dlq replay --error timeout                        what would be sent
  weir dlq replay --error timeout --yes --rate 50        send it, 50 a second
  weir dlq replay --resume 20261127T050000-1f3a --yes    go on where that one ended
  weir dlq replay --event 'SHOP#ID' --force --yes        run it again although it is done
  weir dlq replay --event 'SHOP#ID' --file fixed.json --yes";

const DROP_HELP: &str = "\
Examples:
  weir dlq drop --topic carts/update --older-than 3d     what would be deleted
  weir dlq drop --topic carts/update --older-than 3d --keep carts.jsonl --yes";

#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Which events (default: all)")]
pub(crate) struct DlqFilterArgs {
    /// Only this lane's
    #[arg(long, value_name = "LANE", value_parser = lane)]
    pub(crate) lane: Option<weir_core::Lane>,
    /// Only this shop's
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) shop: Option<String>,
    /// Only this topic's
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
    /// Only this app's
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,
    /// Only those whose last error has this in it, in any case
    #[arg(long, value_name = "TEXT")]
    pub(crate) error: Option<String>,
    /// Only those that the ledger has in this state
    #[arg(long)]
    pub(crate) state: Option<StateName>,
    /// Only those that came in longer ago
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(crate) older_than: Option<Duration>,
    /// Only those that came in within this time
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(crate) newer_than: Option<Duration>,
    /// Only this one: SHOP#ID
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DlqListArgs {
    #[command(flatten)]
    pub(crate) filter: DlqFilterArgs,
    /// List each event, not only groups: so many at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) each: Option<u32>,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DlqShowArgs {
    /// SHOP#ID, as `weir dlq list --each 20` prints it
    pub(crate) event: String,
    /// Print the body alone, byte for byte. It holds customers' data
    #[arg(long)]
    pub(crate) body: bool,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DlqReplayArgs {
    #[command(flatten)]
    pub(crate) filter: DlqFilterArgs,
    /// Do it
    #[arg(long)]
    pub(crate) yes: bool,
    /// No more than so many a second [default: as fast as SQS takes them]
    #[arg(long, value_name = "N", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Stop after so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Run them even if they are done: as a later generation. What they do is then done twice
    #[arg(long)]
    pub(crate) force: bool,
    /// Send this file's bytes as the body, as a later generation; - is stdin
    #[arg(long, value_name = "FILE", requires = "event", conflicts_with = "force")]
    pub(crate) file: Option<PathBuf>,
    /// Go on with a replay that was stopped, as `weir dlq history` names it: its filter, its options
    #[arg(
        long,
        value_name = "OPERATION",
        conflicts_with_all = ["lane", "shop", "topic", "app", "error", "state", "older_than", "newer_than", "event", "file", "force"]
    )]
    pub(crate) resume: Option<String>,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DlqDropArgs {
    #[command(flatten)]
    pub(crate) filter: DlqFilterArgs,
    /// Do it
    #[arg(long)]
    pub(crate) yes: bool,
    /// Without any filter: everything
    #[arg(long)]
    pub(crate) all: bool,
    /// Write each message to this new file first, a line of JSON each. It holds customers' data
    #[arg(long, value_name = "FILE")]
    pub(crate) keep: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DlqHistoryArgs {
    /// How many at most, the latest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

fn lane(text: &str) -> Result<weir_core::Lane, String> {
    text.parse().map_err(|_| format!("expected one of {}", weir_core::Lane::ALL.map(|lane| lane.as_str()).join(", ")))
}
