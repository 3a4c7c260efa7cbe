//! What goes wrong outside.

use weir_aws::{dead_letters::QueueError, ledger::ReadError, operations::OperationsError};
use weir_ops::Stack;

use crate::hints::{self, hint_for};

/// A sweep can't go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// A queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] ReadError),
    /// Where operations are written down.
    #[error(transparent)]
    Operations(#[from] OperationsError),
    /// The file for what is dropped.
    #[error("could not write {path}")]
    Keep {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Somebody resumed the operation meanwhile.
    #[error("somebody else goes on with this operation: it was left to them")]
    TakenOver,
}

impl Problem {
    /// The error, with what to do.
    pub(crate) fn at(self, place: &Stack) -> anyhow::Error {
        let said = self.to_string();
        let hint = match &self {
            Self::TakenOver => "`weir dlq history` tells who".to_owned(),
            Self::Keep { .. } => "nothing is deleted that could not be kept: name another file with --keep".to_owned(),
            _ => hint_for(&said, hints::of(place)),
        };
        anyhow::Error::new(self).context(format!("{said}\nhint: {hint}"))
    }
}
