//! How far a shop was looked at. Pure.

use std::time::Duration;

use resilience::UnixMillis;
use serde::{Deserialize, Serialize};
use weir_core::topics::Version;

use crate::Kind;

/// Each walk looks again at what changed so long before: Shopify lists some changes late, and clocks differ.
pub const OVERLAP: Duration = Duration::from_secs(10 * 60);

/// What changed so shortly before is left for the next walk: its delivery may be on its way.
pub const GRACE: Duration = Duration::from_secs(2 * 60);

/// How far back the first walk of a shop looks, unless the app was installed later.
pub const FIRST_RUN_LOOKBACK: Duration = Duration::from_secs(86_400);

/// How long the fence surely remembers that an event ran: two days less than the shortest `LedgerRetentionDays` that the
/// template takes, because clocks differ and DynamoDB's TTL counts from the last write.
pub const FENCE_MEMORY: Duration = Duration::from_secs(38 * 86_400);

/// Where a reconciliation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Where the last one ended.
    Cursor,
    /// Then.
    At(UnixMillis),
}

/// How far the changes of one kind were looked at, in one shop. Durable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Whatever changed until then was looked at.
    pub seen_until: Option<UnixMillis>,
    /// A walk that did not come to its end.
    pub walk: Option<Walk>,
    /// The oldest moment that a walk looked back to: since then, weir watches for what happens once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched_from: Option<UnixMillis>,
}

/// A walk through what changed within a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// The oldest change.
    pub from: UnixMillis,
    /// The newest, as of the last page. A walk of orders or products reads them in the order of their changes, so that its
    /// end moves along with it: what changes meanwhile comes later in the same walk.
    pub until: UnixMillis,
    /// The moment from which an operator asked for it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_from: Option<UnixMillis>,
    /// Which location is being read, of the kinds that are read by location.
    pub place: Option<String>,
    /// Shopify's cursor: where the next page begins.
    pub page: Option<String>,
    /// The oldest change of which it could not be told whether its events are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecided: Option<UnixMillis>,
}

impl Walk {
    /// From its first page.
    pub(crate) fn new(from: UnixMillis, until: UnixMillis) -> Self {
        Self { from, until, asked_from: None, place: None, page: None, undecided: None }
    }

    /// From a moment that somebody named.
    fn asked(from: UnixMillis, until: UnixMillis) -> Self {
        Self { asked_from: Some(from), ..Self::new(from, until) }
    }

    /// The next walk is to look at this change again.
    pub(crate) fn leave_undecided(&mut self, changed: UnixMillis) {
        self.undecided = Some(self.undecided.map_or(changed, |oldest| oldest.min(changed)));
    }

    /// Whatever changed until then is decided, once the walk is at its end.
    pub(crate) fn decided_until(&self) -> UnixMillis {
        let before = |changed: UnixMillis| whole_second(changed) - Duration::from_secs(1);
        self.undecided.map_or(self.until, |changed| self.until.min(before(changed)))
    }

    /// The page that is read now, of a walk without an end of its own, is judged up to this moment.
    ///
    /// Levels are listed by their ids: one that changes may be behind the page already. So a walk of levels ends where it
    /// began to read, and only its pages are judged up to their own time.
    pub(crate) fn reach(&mut self, kind: Kind, until: UnixMillis) -> UnixMillis {
        let until = self.until.max(until);
        if kind != Kind::Inventory {
            self.until = until;
        }
        until
    }
}

/// Whether a version is newer than a moment.
pub(crate) fn is_after(version: Version, moment: UnixMillis) -> bool {
    version.earliest() > i128::from(moment.0) * 1_000_000
}

impl Cursor {
    /// The walk that comes next, and whether it is one that was begun before.
    pub(crate) fn next(
        &self,
        since: Since,
        installed_at: Option<UnixMillis>,
        grace: Duration,
        now: UnixMillis,
    ) -> (Walk, bool) {
        let until = until(grace, now);
        match (&self.walk, since) {
            (Some(walk), Since::Cursor) => (walk.clone(), true),
            (Some(walk), Since::At(at)) if walk.from <= at => {
                let asked_from = Some(walk.asked_from.map_or(at, |before| before.min(at)));
                (Walk { asked_from, ..walk.clone() }, true)
            }
            (_, Since::At(at)) => (Walk::asked(whole_second(at), until), false),
            (None, Since::Cursor) => {
                let first = || (now - FIRST_RUN_LOOKBACK).max(installed_at.unwrap_or(now - FIRST_RUN_LOOKBACK));
                let from = self.seen_until.map_or_else(first, |seen| seen - OVERLAP);
                (Walk::new(whole_second(from), until), false)
            }
        }
    }

    /// What a page of this walk is judged by, which is read at `now`.
    pub(crate) fn once_from(&self, walk: &Walk, installed_at: Option<UnixMillis>, now: UnixMillis) -> UnixMillis {
        let watched = self.watched_since(walk).max(now - FENCE_MEMORY);
        let watched = installed_at.map_or(watched, |installed| watched.max(installed));
        walk.asked_from.map_or(watched, |asked| watched.min(asked))
    }

    fn watched_since(&self, walk: &Walk) -> UnixMillis {
        self.watched_from.map_or(walk.from, |watched| watched.min(walk.from))
    }

    /// With a walk on its way.
    pub(crate) fn on(&self, walk: Walk) -> Self {
        Self { seen_until: self.seen_until, watched_from: Some(self.watched_since(&walk)), walk: Some(walk) }
    }

    /// After a walk came to its end. One that began later than the last ended leaves a gap, which is still to be looked at.
    pub(crate) fn after(&self, walk: &Walk) -> Self {
        let decided = walk.decided_until();
        let seen_until = match self.seen_until {
            Some(seen) if walk.from > seen => seen,
            Some(seen) => seen.max(decided),
            None => decided,
        };
        Self { seen_until: Some(seen_until), walk: None, watched_from: Some(self.watched_since(walk)) }
    }
}

/// The newest change that a walk looks at. Without a grace, the second that has begun is looked at as well.
pub(crate) fn until(grace: Duration, now: UnixMillis) -> UnixMillis {
    let begun = if grace.is_zero() { Duration::from_secs(1) } else { Duration::ZERO };
    whole_second(now - grace) + begun
}

/// What Shopify compares with has no fractions.
pub(crate) fn whole_second(at: UnixMillis) -> UnixMillis {
    UnixMillis(at.as_seconds().saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_755_600_500);
    const HOUR: Duration = Duration::from_secs(3_600);

    fn seen(until: UnixMillis) -> Cursor {
        Cursor { seen_until: Some(until), ..Cursor::default() }
    }

    #[test]
    fn a_walk_begins_before_the_last_one_ended_and_leaves_out_what_may_be_on_its_way() {
        let (walk, resumed) = seen(NOW - HOUR).next(Since::Cursor, None, GRACE, NOW);
        assert_eq!(walk, Walk::new(whole_second(NOW - HOUR - OVERLAP), whole_second(NOW - GRACE)));
        assert!(!resumed);
    }

    #[test]
    fn without_a_grace_whatever_changed_by_now_is_looked_at() {
        let (walk, _) = seen(NOW - HOUR).next(Since::At(NOW - HOUR), None, Duration::ZERO, NOW);
        assert!(walk.until >= NOW && walk.until < NOW + Duration::from_secs(1), "{walk:?}");
    }

    #[test]
    fn the_first_walk_looks_back_a_day_at_most_and_never_before_the_installation() {
        let from = |installed| Cursor::default().next(Since::Cursor, installed, GRACE, NOW).0.from;
        assert_eq!(from(None), whole_second(NOW - FIRST_RUN_LOOKBACK));
        assert_eq!(from(Some(NOW - HOUR)), whole_second(NOW - HOUR));
        assert_eq!(from(Some(UnixMillis(0))), whole_second(NOW - FIRST_RUN_LOOKBACK));
    }

    #[test]
    fn a_walk_that_was_broken_off_goes_on_if_it_covers_what_is_asked_for() {
        let walk = Walk { page: Some("p".into()), ..Walk::new(NOW - HOUR, NOW - GRACE) };
        let cursor = seen(NOW - HOUR).on(walk.clone());
        assert_eq!(cursor.next(Since::Cursor, None, GRACE, NOW), (walk.clone(), true));
        let asked = Walk { asked_from: Some(NOW - HOUR), ..walk };
        assert_eq!(cursor.next(Since::At(NOW - HOUR), None, GRACE, NOW), (asked, true));
        let (anew, resumed) = cursor.next(Since::At(NOW - HOUR - HOUR), None, GRACE, NOW);
        assert_eq!((anew.page, resumed), (None, false));
    }

    #[test]
    fn the_cursor_stays_before_what_is_undecided() {
        let mut walk = Walk::new(NOW - HOUR, NOW);
        walk.leave_undecided(NOW - Duration::from_secs(90));
        walk.leave_undecided(NOW - Duration::from_secs(30));
        let seen = Cursor::default().on(walk.clone()).after(&walk).seen_until;
        assert_eq!(seen, Some(whole_second(NOW) - Duration::from_secs(91)));
        let text = serde_json::to_string(&walk).unwrap();
        assert_eq!(serde_json::from_str::<Walk>(&text).unwrap(), walk, "a walk that is broken off keeps it");
    }

    #[test]
    fn the_cursor_moves_forward_only_and_over_no_gap() {
        let after = |seen_until, from, until| {
            Cursor { seen_until, ..Cursor::default() }.after(&Walk::new(from, until)).seen_until
        };
        assert_eq!(after(None, NOW - HOUR, NOW), Some(NOW));
        assert_eq!(after(Some(NOW - HOUR), NOW - HOUR, NOW), Some(NOW));
        assert_eq!(after(Some(NOW), NOW - HOUR - HOUR, NOW - HOUR), Some(NOW), "backwards");
        assert_eq!(after(Some(NOW - HOUR), NOW, NOW + HOUR), Some(NOW - HOUR), "a gap");
    }

    #[test]
    fn once_only_events_are_compared_within_the_memory_of_the_fence() {
        let day = Duration::from_secs(86_400);
        let walk = Walk::new(NOW - HOUR, NOW);
        let from = |watched: Option<UnixMillis>, installed| {
            Cursor { watched_from: watched, ..seen(NOW - HOUR) }.once_from(&walk, installed, NOW)
        };
        assert_eq!(from(None, None), NOW - HOUR, "the first walk");
        assert_eq!(from(Some(NOW - day), None), NOW - day, "longer than this walk looks back");
        assert_eq!(from(Some(NOW - day * 100), None), NOW - FENCE_MEMORY, "the fence forgets");
        assert_eq!(from(Some(NOW - day), Some(NOW - HOUR * 2)), NOW - HOUR * 2, "installed again");
        let asked = Walk::asked(NOW - day * 60, NOW);
        let cursor = Cursor { watched_from: Some(NOW - day), ..seen(NOW - HOUR) };
        assert_eq!(cursor.once_from(&asked, Some(NOW - day), NOW), NOW - day * 60, "an operator asks");
    }

    #[test]
    fn watched_since_is_the_oldest_moment_of_all_walks() {
        let first = Cursor::default().after(&Walk::new(NOW - HOUR, NOW));
        assert_eq!(first.watched_from, Some(NOW - HOUR));
        let second = first.on(Walk::new(NOW, NOW + HOUR)).after(&Walk::new(NOW, NOW + HOUR));
        assert_eq!(second.watched_from, Some(NOW - HOUR));
        let asked = second.after(&Walk::asked(NOW - HOUR * 9, NOW + HOUR));
        assert_eq!(asked.watched_from, Some(NOW - HOUR * 9));
    }

    #[test]
    fn end_moves_with_the_pages_unless_levels_are_read() {
        let mut walk = Walk::new(NOW - HOUR, NOW);
        assert_eq!((walk.reach(Kind::Inventory, NOW + HOUR), walk.until), (NOW + HOUR, NOW));
        assert_eq!((walk.reach(Kind::Orders, NOW + HOUR), walk.until), (NOW + HOUR, NOW + HOUR));
        assert_eq!((walk.reach(Kind::Orders, NOW), walk.until), (NOW + HOUR, NOW + HOUR), "never back");
    }

    #[test]
    fn cursor_written_by_an_older_version_is_read() {
        let old = r#"{"seen_until":5,"walk":{"from":1,"until":5,"place":null,"page":"p"}}"#;
        let cursor: Cursor = serde_json::from_str(old).unwrap();
        assert_eq!((cursor.watched_from, cursor.walk.unwrap().asked_from), (None, None));
    }
}
