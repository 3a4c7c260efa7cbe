//! Why dead letters can't be read or acted on.

use weir_aws::{dead_letters::QueueError, documents::DocumentError, ledger::ReadError};
use weir_jobs::JobError;

/// Dead letters can't be read or acted on.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// A queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] ReadError),
    /// Where operations are written down.
    #[error(transparent)]
    Operations(#[from] DocumentError),
    /// The file that messages are exported to.
    #[error("could not write {path}")]
    Export {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Somebody resumed the operation meanwhile.
    #[error("another process continues this operation: nothing was changed here")]
    TakenOver,
}

impl From<JobError> for DeadLetterError {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Store(error) => Self::Operations(error),
            JobError::TakenOver => Self::TakenOver,
        }
    }
}
