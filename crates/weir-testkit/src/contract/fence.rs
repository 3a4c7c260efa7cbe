//! The fence's contract, case by case.

use std::time::Duration;

use weir_core::{
    UnixMillis,
    fence::{Ask, Entry, Fence, Leave, Mark, Run, Settled},
    ledger::Owner,
    topics::Version,
};

use super::{LEASE, reached};

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

/// A second of versions as they are: nanoseconds, of which the last counts.
const V: i128 = 1_795_755_600_123_456_789;

/// One worker with one event of a resource.
pub(crate) struct Visitor<'a, F> {
    pub(crate) fence: &'a F,
    pub(crate) key: &'a str,
    pub(crate) owner: Owner,
    pub(crate) mark: Mark,
    pub(crate) run: Run,
    pub(crate) once: bool,
}

impl<'a, F: Fence> Visitor<'a, F> {
    /// The event of this id, at a version counted from [`V`].
    pub(crate) fn new(fence: &'a F, key: &'a str, owner: &str, topic: &str, id: &str, version: i128) -> Self {
        let run = Run { version: Version(V + version), webhook_id: id.to_owned(), generation: 0 };
        let (owner, mark) = (Owner(owner.to_owned()), Mark::from(topic.to_owned()));
        Self { fence, key, owner, mark, run, once: false }
    }

    fn replayed(self, generation: u32) -> Self {
        Self { run: Run { generation, ..self.run }, ..self }
    }

    fn once(self) -> Self {
        Self { once: true, ..self }
    }

    fn ask(&self, now: UnixMillis) -> Ask<'_> {
        let Self { key, owner, mark, run, once, .. } = self;
        Ask { key, owner, mark, run, now, lease_until: now + LEASE, once: *once }
    }

    pub(crate) async fn enter(&self, now: UnixMillis) -> Entry {
        reached(self.fence.enter(&self.ask(now)).await)
    }

    pub(crate) async fn leave(&self, how: Leave, now: UnixMillis) -> Settled {
        reached(self.fence.leave(&self.ask(now), how).await)
    }
}

/// Runs every case. `prefix` keeps the keys apart from those of other runs on the same table.
pub async fn cases<F: Fence>(fence: &F, prefix: &str) {
    let key = |name: &str| format!("{prefix}.myshopify.com#default#orders/{name}");
    older_versions_never_enter(fence, &key("older")).await;
    one_at_a_time(fence, &key("one")).await;
    a_lease_that_ran_out_is_taken_over(fence, &key("lease")).await;
    an_equal_version_runs_once_for_each_topic(fence, &key("equal")).await;
    what_did_not_run_may_enter_again(fence, &key("again")).await;
    what_may_still_land_keeps_the_resource_closed(fence, &key("closed")).await;
    an_event_that_ran_is_told_so(fence, &key("ran")).await;
    only_who_is_in_there_leaves(fence, &key("leave")).await;
    a_repeated_leave_frees_nobody_else(fence, &key("repeat")).await;
    what_happens_once_runs_at_no_second_version(fence, &key("once")).await;
}

async fn older_versions_never_enter<F: Fence>(fence: &F, key: &str) {
    let new = Visitor::new(fence, key, "a", "orders/updated", "2", 1);
    let old = Visitor::new(fence, key, "b", "orders/create", "1", 0);
    assert_eq!(new.enter(NOW).await, Entry::Granted);
    assert_eq!(old.enter(NOW).await, Entry::Stale(new.run.version), "while the newer one is in there");
    assert_eq!(new.leave(Leave::Free, NOW).await, Settled::Written);
    assert_eq!(old.enter(NOW + LEASE + LEASE).await, Entry::Stale(new.run.version), "though the newer one failed");
    assert_eq!(new.enter(NOW).await, Entry::Granted);
    assert_eq!(new.leave(Leave::Ran, NOW).await, Settled::Written);
    assert_eq!(old.enter(NOW).await, Entry::Stale(new.run.version));
    let newest = Visitor::new(fence, key, "c", "orders/updated", "3", 2);
    assert_eq!(newest.enter(NOW).await, Entry::Granted);
    assert_eq!(newest.leave(Leave::Ran, NOW).await, Settled::Written);
    assert_eq!(new.enter(NOW).await, Entry::Stale(newest.run.version), "it ran, but at a version that is over");
}

async fn one_at_a_time<F: Fence>(fence: &F, key: &str) {
    let a = Visitor::new(fence, key, "a", "orders/create", "1", 0);
    assert_eq!(a.enter(NOW).await, Entry::Granted);
    for version in [0, 1] {
        let b = Visitor::new(fence, key, "b", "orders/paid", "2", version);
        assert_eq!(b.enter(NOW).await, Entry::Busy(LEASE), "{version}");
        assert_eq!(b.enter(NOW + LEASE).await, Entry::Busy(Duration::ZERO), "{version}");
    }
    assert_eq!(a.enter(NOW).await, Entry::Granted, "its own entry, whose reply was lost");
}

async fn a_lease_that_ran_out_is_taken_over<F: Fence>(fence: &F, key: &str) {
    let (a, b) =
        (Visitor::new(fence, key, "a", "orders/create", "1", 0), Visitor::new(fence, key, "b", "orders/paid", "2", 0));
    assert_eq!(a.enter(NOW).await, Entry::Granted);
    let later = NOW + LEASE + Duration::from_millis(1);
    assert_eq!(b.enter(later).await, Entry::Granted);
    assert_eq!(a.leave(Leave::Ran, later).await, Settled::Lost, "it came back from the dead");
    assert_eq!(a.enter(later).await, Entry::Busy(LEASE));
    assert_eq!(b.leave(Leave::Ran, later).await, Settled::Written);
}

async fn an_equal_version_runs_once_for_each_topic<F: Fence>(fence: &F, key: &str) {
    for (owner, topic, id) in [("a", "orders/create", "1"), ("b", "orders/paid", "2")] {
        let visitor = Visitor::new(fence, key, owner, topic, id, 0);
        assert_eq!(visitor.enter(NOW).await, Entry::Granted, "{topic}");
        assert_eq!(visitor.leave(Leave::Ran, NOW).await, Settled::Written, "{topic}");
        let again = Visitor::new(fence, key, "c", topic, "3", 0);
        assert_eq!(again.enter(NOW).await, Entry::Stale(visitor.run.version), "{topic} by another event");
    }
    let next = Visitor::new(fence, key, "d", "orders/paid", "4", 1);
    assert_eq!(next.enter(NOW).await, Entry::Granted, "a newer version");
}

async fn what_did_not_run_may_enter_again<F: Fence>(fence: &F, key: &str) {
    let first = Visitor::new(fence, key, "a", "orders/paid", "1", 0);
    assert_eq!(first.enter(NOW).await, Entry::Granted);
    assert_eq!(first.leave(Leave::Free, NOW).await, Settled::Written);
    let again = Visitor::new(fence, key, "b", "orders/paid", "1", 0);
    assert_eq!(again.enter(NOW).await, Entry::Granted);
    assert_eq!(again.leave(Leave::Free, NOW).await, Settled::Written);
    let other = Visitor::new(fence, key, "c", "orders/paid", "2", 0);
    assert_eq!(other.enter(NOW).await, Entry::Granted, "another event of the version may run in its place");
}

async fn what_may_still_land_keeps_the_resource_closed<F: Fence>(fence: &F, key: &str) {
    let a = Visitor::new(fence, key, "a", "orders/paid", "1", 0);
    let until = NOW + Duration::from_secs(5);
    assert_eq!(a.enter(NOW).await, Entry::Granted);
    assert_eq!(a.leave(Leave::Closed(until), NOW).await, Settled::Written);
    let b = Visitor::new(fence, key, "b", "orders/updated", "2", 1);
    assert_eq!(b.enter(NOW).await, Entry::Busy(Duration::from_secs(5)));
    assert_eq!(b.enter(until + Duration::from_millis(1)).await, Entry::Granted);
    assert_eq!(b.leave(Leave::Ran, NOW).await, Settled::Written);
}

async fn an_event_that_ran_is_told_so<F: Fence>(fence: &F, key: &str) {
    let event = |owner: &str| Visitor::new(fence, key, owner, "orders/paid", "1", 0);
    assert_eq!(event("a").enter(NOW).await, Entry::Granted);
    assert_eq!(event("a").leave(Leave::Ran, NOW).await, Settled::Written);
    assert_eq!(event("b").enter(NOW).await, Entry::Ran);
    let replay = event("c").replayed(1);
    assert_eq!(replay.enter(NOW).await, Entry::Granted, "an operator runs it again");
    assert_eq!(replay.leave(Leave::Ran, NOW).await, Settled::Written);
    assert_eq!(event("d").replayed(1).enter(NOW).await, Entry::Ran);
    assert_eq!(event("e").enter(NOW).await, Entry::Stale(replay.run.version));
}

async fn what_happens_once_runs_at_no_second_version<F: Fence>(fence: &F, key: &str) {
    let other = Visitor::new(fence, key, "a", "orders/updated", "1", 0);
    assert_eq!(other.enter(NOW).await, Entry::Granted);
    assert_eq!(other.leave(Leave::Ran, NOW).await, Settled::Written);
    let first = |owner: &str| Visitor::new(fence, key, owner, "orders/create", "2", 0).once();
    assert_eq!(first("b").enter(NOW).await, Entry::Granted, "another topic ran, this one did not");
    assert_eq!(first("b").leave(Leave::Ran, NOW).await, Settled::Written);
    assert_eq!(first("c").enter(NOW).await, Entry::Ran);
    for version in [0, 1] {
        let second = Visitor::new(fence, key, "d", "orders/create", "3", version).once();
        assert_eq!(second.enter(NOW).await, Entry::Stale(other.run.version), "{version}");
    }
    let replay = first("e").replayed(1);
    assert_eq!(replay.enter(NOW).await, Entry::Granted, "an operator runs it again");
    assert_eq!(replay.leave(Leave::Ran, NOW).await, Settled::Written);
    let delivered = Visitor::new(fence, key, "f", "orders/create", "4", 1);
    assert_eq!(delivered.enter(NOW).await, Entry::Granted, "only who is to run once is asked");
}

async fn only_who_is_in_there_leaves<F: Fence>(fence: &F, key: &str) {
    let (a, b) = (
        Visitor::new(fence, key, "a", "orders/create", "1", 0),
        Visitor::new(fence, key, "b", "orders/create", "2", 0),
    );
    for how in [Leave::Ran, Leave::Free, Leave::Closed(NOW)] {
        assert_eq!(a.leave(how, NOW).await, Settled::Lost, "nobody ever was there");
    }
    assert_eq!(a.enter(NOW).await, Entry::Granted);
    for how in [Leave::Ran, Leave::Free, Leave::Closed(NOW)] {
        assert_eq!(b.leave(how, NOW).await, Settled::Lost);
    }
    assert_eq!(b.enter(NOW).await, Entry::Busy(LEASE), "that freed nobody's lease");
    assert_eq!(a.leave(Leave::Ran, NOW + LEASE + LEASE).await, Settled::Written, "late, but nobody else came");
}

async fn a_repeated_leave_frees_nobody_else<F: Fence>(fence: &F, key: &str) {
    let a = Visitor::new(fence, key, "a", "orders/create", "1", 0);
    let b = Visitor::new(fence, key, "b", "orders/paid", "2", 0);
    assert_eq!(a.enter(NOW).await, Entry::Granted);
    assert_eq!(a.leave(Leave::Ran, NOW).await, Settled::Written);
    assert_eq!(b.enter(NOW).await, Entry::Granted);
    assert_eq!(a.leave(Leave::Ran, NOW).await, Settled::Written, "its reply was lost");
    let c = Visitor::new(fence, key, "c", "orders/updated", "3", 0);
    assert_eq!(c.enter(NOW).await, Entry::Busy(LEASE), "b is still in there");
}
