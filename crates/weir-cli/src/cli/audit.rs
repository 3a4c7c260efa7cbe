//! The command line of `weir audit`.

use std::{path::PathBuf, time::Duration};

use super::{StackArgs, time::length};
use clap::Args;

/// Show what was asked of Shopify: by operation and shop, what it cost, and what was asked twice
///
/// Reads the lines that the Shopify client logs at each attempt, from the log groups of the stack's functions or from a
/// file. A call is redundant if the same one (operation, variables, shop, app) had succeeded within the minute before: a
/// cache or a shared fetch would have spared it, or, if it waits for something to end, a longer pause.
///
/// CloudWatch Logs searches a megabyte a call, and takes five calls a second from an account: of a stack that logs much,
/// a day may take minutes.
#[derive(Debug, Args)]
#[command(after_help = AUDIT_HELP)]
pub(crate) struct AuditArgs {
    /// Read this file's log lines; - is stdin. Lines that tell of something else are passed over
    #[arg(long, value_name = "FILE", conflicts_with_all = ["stack", "since"])]
    pub(crate) file: Option<PathBuf>,
    /// How far back to look in the log groups
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = length)]
    pub(crate) since: Duration,
    #[command(flatten)]
    pub(crate) source: StackArgs,
}

const AUDIT_HELP: &str = "\
Examples:
  weir audit
  weir audit --stack weir --region eu-west-1 --since 1d
  weir audit --file calls.log
  aws logs tail /aws/lambda/weir/worker-bulk --since 2h --format short | weir audit --file -
  weir audit --json | jq .redundant";
