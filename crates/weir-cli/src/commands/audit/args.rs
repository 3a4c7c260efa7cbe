//! The options of `weir audit`.

use std::path::PathBuf;

use crate::args::{Moment, StackArgs};
use clap::Args;

/// Show the calls to the Admin API: by operation and shop, their cost, and redundant calls
///
/// Reads the log line of each attempt: from the log groups of the stack's functions and the calls of `weir` on this machine
/// (~/.local/state/weir/calls), or from a file. A call is redundant if the same call (operation, variables, shop, app)
/// succeeded within the minute before, and somebody waited for it. A cache or a shared fetch would avoid it. Repeats by
/// background work, such as the monitor's, are counted as polling.
///
/// CloudWatch Logs searches a megabyte a call, at five calls a second for an account: a day of a busy stack can take minutes.
#[derive(Debug, Args)]
#[command(after_help = AUDIT_HELP)]
pub(crate) struct AuditArgs {
    /// Read the log lines of this file; - is stdin. Other lines are skipped
    #[arg(long, value_name = "FILE", conflicts_with_all = ["stack", "since"])]
    pub(crate) file: Option<PathBuf>,
    /// Search the log groups since this time, or since so long ago
    #[arg(long, value_name = "TIME", default_value = "1h")]
    pub(crate) since: Moment,
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
