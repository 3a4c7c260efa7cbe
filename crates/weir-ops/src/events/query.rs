//! A list of events that is asked for, at a time.

use std::time::Duration;

use weir_aws::ledger::{Indexes, Listing, Position, Range};
use weir_core::UnixMillis;

use super::{cursor::EventCursor, filter::EventFilter};

/// How far back a list goes by default.
const DEFAULT_AGE: Duration = Duration::from_secs(24 * 3600);

/// How far back an event of a known shop is looked for: longer than ledgers keep events, unless they were told to.
const MAX_AGE: Duration = Duration::from_secs(60 * 86_400);

/// How far the clock that events were received by may be ahead of this one: nothing is too new for a list.
const CLOCK_LEAD: Duration = Duration::from_secs(300);

/// A list of events that is asked for.
#[derive(Debug)]
pub struct EventQuery {
    /// Which events.
    pub filter: EventFilter,
    /// Received when.
    pub range: Range,
    /// Whether nobody said since when.
    pub is_default_range: bool,
    /// The place to continue after.
    pub after: Option<Position>,
    /// How many at most.
    pub limit: usize,
    /// When it is asked for.
    pub now: UnixMillis,
}

/// When the events of a list were received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueryTimes {
    /// Since when; `None`: since a day ago, and of what failed or is parked, however old it is.
    pub since: Option<UnixMillis>,
    /// Until when; `None`: until now.
    pub until: Option<UnixMillis>,
}

/// A range ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the range ends before it begins")]
pub struct EmptyRange;

impl EventQuery {
    /// A list at this time.
    ///
    /// # Errors
    /// If its range ends before it begins.
    pub fn new(
        filter: EventFilter,
        times: QueryTimes,
        after: Option<EventCursor>,
        limit: usize,
        now: UnixMillis,
    ) -> Result<Self, EmptyRange> {
        let beginning = if filter.is_of_failures() { UnixMillis(0) } else { now - DEFAULT_AGE };
        let since = times.since.map_or(beginning, |since| since.max(UnixMillis(0)));
        let until = times.until.unwrap_or(now + CLOCK_LEAD);
        if since > until {
            return Err(EmptyRange);
        }
        let after = after.map(Position::from);
        Ok(Self { filter, range: Range { since, until }, is_default_range: times.since.is_none(), after, limit, now })
    }

    /// The list, newest first, of the index that is the least to read.
    pub(super) fn listing<'a, I: Indexes>(&self, indexes: &'a I) -> Listing<'a, I> {
        let expected = u32::try_from(self.limit).unwrap_or(u32::MAX);
        let buckets = self.filter.buckets();
        let listing = if self.filter.is_of_failures() {
            Listing::by_unsettled(indexes, self.filter.unsettled(), &buckets, self.range, expected)
        } else {
            Listing::by_day(indexes, buckets, self.range, expected)
        };
        listing.after(self.after.clone())
    }
}

/// How far back an event is looked for whose shop is not known: since then, or a day.
#[must_use]
pub fn recent_range(since: Option<UnixMillis>, now: UnixMillis) -> Range {
    let since = since.map_or(now - DEFAULT_AGE, |since| since.max(UnixMillis(0)));
    Range { since, until: now + CLOCK_LEAD }
}

/// How far back an event of a known shop is looked for: as far as ledgers go.
#[must_use]
pub fn whole_range(now: UnixMillis) -> Range {
    Range { since: (now - MAX_AGE).max(UnixMillis(0)), until: now + CLOCK_LEAD }
}

#[cfg(test)]
mod tests {
    use super::super::{filter::EventState, fixtures::NOW};
    use super::*;

    fn query(
        filter: EventFilter,
        since: Option<UnixMillis>,
        until: Option<UnixMillis>,
    ) -> Result<EventQuery, EmptyRange> {
        EventQuery::new(filter, QueryTimes { since, until }, None, 20, NOW)
    }

    #[test]
    fn range_is_a_day_by_default_and_all_of_time_for_failures() {
        let failed = || EventFilter { state: Some(EventState::Failed), ..EventFilter::default() };
        let since = |filter, since| query(filter, since, None).unwrap().range.since;
        assert_eq!(since(EventFilter::default(), None), NOW - DEFAULT_AGE);
        assert_eq!(since(failed(), None), UnixMillis(0));
        let two_hours_ago = UnixMillis(NOW.0 - 7_200_000);
        assert_eq!(since(failed(), Some(two_hours_ago)), two_hours_ago);
        assert_eq!(since(EventFilter::default(), Some(UnixMillis(-1))), UnixMillis(0));
    }

    #[test]
    fn range_that_ends_before_it_begins_is_a_mistake() {
        let hours_ago = |hours: i64| Some(UnixMillis(NOW.0 - hours * 3_600_000));
        assert!(matches!(query(EventFilter::default(), hours_ago(1), hours_ago(2)), Err(EmptyRange)));
        assert!(query(EventFilter::default(), hours_ago(2), hours_ago(1)).is_ok());
    }
}
