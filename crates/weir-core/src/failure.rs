//! Failures, classified once.

/// Why an event could not be handled, and so what happens next. The text goes into the ledger and to the
/// operator: it names what went wrong, never a body, a token or customer data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Trying again may help (time-out, 5xx, throttled): the message backs off.
    #[error("{0}")]
    Transient(String),
    /// Trying again can't help (can't be parsed, rejected): recorded, then to the DLQ without slow retries.
    #[error("{0}")]
    Permanent(String),
}

/// The longest error text that is kept, in bytes.
const MAX_TEXT: usize = 1000;

impl Failure {
    /// A failure that trying again may mend.
    pub fn transient(reason: impl std::fmt::Display) -> Self {
        Self::Transient(clip(reason.to_string()))
    }

    /// A failure that trying again can't mend.
    pub fn permanent(reason: impl std::fmt::Display) -> Self {
        Self::Permanent(clip(reason.to_string()))
    }

    /// The reason.
    pub fn reason(&self) -> &str {
        match self {
            Self::Transient(reason) | Self::Permanent(reason) => reason,
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
    }
}
