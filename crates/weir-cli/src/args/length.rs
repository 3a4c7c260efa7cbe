//! Lengths of time, as people write them.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// `30m`, `1h`, `2 days`.
pub(crate) fn length(text: &str) -> Result<Duration, &'static str> {
    let span = text.parse::<Span>().ok();
    let time = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let time = time.and_then(|time| Duration::try_from(time).ok());
    time.filter(|time| !time.is_zero()).ok_or("expected a time, as 30m, 1h or 2d")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_with_its_unit() {
        for (text, seconds) in
            [("90s", 90), ("30m", 1_800), ("1h", 3_600), ("1h 30m", 5_400), ("2d", 172_800), ("1w", 604_800)]
        {
            assert_eq!(length(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "1", "-1h", "0s", "soon", "1mo", "99999999999999999999h"] {
            assert!(length(text).is_err(), "{text}");
        }
    }
}
