//! A place in a list of events.

use std::{fmt, str::FromStr};

use weir_core::{UnixMillis, ledger::Key};

/// That of an event: `{received, in ms}.{generation}.{shop}#{webhook id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) received_at: UnixMillis,
    pub(crate) key: Key,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.received_at.0, self.key.generation, self.key.event)
    }
}

impl FromStr for Cursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (received_at, rest) = text.split_once('.')?;
            let (generation, event) = rest.split_once('.')?;
            let key = Key { event: event.to_owned(), generation: generation.parse().ok()? };
            event.contains('#').then_some(Self { received_at: UnixMillis(received_at.parse().ok()?), key })
        };
        read().ok_or("expected the place that the page before printed, in quotes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_printed() {
        let key = Key { event: "north.myshopify.com#b54557e4.1".into(), generation: 2 };
        let cursor = Cursor { received_at: UnixMillis(1_795_755_600_120), key };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "1", "1.2", "1.2.3", "x.0.a#b", "1.x.a#b"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
