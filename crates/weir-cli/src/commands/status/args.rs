//! The options of `weir status`.

use std::time::Duration;

use clap::Args;

use crate::args::{Moment, StackArgs, length};

/// Show the health of the stack on one screen, with findings and first commands
///
/// Shows lanes and dead-letter queues, rates and latencies, circuits, cost budgets, switches and drifted subscriptions.
/// Findings follow, each with the command to begin with. The exit status is 3 if there are findings; with --watch it is 0.
///
/// On AWS, rates and latencies come from CloudWatch, a minute or two late. For the local stack they are computed from the
/// metric lines of the functions' logs.
///
/// A refresh makes six requests to SQS and one to CloudWatch (a cent for a thousand metrics). It also reads the table of
/// shared documents, about a read unit for two recently called shops; with --watch, every 30 seconds.
#[derive(Debug, Args)]
#[command(after_help = STATUS_HELP)]
pub(crate) struct StatusArgs {
    /// Refresh until q or Ctrl-C. With --json, print a line for each refresh
    #[arg(long)]
    pub(crate) watch: bool,
    /// Time between refreshes
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = length, requires = "watch")]
    pub(crate) every: Duration,
    /// Begin of the period of the rates and latencies: a time, or how long ago
    #[arg(long, value_name = "TIME", default_value = "15m")]
    pub(crate) since: Moment,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

const STATUS_HELP: &str = "\
Examples:
  weir status
  weir status --watch
  weir status --stack weir --region eu-west-1 --since 1h
  weir status --json | jq -r '.findings[].what'
  weir status > /dev/null || echo 'weir needs attention'";
