//! A replay or a drop that begins, or is resumed: it is written down before the first message moves.

use weir_aws::operations::Stored;
use weir_core::UnixMillis;

use super::{
    backend::{DeadLetterBackend, StackBackend},
    error::DeadLetterError,
    operation::{Chunk, Journal, Operation, SHELF, name_at, shelf_of},
    replay::Written,
};

/// An operation that is written down, and can be run.
pub struct Started(pub(super) Written);

impl Started {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        &self.0.operation
    }

    /// The same, to change what it was asked for before it is resumed.
    pub fn operation_mut(&mut self) -> &mut Operation {
        &mut self.0.operation
    }

    /// What it acted on so far.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.0.journal
    }
}

/// An operation that somebody began; `None` if there is none of this name.
///
/// # Errors
/// If the table of operations can't be read.
pub async fn load(backend: &StackBackend, name: &str) -> Result<Option<Started>, DeadLetterError> {
    let Some(document) = backend.operations.get::<Operation>(SHELF, name).await? else { return Ok(None) };
    let mut journal = Journal::default();
    for chunk in backend.operations.list::<Chunk>(&shelf_of(name), false, usize::MAX).await? {
        journal.add(&chunk.value);
    }
    let (version, operation) = (document.version, document.value);
    Ok(Some(Started(Written { name: name.to_owned(), version, operation, journal })))
}

/// Writes down an operation that begins.
///
/// # Errors
/// If the table of operations does not take it.
pub async fn start(backend: &StackBackend, operation: Operation) -> Result<Started, DeadLetterError> {
    let name = name_at(operation.started_at);
    save(backend, Written { name, version: 0, operation, journal: Journal::default() }).await
}

/// Writes down that somebody resumes an operation.
///
/// # Errors
/// If somebody else did meanwhile, or the table of operations does not take it.
pub async fn resume(backend: &StackBackend, started: Started, by: String) -> Result<Started, DeadLetterError> {
    let Started(mut written) = started;
    written.operation.resume(by, UnixMillis::now());
    save(backend, written).await
}

async fn save(backend: &StackBackend, mut written: Written) -> Result<Started, DeadLetterError> {
    let expected = (written.version > 0).then_some(written.version);
    let stored = backend.save(&written.name, expected, &written.operation).await?;
    written.version = match stored {
        Stored::Written(version) => version,
        // A reply was lost: this very value is there.
        Stored::Lost(Some(there)) if there.value == written.operation => there.version,
        Stored::Lost(_) => return Err(DeadLetterError::TakenOver),
    };
    Ok(Started(written))
}
