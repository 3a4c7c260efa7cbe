//! The command line of `weir status`.

use std::time::Duration;

use clap::Args;

use super::{StackArgs, time::length};

/// See on one screen whether the stack is healthy, and if not, where
///
/// Lanes and dead-letter queues, rates and latencies, circuits, cost budgets, what is switched off, and what drifted at
/// Shopify; then what needs a look, each with the command to begin with. Ends with status 0 whatever it finds.
///
/// On AWS, rates and latencies are CloudWatch's, a minute or two late. The local stack has no such metrics: they are made
/// from the lines of its functions' logs, of which CloudWatch would make them.
///
/// A look costs six requests of SQS, one of CloudWatch (a cent for a thousand metrics that are asked for), and reads the
/// table of shared documents, about a read unit for two shops that were called lately: with --watch it reads that table
/// every 30 seconds.
#[derive(Debug, Args)]
#[command(after_help = STATUS_HELP)]
pub(crate) struct StatusArgs {
    /// Stay, and look again and again, until q or Ctrl-C. With --json, a line each time
    #[arg(long)]
    pub(crate) watch: bool,
    /// How often to look again
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = length, requires = "watch")]
    pub(crate) every: Duration,
    /// The time that rates and latencies are of
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = length)]
    pub(crate) last: Duration,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

const STATUS_HELP: &str = "\
Examples:
  weir status
  weir status --watch
  weir status --stack weir --region eu-west-1 --last 1h
  weir status --json | jq -r .findings[].what";
