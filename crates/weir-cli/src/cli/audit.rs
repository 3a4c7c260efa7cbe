//! The command line of `weir audit`.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use jiff::{Span, SpanRelativeTo};

use super::StackArgs;

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
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = since)]
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

/// `30m`, `1h`, `2 days`.
pub(super) fn since(text: &str) -> Result<Duration, &'static str> {
    let span = text.parse::<Span>().ok();
    let time = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let time = time.and_then(|time| Duration::try_from(time).ok());
    time.filter(|time| !time.is_zero()).ok_or("expected a time, as 30m, 1h or 2d")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_with_its_unit() {
        for (text, seconds) in
            [("90s", 90), ("30m", 1_800), ("1h", 3_600), ("1h 30m", 5_400), ("2d", 172_800), ("1w", 604_800)]
        {
            assert_eq!(since(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "1", "-1h", "0s", "soon", "1mo", "99999999999999999999h"] {
            assert!(since(text).is_err(), "{text}");
        }
    }
}
