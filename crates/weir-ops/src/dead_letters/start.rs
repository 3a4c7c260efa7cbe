//! A replay or a drop that begins, or is resumed: it is written down before the first message moves.

use weir_core::UnixMillis;
use weir_jobs::ClaimedJob;

use super::{
    backend::StackBackend,
    error::DeadLetterError,
    operation::{ClaimedOperation, Journal, Operation},
};

/// An operation that is written down, and can be run.
pub struct Started {
    pub(super) claimed: ClaimedOperation,
    pub(super) journal: Journal,
}

impl Started {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.claimed.name()
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        &self.claimed.job
    }

    /// The same, to change what it was asked for before it is resumed.
    pub fn operation_mut(&mut self) -> &mut Operation {
        &mut self.claimed.job
    }

    /// What it acted on so far.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }
}

/// An operation that somebody began; `None` if there is none of this name.
///
/// # Errors
/// If the table of operations can't be read.
pub async fn load(backend: &StackBackend, name: &str) -> Result<Option<Started>, DeadLetterError> {
    let Some((claimed, chunks)) = ClaimedJob::load(&backend.jobs, name).await? else { return Ok(None) };
    let mut journal = Journal::default();
    chunks.iter().for_each(|chunk| journal.add(chunk));
    Ok(Some(Started { claimed, journal }))
}

/// Writes down an operation that begins.
///
/// # Errors
/// If the table of operations does not take it.
pub async fn start(backend: &StackBackend, operation: Operation) -> Result<Started, DeadLetterError> {
    let claimed = ClaimedJob::start(backend, operation).await?;
    Ok(Started { claimed, journal: Journal::default() })
}

/// Writes down that somebody resumes an operation.
///
/// # Errors
/// If somebody else did meanwhile, or the table of operations does not take it.
pub async fn resume(backend: &StackBackend, mut started: Started, by: String) -> Result<Started, DeadLetterError> {
    started.claimed.resume(backend, by, UnixMillis::now()).await?;
    Ok(started)
}
