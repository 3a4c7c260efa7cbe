//! The fence's contract, case by case.

use std::time::Duration;

use jiff::Timestamp;
use weir_core::{
    MAX_LEASE, UnixMillis,
    fence::{EnterRequest, Entry, Fence, Leave, Mark, Run, Settled, State, short_hash},
    ledger::Owner,
    topics::Version,
};

use super::{LEASE, reached};

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

/// The `updated_at` that versions are counted from, in seconds.
const V: i64 = 1_795_755_600;

/// One worker with one event of a resource.
#[derive(Clone)]
pub(crate) struct Visitor<'a, F> {
    pub(crate) fence: &'a F,
    pub(crate) key: &'a str,
    pub(crate) owner: Owner,
    pub(crate) mark: Mark,
    pub(crate) run: Run,
    pub(crate) state: State,
    pub(crate) once: bool,
}

impl<'a, F: Fence> Visitor<'a, F> {
    /// The event of this id, with an `updated_at` of so many seconds after [`V`], triggered at that time. Its body is its
    /// own.
    pub(crate) fn new(fence: &'a F, key: &'a str, owner: &str, topic: &str, id: &str, second: i64) -> Self {
        let (owner, mark) = (Owner(owner.to_owned()), Mark::from(topic.to_owned()));
        let version = version(Some(second), Some(second * 1_000));
        let body = short_hash(id);
        let run = Run { version, delivery: short_hash(id), generation: 0, body: body.clone() };
        let state = State { version, body, event: None, content: None };
        Self { fence, key, owner, mark, run, state, once: false }
    }

    /// With an `updated_at` of so many seconds, and triggered so many milliseconds, after [`V`].
    pub(crate) fn at(mut self, updated: Option<i64>, triggered_ms: Option<i64>) -> Self {
        let version = version(updated, triggered_ms);
        (self.run.version, self.state.version) = (version, version);
        self
    }

    pub(crate) fn with_body(mut self, body: &str) -> Self {
        let body = short_hash(body);
        (self.run.body, self.state.body) = (body.clone(), body);
        self
    }

    pub(crate) fn of_action(mut self, action: Option<&str>) -> Self {
        self.state.event = action.map(short_hash);
        self
    }

    fn replayed(mut self, generation: u32) -> Self {
        self.run.generation = generation;
        self
    }

    pub(crate) fn once(self) -> Self {
        Self { once: true, ..self }
    }

    fn ask(&self, now: UnixMillis) -> EnterRequest<'_> {
        self.ask_until(now, now + LEASE)
    }

    fn ask_until(&self, now: UnixMillis, lease_until: UnixMillis) -> EnterRequest<'_> {
        let Self { key, owner, mark, run, state, once, .. } = self;
        EnterRequest { key, owner, mark, run, state, now, lease_until, once: *once }
    }

    pub(crate) async fn enter(&self, now: UnixMillis) -> Entry {
        reached(self.fence.enter(&self.ask(now)).await)
    }

    pub(crate) async fn leave(&self, how: Leave, now: UnixMillis) -> Settled {
        reached(self.fence.leave(&self.ask(now), how).await)
    }

    /// Enters, and leaves having run if it was let in.
    async fn handle(&self) -> Entry {
        let entry = self.enter(NOW).await;
        if entry == Entry::Granted {
            assert_eq!(self.leave(Leave::Ran, NOW).await, Settled::Written);
        }
        entry
    }
}

fn version(updated: Option<i64>, triggered_ms: Option<i64>) -> Version {
    let at = |millis: i64| Timestamp::from_millisecond(V * 1_000 + millis).ok();
    let version = Version::new(updated.and_then(|second| at(second * 1_000)), triggered_ms.and_then(at));
    version.unwrap_or_else(|| panic!("a version needs a time"))
}

/// Runs every case. `prefix` keeps the keys apart from those of other runs on the same table.
pub async fn cases<F: Fence>(fence: &F, prefix: &str) {
    let key = |name: &str| format!("{prefix}.myshopify.com#default#orders/{name}");
    older_versions_never_enter(fence, &key("older")).await;
    one_at_a_time(fence, &key("one")).await;
    a_lease_that_ran_out_is_taken_over(fence, &key("lease")).await;
    a_repeated_state_runs_once_for_each_topic(fence, &key("equal")).await;
    states_of_one_second_enter_in_the_order_of_their_triggers(fence, &key("second")).await;
    topics_of_one_action_enter_in_any_order(fence, &key("action")).await;
    a_state_that_returned_is_newer_than_what_was_between(fence, &key("returned")).await;
    a_state_that_was_read_is_the_one_that_ran_unless_another_entered_since(fence, &key("read")).await;
    a_body_without_updated_at_is_ordered_by_its_trigger(fence, &key("unsigned")).await;
    a_lease_that_nobody_was_granted_counts_as_run_out(fence, &key("longest")).await;
    what_did_not_run_may_enter_again(fence, &key("again")).await;
    what_may_still_land_keeps_the_resource_closed(fence, &key("closed")).await;
    an_event_that_ran_is_told_so(fence, &key("ran")).await;
    only_who_is_in_there_leaves(fence, &key("leave")).await;
    a_repeated_leave_frees_nobody_else(fence, &key("repeat")).await;
    once_only_topic_runs_at_no_second_version(fence, &key("once")).await;
}

async fn older_versions_never_enter<F: Fence>(fence: &F, key: &str) {
    let new = Visitor::new(fence, key, "a", "orders/updated", "2", 1);
    let old = Visitor::new(fence, key, "b", "orders/create", "1", 0);
    assert_eq!(new.enter(NOW).await, Entry::Granted);
    assert_eq!(old.enter(NOW).await, Entry::Stale(new.state.version), "while the newer one is in there");
    assert_eq!(new.leave(Leave::Free, NOW).await, Settled::Written);
    assert_eq!(old.enter(NOW + LEASE + LEASE).await, Entry::Stale(new.state.version), "though the newer one failed");
    assert_eq!(new.enter(NOW).await, Entry::Granted);
    assert_eq!(new.leave(Leave::Ran, NOW).await, Settled::Written);
    assert_eq!(old.enter(NOW).await, Entry::Stale(new.state.version));
    let newest = Visitor::new(fence, key, "c", "orders/updated", "3", 2);
    assert_eq!(newest.enter(NOW).await, Entry::Granted);
    assert_eq!(newest.leave(Leave::Ran, NOW).await, Settled::Written);
    assert_eq!(new.enter(NOW).await, Entry::Stale(newest.state.version), "its topic ran for a newer one");
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

async fn a_repeated_state_runs_once_for_each_topic<F: Fence>(fence: &F, key: &str) {
    for (owner, topic, id) in [("a", "orders/create", "1"), ("b", "orders/paid", "2")] {
        let visitor = Visitor::new(fence, key, owner, topic, id, 0).with_body("the same");
        assert_eq!(visitor.handle().await, Entry::Granted, "{topic}");
        for triggered in [Some(0), Some(-10), None] {
            let again = Visitor::new(fence, key, "c", topic, "3", 0).with_body("the same").at(Some(0), triggered);
            assert_eq!(again.handle().await, Entry::Repeated, "{topic} by another event at {triggered:?}");
        }
    }
    let next = Visitor::new(fence, key, "d", "orders/paid", "4", 1);
    assert_eq!(next.enter(NOW).await, Entry::Granted, "a newer version");
}

async fn states_of_one_second_enter_in_the_order_of_their_triggers<F: Fence>(fence: &F, key: &str) {
    let at = |id: &str, ms: Option<i64>| Visitor::new(fence, key, id, "inventory_levels/update", id, 0).at(Some(0), ms);
    assert_eq!(at("10", Some(100)).handle().await, Entry::Granted);
    assert_eq!(at("8", Some(700)).handle().await, Entry::Granted);
    assert_eq!(at("9", Some(400)).handle().await, Entry::Stale(at("8", Some(700)).state.version));
    assert_eq!(at("unknown", None).handle().await, Entry::Granted, "nobody can tell which is newer");
    let newest = at("8", Some(700)).state.version;
    assert_eq!(at("7", Some(50)).handle().await, Entry::Stale(newest), "the last trigger that is known still counts");
    let other_topic = Visitor::new(fence, key, "a", "inventory_levels/connect", "11", 0).at(Some(0), Some(40));
    assert_eq!(other_topic.handle().await, Entry::Stale(newest));
    assert_eq!(at("6", Some(701)).handle().await, Entry::Granted);
}

async fn topics_of_one_action_enter_in_any_order<F: Fence>(fence: &F, key: &str) {
    let event = |topic: &str, id: &str, ms: i64| {
        Visitor::new(fence, key, id, topic, id, 0).at(Some(0), Some(ms)).of_action(Some("checkout"))
    };
    let paid = event("orders/paid", "2", 500);
    assert_eq!(paid.handle().await, Entry::Granted);
    let create = event("orders/create", "1", 300);
    assert_eq!(create.enter(NOW).await, Entry::Granted);
    assert_eq!(create.enter(NOW).await, Entry::Granted, "its own entry, whose reply was lost");
    let fulfilled = event("orders/fulfilled", "3", 200);
    assert_eq!(fulfilled.enter(NOW).await, Entry::Busy(LEASE));
    assert_eq!(create.leave(Leave::Ran, NOW).await, Settled::Written);
    assert_eq!(create.enter(NOW).await, Entry::Ran);
    assert_eq!(fulfilled.handle().await, Entry::Granted);
    let between = event("orders/updated", "4", 400).of_action(Some("another"));
    assert_eq!(between.handle().await, Entry::Stale(paid.state.version), "no version was lowered");
    let same_body = between.of_action(None).with_body("2");
    assert_eq!(same_body.handle().await, Entry::Granted, "the very state of the newest");
    let unsigned = event("orders/cancelled", "5", 450).at(None, Some(450));
    assert_eq!(unsigned.handle().await, Entry::Stale(paid.state.version), "nobody can tell that it is the same");
    let second_before = event("orders/cancelled", "5", 450).at(Some(-1), Some(450));
    assert_eq!(second_before.handle().await, Entry::Stale(paid.state.version));
    let before = event("orders/paid", "6", 450);
    assert_eq!(before.handle().await, Entry::Stale(paid.state.version), "its topic ran for a newer state");
    assert_eq!(event("orders/create", "1", 300).replayed(1).handle().await, Entry::Granted, "an operator's");
}

async fn a_state_that_returned_is_newer_than_what_was_between<F: Fence>(fence: &F, key: &str) {
    let at = |id: &str, body: &str, ms: i64| {
        Visitor::new(fence, key, id, "inventory_levels/update", id, 0).at(Some(0), Some(ms)).with_body(body)
    };
    assert_eq!(at("1", "ten", 100).handle().await, Entry::Granted);
    let again = at("3", "ten", 700);
    assert_eq!(again.enter(NOW).await, Entry::Granted);
    assert_eq!(again.leave(Leave::Free, NOW).await, Settled::Written);
    assert_eq!(again.handle().await, Entry::Granted, "it entered, and did not run");
    assert_eq!(again.handle().await, Entry::Ran, "its reply was lost");
    assert_eq!(at("2", "nine", 400).handle().await, Entry::Stale(again.state.version));
    assert_eq!(at("4", "eight", 800).handle().await, Entry::Granted);
    assert_eq!(at("5", "ten", 900).handle().await, Entry::Granted, "it is news again");
    let connect =
        Visitor::new(fence, key, "6", "inventory_levels/connect", "6", 0).at(Some(0), Some(950)).with_body("ten");
    assert_eq!(connect.enter(NOW).await, Entry::Granted);
    assert_eq!(at("7", "ten", 980).enter(NOW).await, Entry::Busy(LEASE), "what is in there may bring another state");
    assert_eq!(at("8", "ten", 900).enter(NOW).await, Entry::Repeated);
}

async fn a_state_that_was_read_is_the_one_that_ran_unless_another_entered_since<F: Fence>(fence: &F, key: &str) {
    let at = |id: &str, body: &str, ms: Option<i64>| {
        Visitor::new(fence, key, id, "inventory_levels/update", id, 0).at(Some(0), ms).with_body(body)
    };
    // For its own topic it is the last of its second.
    let read = |id: &str| {
        let mut read = at(id, "ten", None);
        read.run.version = version(Some(0), Some(999));
        read
    };
    assert_eq!(at("1", "ten", Some(100)).handle().await, Entry::Granted);
    assert_eq!(read("2").handle().await, Entry::Repeated);
    let nine = at("3", "nine", Some(400));
    assert_eq!(nine.enter(NOW).await, Entry::Granted);
    assert_eq!(read("2").enter(NOW).await, Entry::Busy(LEASE));
    assert_eq!(nine.leave(Leave::Free, NOW).await, Settled::Written);
    let again = read("2");
    assert_eq!(again.enter(NOW).await, Entry::Granted, "another entered since, and may have had half its effect");
    assert_eq!(again.leave(Leave::Free, NOW).await, Settled::Written);
    assert_eq!(again.handle().await, Entry::Granted, "it entered, and did not run");
    assert_eq!(again.handle().await, Entry::Ran);
    assert_eq!(read("4").handle().await, Entry::Repeated);
    assert_eq!(at("5", "eight", Some(700)).handle().await, Entry::Stale(again.state.after(Some(&nine.state)).version));
}

async fn a_body_without_updated_at_is_ordered_by_its_trigger<F: Fence>(fence: &F, key: &str) {
    let disconnect = |id: &str, ms: i64| {
        Visitor::new(fence, key, id, "inventory_levels/disconnect", id, 0).with_body("ids").at(None, Some(ms))
    };
    let connect =
        |id: &str, ms: i64| Visitor::new(fence, key, id, "inventory_levels/connect", id, 0).at(Some(0), Some(ms));
    assert_eq!(disconnect("1", 200).handle().await, Entry::Granted);
    assert_eq!(connect("2", 700).handle().await, Entry::Granted);
    assert_eq!(disconnect("3", 400).handle().await, Entry::Stale(connect("2", 700).state.version));
    assert_eq!(disconnect("4", 800).handle().await, Entry::Granted, "with the body of the one before");
    assert_eq!(disconnect("5", 800).handle().await, Entry::Repeated);
    assert_eq!(connect("6", 750).handle().await, Entry::Stale(disconnect("4", 800).state.version));
    let much_later = Visitor::new(fence, key, "a", "inventory_levels/connect", "7", 1).at(Some(1), None);
    assert_eq!(much_later.handle().await, Entry::Granted);
}

async fn a_lease_that_nobody_was_granted_counts_as_run_out<F: Fence>(fence: &F, key: &str) {
    let (a, b) =
        (Visitor::new(fence, key, "a", "orders/create", "1", 0), Visitor::new(fence, key, "b", "orders/paid", "2", 1));
    let longest = NOW + MAX_LEASE;
    assert_eq!(reached(fence.enter(&a.ask_until(NOW, longest)).await), Entry::Granted);
    assert_eq!(b.enter(NOW).await, Entry::Busy(MAX_LEASE));
    assert_eq!(b.enter(NOW - Duration::from_millis(1)).await, Entry::Granted);
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
    assert_eq!(event("e").enter(NOW).await, Entry::Repeated);
    let unrepaired = event("f").with_body("before the repair");
    assert_eq!(unrepaired.enter(NOW).await, Entry::Stale(replay.state.version));
}

async fn once_only_topic_runs_at_no_second_version<F: Fence>(fence: &F, key: &str) {
    let other = Visitor::new(fence, key, "a", "orders/updated", "1", 0);
    assert_eq!(other.handle().await, Entry::Granted);
    let first = |owner: &str| Visitor::new(fence, key, owner, "orders/create", "2", 0).once();
    assert_eq!(first("b").enter(NOW).await, Entry::Granted, "another topic ran, this one did not");
    assert_eq!(first("b").leave(Leave::Ran, NOW).await, Settled::Written);
    assert_eq!(first("c").enter(NOW).await, Entry::Ran);
    for second in [0, 1] {
        let second_run = Visitor::new(fence, key, "d", "orders/create", "3", second).once();
        assert_eq!(second_run.enter(NOW).await, Entry::Repeated, "{second}");
    }
    let older = Visitor::new(fence, key, "d", "orders/create", "3", -1).once();
    assert_eq!(older.enter(NOW).await, Entry::Stale(other.state.version));
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
