//! Why a part of the status could not be read.

use resilience::shared::SharedStateError;
use weir_aws::{QueueDepthError, controls::ParameterError, documents::DocumentError, ledger::ReadError};
use weir_core::controls;

use crate::StackError;

/// A part of the status could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// The stack.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// SQS did not count a queue's messages.
    #[error(transparent)]
    Queue(#[from] QueueDepthError),
    /// CloudWatch did not answer for the metrics.
    #[error("CloudWatch: {reason}")]
    Metrics {
        /// What CloudWatch said.
        reason: String,
    },
    /// CloudWatch Logs did not answer for the functions' logs.
    #[error("the functions' logs could not be read: {reason}")]
    Logs {
        /// What CloudWatch Logs said.
        reason: String,
    },
    /// The table of what processes share.
    #[error(transparent)]
    SharedState(#[from] SharedStateError),
    /// A document in that table.
    #[error("the document {name} is not what this version of weir writes")]
    Document {
        /// Its name.
        name: String,
        /// Why it can't be read.
        source: serde_json::Error,
    },
    /// The parameter of the controls.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The document of the controls.
    #[error(transparent)]
    Controls(#[from] controls::EntryError),
    /// The table of operations.
    #[error(transparent)]
    Operations(#[from] DocumentError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] ReadError),
}
