//! What can go wrong around a bulk operation.

use std::time::Duration;

use crate::{Error, Kind, Retry, transport::TransportError};

/// A bulk operation, or the reading of its result, did not get on.
///
/// Shows no address and nothing of a result: the ones are signed, the others customers' data.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// A call of the Admin API failed.
    #[error(transparent)]
    Call(Box<Error>),
    /// It takes longer than the caller has.
    #[error("{what}: come back in {} s", .after.as_secs())]
    NotYet {
        /// What it waits for.
        what: &'static str,
        /// When it is worth coming back.
        after: Duration,
    },
    /// Shopify knows no such operation.
    #[error("the shop has no bulk operation {0}: it was made by another app, or is too old")]
    Unknown(String),
    /// Shopify answered without an operation and without an error.
    #[error(
        "Shopify did not say which operation it started: look at the shop's bulk operations before starting it again"
    )]
    NotStarted,
    /// The file to upload is too large.
    #[error("the file has {0} bytes, and Shopify takes {max} at most: split it", max = super::MOST_UPLOAD_BYTES)]
    TooLarge(u64),
    /// Shopify gave no place to upload to, or one that can't be used.
    #[error("Shopify gave no place for the upload: {0}")]
    NoPlace(&'static str),
    /// The file could not be uploaded.
    #[error("the upload failed: {0}")]
    Upload(Exchange),
    /// The result could not be read to its end.
    #[error("the result broke off after {got} bytes: {last}")]
    Download {
        /// Bytes that came, over all attempts.
        got: u64,
        /// What the last attempt met.
        last: Exchange,
    },
    /// The result ends before its end.
    #[error("the result is cut off: {got} of {expected} {unit} came, and asking for the rest brought nothing")]
    Truncated {
        /// What came.
        got: u64,
        /// What Shopify announced.
        expected: u64,
        /// `bytes` or `objects`.
        unit: &'static str,
    },
    /// The addresses of a result live seven days.
    #[error("the result's address has expired, and the operation has no other: run it again")]
    Expired,
    /// The file at the address is another one than the one whose beginning was read.
    #[error("the result changed while it was read: read it again from its beginning")]
    Changed,
    /// A line that can't be read.
    #[error(transparent)]
    Line(#[from] LineError),
}

/// An exchange with the place where files lie, which is not the Admin API.
#[derive(Debug, thiserror::Error)]
pub enum Exchange {
    /// No whole answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// An answer, but not the one hoped for.
    #[error("HTTP {0}")]
    Status(u16),
    /// It ended early.
    #[error("it ended early")]
    Early,
}

/// A line of a result that can't be read. Names the line, never what is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number} of the result, at column {column}: {fault}")]
pub struct LineError {
    /// Counted from one.
    pub number: u64,
    /// Counted from one; 0 if it is about the whole line.
    pub column: usize,
    /// What is wrong.
    pub fault: LineFault,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// No JSON object.
    #[error("it is not JSON, or cut off")]
    Syntax,
    /// JSON of another shape.
    #[error("its {} has another shape than expected", .0.as_deref().unwrap_or("object"))]
    Shape(Option<String>),
    /// Longer than any line that is read.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    /// A child whose parent is not there.
    #[error("it is a child away from its parent: start the query with `Order::Grouped`")]
    Ungrouped,
}

impl From<Error> for BulkError {
    fn from(error: Error) -> Self {
        Self::Call(Box::new(error))
    }
}

impl BulkError {
    /// Whether and when it may be tried again.
    pub fn retry(&self) -> Retry {
        /// What a park lasts where nothing better is known.
        const PARK: Duration = Duration::from_secs(60);
        match self {
            Self::Call(error) => error.retry,
            Self::NotYet { after, .. } => Retry::After(*after),
            Self::Upload(exchange) | Self::Download { last: exchange, .. } => match exchange {
                Exchange::Status(status) if !is_passing(*status) => Retry::Never,
                _ => Retry::After(PARK),
            },
            Self::Truncated { .. } | Self::Changed => Retry::After(PARK),
            _ => Retry::Never,
        }
    }

    /// Whether Shopify runs as many operations as it does at a time.
    pub(super) fn is_busy(&self) -> bool {
        const BUSY: [&str; 2] = ["OPERATION_IN_PROGRESS", "LIMIT_REACHED"];
        let Self::Call(error) = self else { return false };
        let Kind::UserErrors(errors) = &error.kind else { return false };
        errors.iter().any(|error| error.code.as_deref().is_some_and(|code| BUSY.contains(&code)))
    }
}

/// Whether a status says that the same may succeed later.
pub(super) fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}
