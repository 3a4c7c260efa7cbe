//! Versions of a resource, and which of two is the newer.

use std::{cmp::Ordering, fmt, time::Duration};

use jiff::Timestamp;

use crate::UnixMillis;

const SECOND: i128 = 1_000_000_000;

/// How long after a change Shopify triggers its events at most. A body without `updated_at` is known to be of a state
/// that was made within this time before its Triggered-At.
pub const TRIGGER_LAG: Duration = Duration::from_secs(2);

/// A version further ahead of the clock than this is a mistake. If it counted, every event of its resource would be older
/// until then.
pub const MAX_VERSION_LEAD: Duration = Duration::from_secs(24 * 3600);

/// Which state of a resource a body is of: its `updated_at`, then the event's Triggered-At. In nanoseconds since 1970.
///
/// Shopify's `updated_at` has whole seconds, and a resource may have several states within one: where it is equal,
/// Triggered-At decides, if both have one; else the two tie. A body without `updated_at` is compared with one that has
/// it by the spans of time in which their states can have been made: spans apart decide, else Triggered-At does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    updated_at: Option<i128>,
    triggered_at: Option<i128>,
}

impl Version {
    /// A version by what is known of it; `None` if that is neither.
    pub fn new(updated_at: Option<Timestamp>, triggered_at: Option<Timestamp>) -> Option<Self> {
        let version = Self {
            updated_at: updated_at.map(Timestamp::as_nanosecond),
            triggered_at: triggered_at.map(Timestamp::as_nanosecond),
        };
        (version.updated_at.is_some() || version.triggered_at.is_some()).then_some(version)
    }

    /// A version of which `updated_at` is known, and no Triggered-At.
    pub fn updated(at: Timestamp) -> Self {
        Self { updated_at: Some(at.as_nanosecond()), triggered_at: None }
    }

    /// The version of these nanoseconds; `None` if neither is known.
    pub fn from_nanoseconds(updated_at: Option<i128>, triggered_at: Option<i128>) -> Option<Self> {
        (updated_at.is_some() || triggered_at.is_some()).then_some(Self { updated_at, triggered_at })
    }

    /// The body's `updated_at`, which is signed.
    pub fn updated_at(&self) -> Option<i128> {
        self.updated_at
    }

    /// When Shopify triggered the event, which is not signed.
    pub fn triggered_at(&self) -> Option<i128> {
        self.triggered_at
    }

    /// The earliest time at which the state can have been made.
    pub fn earliest(&self) -> i128 {
        match (self.updated_at, self.triggered_at) {
            (Some(at), _) => at,
            (None, Some(at)) => at.saturating_sub(lag()),
            (None, None) => 0,
        }
    }

    /// The latest time at which the state can have been made.
    pub fn latest(&self) -> i128 {
        match (self.updated_at, self.triggered_at) {
            // Of a whole second, the rest may have been cut off.
            (Some(at), _) if at.rem_euclid(SECOND) == 0 => at.saturating_add(SECOND - 1),
            (Some(at), _) => at,
            (None, triggered_at) => triggered_at.unwrap_or_default(),
        }
    }

    /// Whether this is older or newer than another; `Equal` if nobody can tell.
    pub fn order(&self, other: &Self) -> Ordering {
        let by_time = match (self.updated_at, other.updated_at) {
            (Some(this), Some(other)) => this.cmp(&other),
            _ if self.latest() < other.earliest() => Ordering::Less,
            _ if other.latest() < self.earliest() => Ordering::Greater,
            _ => Ordering::Equal,
        };
        by_time.then_with(|| match (self.triggered_at, other.triggered_at) {
            (Some(this), Some(other)) => this.cmp(&other),
            _ => Ordering::Equal,
        })
    }

    /// Whether another is newer.
    pub fn is_older_than(&self, other: &Self) -> bool {
        self.order(other) == Ordering::Less
    }

    /// Whether this is newer.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        self.order(other) == Ordering::Greater
    }

    /// Whether both have the same `updated_at`.
    pub fn shares_updated_at(&self, other: &Self) -> bool {
        self.updated_at.is_some() && self.updated_at == other.updated_at
    }

    /// Whether the clock is so far behind `updated_at` that the version must be a mistake.
    pub fn is_far_ahead_of(&self, now: UnixMillis) -> bool {
        self.earliest() > last_believed(now)
    }

    /// The same of a body that was read from Shopify at this time, rather than triggered. Once the second of its
    /// `updated_at` is over, no later state of that second follows: it counts as triggered at its end.
    #[must_use]
    pub fn read_at(self, now: UnixMillis) -> Self {
        let is_over = self.updated_at.is_some() && self.latest() < i128::from(now.0) * 1_000_000;
        let end = is_over.then(|| self.latest());
        Self { triggered_at: self.triggered_at.or(end), ..self }
    }

    /// The same after another: whose Triggered-At is unknown, of that the last one that is known still counts.
    #[must_use]
    pub fn after(self, other: &Self) -> Self {
        Self { triggered_at: self.triggered_at.or(other.triggered_at), ..self }
    }

    /// The same without a Triggered-At that is far ahead of the clock.
    #[must_use]
    pub fn without_far_trigger(self, now: UnixMillis) -> Self {
        let triggered_at = self.triggered_at.filter(|at| *at <= last_believed(now) || self.updated_at.is_none());
        Self { triggered_at, ..self }
    }

    /// What the text of every version with this `updated_at` begins with.
    pub(crate) fn text_of_updated_at(&self) -> String {
        let Some(at) = self.updated_at else { return "/".to_owned() };
        match (at.div_euclid(SECOND), at.rem_euclid(SECOND)) {
            (second, 0) => format!("{second:010}/"),
            (second, rest) => format!("{second:010}.{rest:09}/"),
        }
    }

    /// Reads what [`Display`](fmt::Display) prints.
    pub(crate) fn parse(updated_at: &str, triggered_at: &str) -> Option<Self> {
        let updated_at = match updated_at.split_once('.') {
            _ if updated_at.is_empty() => None,
            None => Some(updated_at.parse::<i128>().ok()?.checked_mul(SECOND)?),
            Some((second, rest)) => {
                Some(second.parse::<i128>().ok()?.checked_mul(SECOND)?.checked_add(rest.parse().ok()?)?)
            }
        };
        let triggered_at = if triggered_at.is_empty() { None } else { Some(triggered_at.parse().ok()?) };
        (updated_at.is_some() || triggered_at.is_some()).then_some(Self { updated_at, triggered_at })
    }
}

fn lag() -> i128 {
    TRIGGER_LAG.as_nanos().try_into().unwrap_or(i128::MAX)
}

fn last_believed(now: UnixMillis) -> i128 {
    i128::from((now + MAX_VERSION_LEAD).0) * 1_000_000
}

/// `1795755605/1795755605100000000`: `updated_at` in seconds, Triggered-At in nanoseconds, empty where unknown. As texts,
/// versions of one resource sort by `updated_at`, then by Triggered-At, of which none comes first.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text_of_updated_at())?;
        self.triggered_at.map_or(Ok(()), |at| write!(f, "{at:019}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-27T05:00:{text}Z").parse().unwrap()
    }

    /// Seconds of `updated_at` and of Triggered-At; `-` for none.
    fn version(updated_at: &str, triggered_at: &str) -> Version {
        let read = |text: &str| (text != "-").then(|| at(text));
        Version::new(read(updated_at), read(triggered_at)).unwrap()
    }

    #[track_caller]
    fn check(older: (&str, &str), newer: (&str, &str), expected: Ordering) {
        let (older, newer) = (version(older.0, older.1), version(newer.0, newer.1));
        assert_eq!(older.order(&newer), expected, "{older} and {newer}");
        assert_eq!(newer.order(&older), expected.reverse(), "{newer} and {older}");
    }

    #[test]
    fn states_of_one_second_are_ordered_by_when_they_were_triggered() {
        check(("05", "05.1"), ("05", "05.4"), Ordering::Less);
        check(("05", "05.4"), ("05", "05.4"), Ordering::Equal);
        check(("05", "-"), ("05", "05.4"), Ordering::Equal);
        check(("05", "-"), ("05", "-"), Ordering::Equal);
    }

    #[test]
    fn the_signed_second_decides_before_the_unsigned_trigger() {
        check(("05", "09"), ("06", "06.1"), Ordering::Less);
        check(("05", "-"), ("06", "-"), Ordering::Less);
    }

    #[test]
    fn fractions_of_updated_at_decide_before_the_trigger() {
        check(("05.25", "06"), ("05.5", "05.6"), Ordering::Less);
        check(("05.5", "05.51"), ("05.5", "05.52"), Ordering::Less);
        check(("05", "05.7"), ("05.5", "05.6"), Ordering::Less);
        check(("05.5", "05.6"), ("06", "-"), Ordering::Less);
    }

    #[test]
    fn a_body_without_updated_at_is_compared_without_favouring_the_finer_clock() {
        check(("-", "05.2"), ("05", "05.7"), Ordering::Less);
        check(("05", "05.2"), ("-", "05.7"), Ordering::Less);
        check(("-", "06.01"), ("05", "06.05"), Ordering::Less);
        check(("-", "05.2"), ("05", "-"), Ordering::Equal);
        check(("-", "05.2"), ("06", "-"), Ordering::Less);
        check(("05", "-"), ("-", "08.5"), Ordering::Less);
        check(("-", "05.2"), ("-", "05.3"), Ordering::Less);
    }

    #[test]
    fn a_version_is_read_as_it_was_written() {
        for (updated_at, triggered_at) in [("05", "05.1"), ("05.25", "-"), ("-", "05.000000001"), ("05", "-")] {
            let version = version(updated_at, triggered_at);
            let text = version.to_string();
            let (updated, triggered) = text.split_once('/').unwrap();
            assert_eq!(Version::parse(updated, triggered), Some(version), "{text}");
            let again = Version::from_nanoseconds(version.updated_at(), version.triggered_at());
            assert_eq!(again, Some(version), "{text}");
        }
        assert_eq!(Version::from_nanoseconds(None, None), None);
        for (updated, triggered) in [("", ""), ("x", "1"), ("1.x", ""), ("1", "x"), (&"9".repeat(39), "")] {
            assert_eq!(Version::parse(updated, triggered), None, "{updated}/{triggered}");
        }
    }

    #[test]
    fn a_body_that_was_read_after_its_second_is_the_last_of_it() {
        let read = |now: &str| version("05", "-").read_at(UnixMillis(at(now).as_millisecond()));
        assert!(read("06").is_newer_than(&version("05", "05.9")) && read("06").is_older_than(&version("06", "06.1")));
        assert_eq!(read("05.9"), version("05", "-"), "more may follow");
        let triggered = version("05", "05.1");
        assert_eq!(triggered.read_at(UnixMillis(at("09").as_millisecond())), triggered);
    }

    #[test]
    fn texts_sort_by_update_and_then_by_trigger() {
        let ordered = [("05", "-"), ("05", "05.1"), ("05", "05.4"), ("06", "-"), ("06", "06.1")];
        let texts: Vec<_> =
            ordered.iter().map(|(updated, triggered)| version(updated, triggered).to_string()).collect();
        assert!(texts.is_sorted(), "{texts:?}");
    }

    #[test]
    fn a_version_over_a_day_ahead_is_not_believed() {
        let now = UnixMillis(at("00").as_millisecond());
        let ahead = |hours: i64, seconds: i64| at("00") + jiff::SignedDuration::from_secs(hours * 3600 + seconds);
        assert!(!Version::updated(ahead(24, 0)).is_far_ahead_of(now));
        assert!(Version::updated(ahead(24, 1)).is_far_ahead_of(now));
        let unsigned = Version::new(None, Some(ahead(25, 0))).unwrap();
        assert!(unsigned.is_far_ahead_of(now));
        let version = Version::new(Some(at("05")), Some(ahead(25, 0))).unwrap();
        assert_eq!(version.without_far_trigger(now), Version::updated(at("05")));
        assert!(!version.is_far_ahead_of(now));
    }
}
