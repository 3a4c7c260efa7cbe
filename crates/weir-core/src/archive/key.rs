//! Names of objects: `bodies/shop=SHOP/hour=2026-11-27-05/1795755600120-1795755612345-9f86d081884c7d65.jsonl.gz`.
//!
//! Athena takes `shop` and `hour` from the name for columns.

use std::fmt;

use shopify_webhook::EventShop;

use crate::UnixMillis;

/// The first part of every name.
const FOLDER: &str = "bodies";

/// The last part of every name.
const SUFFIX: &str = ".jsonl.gz";

const MILLIS_AN_HOUR: i64 = 3_600_000;

/// An hour of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(i64);

impl Hour {
    /// The hour that a time is in.
    pub fn of(at: UnixMillis) -> Self {
        Self(at.0.div_euclid(MILLIS_AN_HOUR))
    }

    /// The hour after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// What the names of a shop's objects of this hour begin with. `shop` must be a shop's domain.
    pub fn prefix(self, shop: &EventShop) -> String {
        format!("{FOLDER}/shop={shop}/hour={self}/")
    }
}

impl fmt::Display for Hour {
    /// `2026-11-27-05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `2026-11-27T05:00:00.000Z`, for every time that ingest can have.
        let at = UnixMillis(self.0.saturating_mul(MILLIS_AN_HOUR)).to_string();
        match at.split_once(':').and_then(|(hour, _)| hour.split_once('T')) {
            Some((day, hour)) => write!(f, "{day}-{hour}"),
            None => write!(f, "{}", self.0),
        }
    }
}

/// The name of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectKey {
    /// The shop's domain.
    pub shop: EventShop,
    /// When weir received the first of its events.
    pub first: UnixMillis,
    /// When weir received the last of them: in the same hour.
    pub last: UnixMillis,
    /// Tells it from other batches: a hash of its events, so that the same batch makes the same object again.
    pub batch: String,
}

impl ObjectKey {
    /// Reads a name.
    pub fn parse(key: &str) -> Option<Self> {
        let mut parts = key.strip_prefix(FOLDER)?.strip_prefix('/')?.splitn(3, '/');
        let shop = parts.next()?.strip_prefix("shop=")?;
        parts.next()?.strip_prefix("hour=")?;
        let mut name = parts.next()?.strip_suffix(SUFFIX)?.splitn(3, '-');
        let mut millis = || Some(UnixMillis(name.next()?.parse().ok()?));
        let (first, last) = (millis()?, millis()?);
        Some(Self { shop: EventShop::from_stored(shop), first, last, batch: name.next()?.to_owned() })
    }

    /// Whether an event that was received within this time can be in it.
    pub fn may_have(&self, since: UnixMillis, until: UnixMillis) -> bool {
        self.first <= until && since <= self.last
    }

    /// For how many milliseconds its events came.
    pub fn span_ms(&self) -> i64 {
        self.last.0.saturating_sub(self.first.0)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = Hour::of(self.first).prefix(&self.shop);
        write!(f, "{prefix}{}-{}-{}{SUFFIX}", self.first.0, self.last.0, self.batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: UnixMillis = UnixMillis(1_795_755_600_120);

    fn key() -> ObjectKey {
        ObjectKey {
            shop: EventShop::from_stored("north.myshopify.com"),
            first: AT,
            last: UnixMillis(AT.0 + 12_225),
            batch: "9f86".into(),
        }
    }

    #[test]
    fn key_is_read_as_it_was_written() {
        let written = key().to_string();
        assert_eq!(
            written,
            "bodies/shop=north.myshopify.com/hour=2026-11-27-05/1795755600120-1795755612345-9f86.jsonl.gz"
        );
        assert_eq!(ObjectKey::parse(&written), Some(key()));
        assert!(written.starts_with(&Hour::of(AT).prefix(&key().shop)));
        for other in ["", "bodies/", "x/y", &written[1..], &written.replace("-9f86", ""), &written.replace(".gz", "")] {
            assert_eq!(ObjectKey::parse(other), None, "{other}");
        }
    }

    #[test]
    fn hours_follow_each_other_across_midnight() {
        let last = Hour::of(UnixMillis(1_795_823_999_999));
        assert_eq!((last.to_string(), last.next().to_string()), ("2026-11-27-23".into(), "2026-11-28-00".into()));
    }

    #[test]
    fn only_an_object_whose_time_overlaps_can_have_an_event() {
        let (first, last) = (key().first.0, key().last.0);
        for (since, until, expected) in [
            (first - 9, first - 1, false),
            (first - 9, first, true),
            (first + 5, first + 5, true),
            (last, last + 9, true),
            (last + 1, last + 9, false),
        ] {
            assert_eq!(key().may_have(UnixMillis(since), UnixMillis(until)), expected, "{since} to {until}");
        }
    }
}
