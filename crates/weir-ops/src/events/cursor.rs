//! A place in a list of events.

use std::{fmt, str::FromStr};

use weir_aws::ledger::Position;
use weir_core::{UnixMillis, ledger::Key};

/// The place of an event: `{received, in ms}.{generation}.{shop}#{webhook id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventCursor {
    /// When the event was received.
    pub received_at: UnixMillis,
    /// The event.
    pub key: Key,
}

/// A text is no place in a list of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a cursor of a list of events")]
pub struct NotACursor;

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.received_at.0, self.key.generation, self.key.event)
    }
}

impl FromStr for EventCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (received_at, rest) = text.split_once('.')?;
            let (generation, event) = rest.split_once('.')?;
            let key = Key { event: event.to_owned(), generation: generation.parse().ok()? };
            event.contains('#').then_some(Self { received_at: UnixMillis(received_at.parse().ok()?), key })
        };
        read().ok_or(NotACursor)
    }
}

impl From<EventCursor> for Position {
    fn from(EventCursor { received_at, key }: EventCursor) -> Self {
        Self { received_at, key }
    }
}

impl From<&Position> for EventCursor {
    fn from(position: &Position) -> Self {
        Self { received_at: position.received_at, key: position.key.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_printed() {
        let key = Key { event: "north.myshopify.com#b54557e4.1".into(), generation: 2 };
        let cursor = EventCursor { received_at: UnixMillis(1_795_755_600_120), key };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "1", "1.2", "1.2.3", "x.0.a#b", "1.x.a#b"] {
            assert!(text.parse::<EventCursor>().is_err(), "{text}");
        }
    }
}
