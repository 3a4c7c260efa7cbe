//! The stack that a command acts on.

use clap::Args;

/// A stack.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Which stack (default: the local one)")]
pub(crate) struct StackArgs {
    /// Name of a CloudFormation stack on AWS
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// AWS region [default: that of the AWS CLI]
    #[arg(long, value_name = "REGION", requires = "stack")]
    pub(crate) region: Option<String>,
    /// Profile of ~/.aws [default: that of the AWS CLI]
    #[arg(long, value_name = "NAME", requires = "stack")]
    pub(crate) profile: Option<String>,
}

/// Whose ledger is read.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Which ledger (default: the local stack's)")]
pub(crate) struct LedgerArgs {
    /// The ledger of this CloudFormation stack on AWS
    #[arg(long, value_name = "NAME", conflicts_with = "table")]
    pub(crate) stack: Option<String>,
    /// This DynamoDB table on AWS [env: WEIR_LEDGER_TABLE]
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// AWS region [default: that of the AWS CLI]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Profile of ~/.aws [default: that of the AWS CLI]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}
