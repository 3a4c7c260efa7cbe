//! Times for people: when it was, and how long ago.

use jiff::Timestamp;
use weir_core::UnixMillis;

use crate::commands::dlq::view::time;

/// `2026-11-27T05:00:00.120Z (3 min ago)`, of a time as JSON has it.
pub(crate) fn when(text: &str, now: UnixMillis) -> String {
    let Ok(at) = text.parse::<Timestamp>() else { return text.to_owned() };
    let at = UnixMillis(at.as_millisecond());
    match at > now {
        true => format!("{text} (in {})", time(at.since(now))),
        false => format!("{text} ({} ago)", time(now.since(at))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_by_the_clock_and_from_now() {
        let now = UnixMillis(1_795_755_600_000);
        assert_eq!(when("2026-11-27T04:57:00.000Z", now), "2026-11-27T04:57:00.000Z (3 min ago)");
        assert_eq!(when("2026-11-27T05:00:40Z", now), "2026-11-27T05:00:40Z (in 40 s)");
        assert_eq!(when("soon", now), "soon");
    }
}
