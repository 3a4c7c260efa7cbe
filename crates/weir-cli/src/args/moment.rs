//! A time as people give it.

use std::{str::FromStr, time::Duration};

use jiff::{Span, SpanRelativeTo, Timestamp};
use weir_core::UnixMillis;

/// A time, or how long ago it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    At(UnixMillis),
    Ago(Duration),
}

impl Moment {
    pub(crate) fn at(self, now: UnixMillis) -> UnixMillis {
        match self {
            Self::At(at) => at,
            Self::Ago(time) => now - time,
        }
    }
}

impl FromStr for Moment {
    type Err = &'static str;

    /// `2026-11-27T05:00:00Z`, any offset; `30m`, `2h`, `3 days`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let at = text.parse().ok().map(|at: Timestamp| Self::At(UnixMillis(at.as_millisecond())));
        let ago = || {
            let span = text.parse::<Span>().ok()?;
            let time = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
            Duration::try_from(time).ok().map(Self::Ago)
        };
        at.or_else(ago).ok_or("expected a time, as 2026-11-27T05:00:00Z, or how long ago, as 30m, 2h or 3d")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_given_by_the_clock_or_from_now() {
        let now = UnixMillis(1_795_755_600_000);
        for (text, expected) in [
            ("2026-11-27T05:00:00Z", now),
            ("2026-11-27T07:00:00.5+02:00", UnixMillis(now.0 + 500)),
            ("2h", UnixMillis(now.0 - 7_200_000)),
            ("1d 12h", UnixMillis(now.0 - 129_600_000)),
            ("0s", now),
        ] {
            assert_eq!(text.parse::<Moment>().map(|moment| moment.at(now)), Ok(expected), "{text}");
        }
        for text in ["", "yesterday", "2026-11-27", "-2h", "5", "1mo"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
