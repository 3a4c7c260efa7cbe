//! The options of `weir check`.

use std::time::Duration;

use clap::Args;

use crate::args::length;

/// Check that a stack that was just deployed can do its work, or that an account can take one
///
/// Compares the account's quotas with the stack, simulates the permissions of each function, looks at event sources, rules
/// of the bus, alarms, switches and subscriptions, and names what costs money while nothing comes.
///
/// It also sends signed webhooks through every lane to the bus, one of them with 300 KB, and one with a wrong signature.
/// They are marked as a test. No handler and no rule for source `weir` takes them; the ledger shows them as those of
/// weir-check.myshopify.com. Nothing else is changed.
///
/// Each finding says what was seen and what to do. A check that these credentials may not make is a remark.
///
/// With --before it looks at the account, the region and the stack's name before the first deployment, and sends nothing.
#[derive(Debug, Args)]
#[command(after_help = CHECK_HELP)]
pub(crate) struct CheckArgs {
    /// Send no webhooks
    #[arg(long)]
    pub(crate) no_delivery: bool,
    /// Name of the environment variable that has the client secret to sign with [default: the newest that the stack has]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["before", "no_delivery"])]
    pub(crate) secret_env: Option<String>,
    /// How long the webhooks may take to their end
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = length, conflicts_with = "before")]
    pub(crate) timeout: Duration,
    /// Look at the account and the region of a stack that is not deployed yet
    #[arg(long)]
    pub(crate) before: bool,
    /// Parameter that the deployment will set, such as StandardConcurrency=20; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", requires = "before", value_parser = parameter)]
    pub(crate) parameters: Vec<(String, String)>,
    /// Name of a CloudFormation stack on AWS [default: the local stack; with --before: weir]
    #[arg(long, value_name = "NAME", help_heading = WHICH)]
    pub(crate) stack: Option<String>,
    /// AWS region [default: that of the AWS CLI]
    #[arg(long, value_name = "REGION", help_heading = WHICH)]
    pub(crate) region: Option<String>,
    /// Profile of ~/.aws [default: that of the AWS CLI]
    #[arg(long, value_name = "NAME", help_heading = WHICH)]
    pub(crate) profile: Option<String>,
}

const WHICH: &str = "Which stack";

const CHECK_HELP: &str = "\
Exit status: 0 if nothing has to be done, whatever the remarks; 3 if something has to; 1 if nothing could be checked.

Examples:
  weir check
  weir check --before --region eu-central-1 --parameter StandardConcurrency=20
  weir check --stack weir --region eu-central-1
  weir check --stack weir --no-delivery
  weir check --stack weir --json | jq -r '.findings[] | select(.severity == \"must\") | .then'";

fn parameter(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as StandardConcurrency=20")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_is_a_name_and_a_value() {
        assert_eq!(parameter("A=1=2"), Ok(("A".to_owned(), "1=2".to_owned())));
        assert_eq!(parameter("A="), Ok(("A".to_owned(), String::new())));
        assert!(parameter("A").is_err());
    }
}
