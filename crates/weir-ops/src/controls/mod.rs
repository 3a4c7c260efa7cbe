//! What an operator switched off or limited while weir runs: one document in a parameter of SSM.
//!
//! A change is planned against the document that was read, shown as a [`Diff`], and then applied to that version alone.

mod diff;
mod shop;

use weir_aws::controls::{Parameter, ParameterError};
use weir_core::controls::{Absent, Controls, EntryError, MOST_BYTES};

pub use diff::Diff;
pub use shop::{ShopControls, ShopLimit};
pub use weir_aws::controls::Stored;

use crate::{Stack, StackError};

/// The parameter that holds a stack's controls.
#[derive(Debug, Clone)]
pub struct ControlsStore {
    parameter: Parameter,
}

/// A change of the document that was not made yet.
#[derive(Debug)]
pub struct Change {
    /// The version that it was planned against.
    pub version: i64,
    /// What it takes out and puts in.
    pub diff: Diff,
    text: String,
}

/// The controls can't be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ControlsError {
    /// SSM.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The document has mistakes, so that a part of it can't be changed.
    #[error("the document has mistakes")]
    Malformed(Vec<EntryError>),
    /// What was to be taken out is not there.
    #[error(transparent)]
    Absent(#[from] Absent),
    /// The change would make a document with mistakes.
    #[error("the changed document would not be valid")]
    Invalid(Vec<EntryError>),
    /// The change would make a document that does not fit into a parameter.
    #[error("the document would have {bytes} bytes, and a parameter holds {MOST_BYTES}")]
    TooLarge {
        /// How large it would be.
        bytes: usize,
    },
    /// The document changed since it was read.
    #[error("{name} is at version {found}, not {expected}: somebody changed it")]
    Changed {
        /// The parameter's name.
        name: String,
        /// The version that was read.
        expected: i64,
        /// The version that is there.
        found: i64,
    },
    /// The change was made, and another one at the same moment, which may be lost: SSM writes without conditions.
    #[error(
        "the change is made, as version {version}, but somebody else made one at the same moment, which may be lost"
    )]
    Raced {
        /// The parameter's name.
        name: String,
        /// The version of the change.
        version: i64,
    },
}

impl ControlsStore {
    /// That of a stack.
    ///
    /// # Errors
    /// If the stack lacks the output.
    pub fn of(stack: &Stack) -> Result<Self, StackError> {
        Ok(Self { parameter: Parameter::new(&stack.config, stack.output("ControlsParameter")?) })
    }

    /// The parameter's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.parameter.name()
    }

    /// Reads the document. The parameter is no resource of the stack, so that no deployment resets it: the first change
    /// creates it, and until then it is an empty document of version 0.
    ///
    /// # Errors
    /// If SSM does not answer.
    pub async fn read(&self) -> Result<Stored, ControlsError> {
        let stored = self.parameter.read().await?;
        Ok(stored.unwrap_or_else(|| Stored { text: Controls::default().to_text(), version: 0, written_at: None }))
    }

    /// Plans to put another document in place of the one that was read. With `expected`, only if it has that version.
    ///
    /// # Errors
    /// If the document would have mistakes or be too large, or the one that was read has another version.
    pub fn plan(&self, stored: &Stored, controls: &Controls, expected: Option<i64>) -> Result<Change, ControlsError> {
        let text = controls.to_text();
        // By the reader's own rules, which are those of whoever reads it next.
        Controls::parse(&text).map_err(ControlsError::Invalid)?;
        if text.len() > MOST_BYTES {
            return Err(ControlsError::TooLarge { bytes: text.len() });
        }
        if let Some(expected) = expected.filter(|expected| *expected != stored.version) {
            return Err(self.changed(expected, stored.version));
        }
        // What can't be read as a document is replaced line by line.
        let before = Controls::parse(&stored.text).map_or_else(|_| indented(&stored.text), |before| before.to_text());
        Ok(Change { version: stored.version, diff: Diff::between(&before, &text), text })
    }

    /// Makes a change, and returns the version that the document has then.
    ///
    /// SSM writes without conditions: a write of somebody else between the last read and this one is reported afterwards.
    ///
    /// # Errors
    /// If the document changed since the change was planned, or SSM does not answer.
    pub async fn apply(&self, change: &Change) -> Result<i64, ControlsError> {
        let found = self.read().await?.version;
        if found != change.version {
            return Err(self.changed(change.version, found));
        }
        let version = self.parameter.write(&change.text).await?;
        if version != change.version + 1 {
            return Err(ControlsError::Raced { name: self.name().to_owned(), version });
        }
        Ok(version)
    }

    fn changed(&self, expected: i64, found: i64) -> ControlsError {
        ControlsError::Changed { name: self.name().to_owned(), expected, found }
    }
}

/// The document that was read, with an edit.
///
/// # Errors
/// If it has mistakes, or what was to be taken out is not there.
pub fn edited(
    stored: &Stored,
    edit: impl FnOnce(&mut Controls) -> Result<(), Absent>,
) -> Result<Controls, ControlsError> {
    let mut controls = Controls::parse(&stored.text).map_err(ControlsError::Malformed)?;
    edit(&mut controls)?;
    Ok(controls)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!(" {line}\n")).collect()
}
