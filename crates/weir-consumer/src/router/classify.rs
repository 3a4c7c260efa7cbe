//! From any error to a failure that says what happens next.

use std::fmt::Display;

use weir_core::Failure;

/// Turns an error into a [`Failure`] where it is known which: `request.send().await.transient()?`.
///
/// The error's text goes into the ledger and to the operator: mind what it quotes.
pub trait Classify<T> {
    /// Trying again may help: the message backs off and comes back.
    fn transient(self) -> Result<T, Failure>;

    /// Trying again can't help: the message goes to the DLQ.
    fn permanent(self) -> Result<T, Failure>;
}

impl<T, E: Display> Classify<T> for Result<T, E> {
    fn transient(self) -> Result<T, Failure> {
        self.map_err(Failure::transient)
    }

    fn permanent(self) -> Result<T, Failure> {
        self.map_err(Failure::permanent)
    }
}
