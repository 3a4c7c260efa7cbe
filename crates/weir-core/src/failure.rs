//! Failures, classified once.

use std::time::Duration;

/// Why an event could not be handled, and so what happens next. The text goes into the ledger and to the
/// operator: it names what went wrong, never a body, a token or customer data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Trying again may help (time-out, 5xx, throttled): the message backs off.
    #[error("{0}")]
    Transient(String),
    /// A handler panicked: the message backs off, as for a transient failure. The panic's own text may quote customer
    /// data, so it is kept nowhere.
    #[error("{PANIC_REASON}")]
    Panic,
    /// What it needs is not there for a while (a circuit is open, a switch is off, a rate is spent): the message is
    /// parked, which uses up none of its receives.
    #[error("{reason}")]
    Outage {
        /// What is missing.
        reason: String,
        /// When to come back.
        retry_after: Duration,
        /// Whether somebody switched it off: then it may take longer than any outage.
        switched_off: bool,
    },
    /// AWS refuses the call because of permissions, names or shapes: no event is to blame, and waiting alone mends
    /// nothing. The message is parked as long as for a switch, and an alarm goes off at once.
    #[error("{0}")]
    Misconfigured(String),
    /// Trying again can't help (can't be parsed, rejected): recorded, then to the DLQ without slow retries.
    #[error("{0}")]
    Permanent(String),
}

/// The begin of every reason of [`Failure::Misconfigured`]: by it a reader of the ledger recognizes one.
pub const MISCONFIGURED: &str = "misconfigured: ";

/// The reason of [`Failure::Panic`].
const PANIC_REASON: &str = "a handler panicked: the log says where";

/// The longest error text that is kept, in bytes.
const MAX_TEXT: usize = 1000;

impl Failure {
    /// A failure that trying again may mend.
    pub fn transient(reason: impl std::fmt::Display) -> Self {
        Self::Transient(clip(reason.to_string()))
    }

    /// A failure that passes by itself, not before `retry_after`.
    pub fn outage(reason: impl std::fmt::Display, retry_after: Duration) -> Self {
        Self::Outage { reason: clip(reason.to_string()), retry_after, switched_off: false }
    }

    /// What somebody switched off, to be looked at again after `retry_after`.
    pub fn switched_off(reason: impl std::fmt::Display, retry_after: Duration) -> Self {
        Self::Outage { reason: clip(reason.to_string()), retry_after, switched_off: true }
    }

    /// A call that AWS refuses until somebody changes a permission, a name or a setting: `PutEvents on shop-bus:
    /// AccessDeniedException`.
    pub fn misconfigured(refusal: impl std::fmt::Display) -> Self {
        Self::Misconfigured(clip(format!("{MISCONFIGURED}{refusal}")))
    }

    /// A failure that trying again can't mend.
    pub fn permanent(reason: impl std::fmt::Display) -> Self {
        Self::Permanent(clip(reason.to_string()))
    }

    /// The reason.
    pub fn reason(&self) -> &str {
        match self {
            Self::Panic => PANIC_REASON,
            Self::Transient(reason)
            | Self::Permanent(reason)
            | Self::Misconfigured(reason)
            | Self::Outage { reason, .. } => reason,
        }
    }

    /// Whether trying again can't help.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Permanent(_))
    }
}

fn clip(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_reasons_are_cut_between_characters() {
        assert_eq!(Failure::transient("é".repeat(999)).reason().len(), 1000);
        assert_eq!(Failure::permanent("x".repeat(5000)).reason().len(), 1000);
        assert_eq!(Failure::outage("x".repeat(5000), Duration::ZERO).reason().len(), 1000);
    }
}
