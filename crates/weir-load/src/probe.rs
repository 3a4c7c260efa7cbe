//! Where the fate of accepted events can be seen: the ledger and the lanes of a stack.

use std::time::Duration;

use futures_util::future::try_join_all;
use weir_aws::{DynamoLedger, QueueDepthError, QueueDepths, SdkConfig, ledger::ReadError};
use weir_core::ledger::{Key, Record};

/// A stack's ledger and lanes, for reading.
#[derive(Debug, Clone)]
pub struct LedgerProbe {
    ledger: DynamoLedger,
    depths: QueueDepths,
    /// The URLs of their queues.
    lanes: Vec<String>,
}

/// The ledger or a lane can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] ReadError),
    /// A lane.
    #[error(transparent)]
    Lane(#[from] QueueDepthError),
}

impl LedgerProbe {
    /// Reads the ledger in this table, and the lanes at these URLs.
    #[must_use]
    pub fn new(config: &SdkConfig, ledger_table: String, lanes: Vec<String>) -> Self {
        // It is only read: how long items are kept is of no use here.
        let ledger = DynamoLedger::new(config, ledger_table, Duration::ZERO);
        Self { ledger, depths: QueueDepths::new(config), lanes }
    }

    /// What the ledger knows of these events, those that it knows.
    ///
    /// # Errors
    /// If the ledger can't be read.
    pub async fn records(&self, keys: &[Key]) -> Result<Vec<Record>, ProbeError> {
        Ok(self.ledger.get_many(keys).await?)
    }

    /// How many messages the lanes hold, about: visible, with a worker, or delayed.
    ///
    /// # Errors
    /// If SQS does not say.
    pub async fn in_lanes(&self) -> Result<u64, ProbeError> {
        let depths = try_join_all(self.lanes.iter().map(|url| self.depths.of(url))).await?;
        Ok(depths.iter().map(|depth| depth.waiting + depth.in_flight + depth.delayed).sum())
    }
}
