//! Where what became of events can be seen: the ledger and the lanes of a stack.

use aws_sdk_sqs::Client;
use futures_util::future::try_join_all;
use weir_aws::DynamoLedger;
use weir_ops::{Stack, StackError, health};

use super::{dev_file, local_config, reader};
use crate::hints;

/// A stack's ledger and lanes, and what to check when they can't be read.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) ledger: DynamoLedger,
    sqs: Client,
    /// The URLs of their queues.
    lanes: Vec<String>,
    hint: &'static str,
}

impl Evidence {
    /// The local stack's. `instead` names the flags that make it needless.
    pub(crate) fn local(instead: &str) -> anyhow::Result<Self> {
        let local = dev_file(instead)?;
        let config = local_config(&local.region, &local.aws_endpoint_url);
        Ok(Self {
            ledger: reader(&config, local.ledger_table),
            sqs: Client::new(&config),
            lanes: local.lanes.into_values().map(|urls| urls.queue_url).collect(),
            hint: hints::where_it_runs(true),
        })
    }

    /// A stack's that was named.
    pub(crate) fn of(stack: &Stack) -> Result<Self, StackError> {
        Ok(Self {
            ledger: reader(&stack.config, stack.output("LedgerTable")?),
            sqs: Client::new(&stack.config),
            lanes: stack.lanes()?.into_iter().map(|queues| queues.queue).collect(),
            hint: hints::of(stack),
        })
    }

    /// How many messages the lanes hold, about: visible, with a worker, or delayed.
    pub(crate) async fn in_lanes(&self) -> anyhow::Result<u64> {
        let counts = try_join_all(self.lanes.iter().map(|url| health::counts(&self.sqs, url))).await;
        Ok(counts.map_err(|error| self.failed(error))?.iter().flatten().sum())
    }

    /// The error, with what to check.
    pub(crate) fn failed(&self, error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
        hints::with(self.hint, error)
    }
}
