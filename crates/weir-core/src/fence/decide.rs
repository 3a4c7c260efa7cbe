//! The transitions, pure.

use super::{Ask, Entry, Record, Run, Settled};

/// Whether the asker may handle an event of the resource.
pub fn enter(record: Option<&Record>, ask: &Ask<'_>) -> Entry {
    let Some(record) = record else { return Entry::Granted };
    // Older than one that was let in: that will not change, whoever is in there.
    if record.version > ask.run.version {
        return Entry::Stale(record.version);
    }
    if let Some(run) = record.ran.get(ask.mark).filter(|run| ask.once || run.version == ask.run.version) {
        if run == ask.run {
            return Entry::Ran;
        }
        if !is_forced_replay(run, ask.run) {
            return Entry::Stale(record.version);
        }
    }
    match &record.held {
        Some((owner, until)) if owner != ask.owner && *until >= ask.now => Entry::Busy(until.since(ask.now)),
        _ => Entry::Granted,
    }
}

/// An operator runs an event again, that ran before.
fn is_forced_replay(ran: &Run, asked: &Run) -> bool {
    ran.version == asked.version && ran.webhook_id == asked.webhook_id && ran.generation < asked.generation
}

/// Whether the asker may free the resource: fenced by owner.
pub fn leave(record: Option<&Record>, ask: &Ask<'_>) -> Settled {
    let holds = |record: &Record| record.held.as_ref().is_some_and(|(owner, _)| owner == ask.owner);
    if record.is_some_and(holds) { Settled::Written } else { Settled::Lost }
}

/// Whether the asker left before, having run: its reply was lost, and there is nothing left to write. Another may be in
/// there by now, whom a second write would let nobody wait for.
pub fn has_left(record: Option<&Record>, ask: &Ask<'_>) -> bool {
    record.is_some_and(|record| record.ran.get(ask.mark) == Some(ask.run))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use super::*;
    use crate::{UnixMillis, fence::Mark, ledger::Owner, topics::Version};

    const NOW: UnixMillis = UnixMillis(1_000_000);

    fn run(version: i128, webhook_id: &str, generation: u32) -> Run {
        Run { version: Version(version), webhook_id: webhook_id.into(), generation }
    }

    /// A resource at version 5, at which `orders/paid` ran for event `a`.
    fn record(held: Option<(&str, i64)>) -> Record {
        Record {
            key: "north.myshopify.com#default#orders/1".into(),
            version: Version(5),
            held: held.map(|(owner, until)| (Owner(owner.into()), UnixMillis(until))),
            ran: [(Mark::from("orders/paid".to_owned()), run(5, "a", 1))].into(),
        }
    }

    fn with_ask<T>(topic: &str, run: &Run, then: impl FnOnce(&Ask<'_>) -> T) -> T {
        let (owner, mark) = (Owner("me".into()), Mark::from(topic.to_owned()));
        let lease_until = NOW + Duration::from_secs(35);
        then(&Ask {
            key: "north.myshopify.com#default#orders/1",
            owner: &owner,
            mark: &mark,
            run,
            now: NOW,
            lease_until,
            once: false,
        })
    }

    #[track_caller]
    fn check(held: Option<(&str, i64)>, topic: &str, run: &Run, expected: Entry) {
        assert_eq!(with_ask(topic, run, |ask| enter(Some(&record(held)), ask)), expected, "{topic} {run}");
    }

    #[test]
    fn a_resource_that_nobody_saw_lets_any_version_in() {
        assert_eq!(with_ask("orders/create", &run(1, "b", 0), |ask| enter(None, ask)), Entry::Granted);
    }

    #[test]
    fn an_older_version_never_enters_whoever_is_in_there() {
        for held in [None, Some(("other", NOW.0 + 9)), Some(("other", 0)), Some(("me", NOW.0 + 9))] {
            check(held, "orders/updated", &run(4, "b", 0), Entry::Stale(Version(5)));
        }
    }

    #[test]
    fn a_newer_or_equal_version_waits_for_who_is_in_there() {
        for version in [5, 6] {
            let busy = Entry::Busy(Duration::from_secs(7));
            check(Some(("other", NOW.0 + 7_000)), "orders/updated", &run(version, "b", 0), busy);
            check(Some(("other", NOW.0)), "orders/updated", &run(version, "b", 0), Entry::Busy(Duration::ZERO));
            check(Some(("other", NOW.0 - 1)), "orders/updated", &run(version, "b", 0), Entry::Granted);
            check(Some(("me", NOW.0 + 7_000)), "orders/updated", &run(version, "b", 0), Entry::Granted);
            check(None, "orders/updated", &run(version, "b", 0), Entry::Granted);
        }
    }

    #[test]
    fn an_equal_version_runs_once_for_each_topic() {
        check(None, "orders/create", &run(5, "b", 0), Entry::Granted);
        check(None, "orders/paid", &run(5, "b", 0), Entry::Stale(Version(5)));
        check(None, "orders/paid", &run(6, "b", 0), Entry::Granted);
    }

    #[test]
    fn what_happens_once_runs_at_no_second_version() {
        let once = |record: Option<&Record>, run: &Run| {
            with_ask("orders/paid", run, |ask| enter(record, &Ask { once: true, ..ask.clone() }))
        };
        let (free, held) = (record(None), record(Some(("other", NOW.0 + 7_000))));
        assert_eq!(once(None, &run(5, "b", 0)), Entry::Granted);
        for version in [5, 6] {
            assert_eq!(once(Some(&free), &run(version, "b", 0)), Entry::Stale(Version(5)), "{version}");
            assert_eq!(once(Some(&held), &run(version, "b", 0)), Entry::Stale(Version(5)), "{version}");
        }
        assert_eq!(once(Some(&free), &run(5, "a", 1)), Entry::Ran);
        assert_eq!(once(Some(&free), &run(5, "a", 2)), Entry::Granted, "a forced replay");
        assert_eq!(once(Some(&free), &run(6, "a", 2)), Entry::Stale(Version(5)), "not of another version");
        let unmarked = Record { ran: BTreeMap::new(), ..record(None) };
        assert_eq!(once(Some(&unmarked), &run(5, "b", 0)), Entry::Granted, "it was let in, and never ran");
        assert_eq!(once(Some(&unmarked), &run(4, "b", 0)), Entry::Stale(Version(5)));
    }

    #[test]
    fn an_event_that_ran_is_told_so_and_only_a_forced_replay_runs_again() {
        check(None, "orders/paid", &run(5, "a", 1), Entry::Ran);
        check(Some(("other", NOW.0 + 9)), "orders/paid", &run(5, "a", 1), Entry::Ran);
        check(None, "orders/paid", &run(5, "a", 2), Entry::Granted);
        check(None, "orders/paid", &run(5, "a", 0), Entry::Stale(Version(5)));
        check(None, "orders/paid", &run(4, "a", 2), Entry::Stale(Version(5)));
    }

    #[test]
    fn only_who_is_in_there_leaves() {
        let left = |held| with_ask("orders/paid", &run(5, "b", 0), |ask| leave(Some(&record(held)), ask));
        assert_eq!(left(Some(("me", NOW.0 + 9))), Settled::Written);
        assert_eq!(left(Some(("me", 0))), Settled::Written, "late, but nobody else came");
        assert_eq!(left(Some(("other", 0))), Settled::Lost);
        assert_eq!(left(None), Settled::Lost);
        assert_eq!(with_ask("orders/paid", &run(5, "b", 0), |ask| leave(None, ask)), Settled::Lost);
    }

    #[test]
    fn who_left_already_frees_nobody_else() {
        let ran = run(5, "a", 1);
        let inside = record(Some(("other", NOW.0 + 9)));
        with_ask("orders/paid", &ran, |ask| {
            assert!(has_left(Some(&inside), ask), "its reply was lost");
            assert_eq!(leave(Some(&inside), ask), Settled::Lost, "and another is in there");
        });
        assert!(!with_ask("orders/paid", &run(5, "a", 0), |ask| has_left(Some(&inside), ask)));
        assert!(!with_ask("orders/paid", &ran, |ask| has_left(None, ask)));
    }
}
