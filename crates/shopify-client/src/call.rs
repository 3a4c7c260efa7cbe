//! The circumstances of a call.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::budget::Priority;

/// Who calls, and how long it may take.
#[derive(Debug, Clone)]
pub struct Call {
    /// Whether somebody waits for it.
    pub priority: Priority,
    /// The end of the caller's time: of its invocation, say, less what it does afterwards. All waits and attempts
    /// together end before it.
    pub deadline: Instant,
}

impl Call {
    /// A call that somebody waits for.
    pub fn foreground(time: Duration) -> Self {
        Self { priority: Priority::Foreground, deadline: Instant::now() + time }
    }

    /// A call that nobody waits for.
    pub fn background(time: Duration) -> Self {
        Self { priority: Priority::Background, ..Self::foreground(time) }
    }

    /// The caller's time that is left.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// A key by which Shopify tells a repeated mutation, for 24 hours.
///
/// Made from what the mutation is for, never drawn: a redelivered event makes the same keys, so that what ran before
/// does not run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key of the `number`-th mutation that `purpose` makes for `event`.
    pub fn new(event: &str, purpose: &str, number: u32) -> Self {
        let mut hash = Sha256::new();
        for part in [event, purpose] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(number.to_be_bytes());
        let mut bytes: [u8; 16] = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        // A UUID of version 8, "custom": the form that Shopify recommends.
        bytes[6] = (bytes[6] & 0x0f) | 0x80;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
    }

    /// As it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<IdempotencyKey> for String {
    fn from(key: IdempotencyKey) -> Self {
        key.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_work_has_the_same_key_and_other_work_another() {
        let key = IdempotencyKey::new("a#1", "set", 0);
        assert_eq!(key, IdempotencyKey::new("a#1", "set", 0));
        for other in [("a#1", "set", 1), ("a#1", "adjust", 0), ("a#2", "set", 0), ("a#1s", "et", 0)] {
            assert_ne!(key, IdempotencyKey::new(other.0, other.1, other.2), "{other:?}");
        }
        let text = key.as_str();
        assert_eq!((text.len(), &text[14..15]), (36, "8"), "{text}");
    }
}
