use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::*;
use crate::{
    MAX_LEASE, UnixMillis,
    fence::{Mark, State},
    ledger::Owner,
    topics::Version,
};

const NOW: UnixMillis = UnixMillis(1_000_000);
const KEY: &str = "north.myshopify.com#default#orders/1";

/// An event of order 1. Its name is its delivery's.
#[derive(Debug, Clone, Copy)]
struct Event {
    topic: &'static str,
    name: &'static str,
    /// Its `updated_at`, in seconds.
    updated: Option<i64>,
    /// Its Triggered-At, in milliseconds.
    triggered: Option<i64>,
    body: &'static str,
    /// Its X-Shopify-Event-Id.
    action: Option<&'static str>,
    generation: u32,
    once: bool,
}

/// An event of `updated_at` 5 s, triggered so many milliseconds later.
fn event(topic: &'static str, name: &'static str, millis: i64) -> Event {
    let triggered = Some(5_000 + millis);
    Event { topic, name, updated: Some(5), triggered, body: name, action: None, generation: 0, once: false }
}

impl Event {
    fn untriggered(self) -> Self {
        Self { triggered: None, ..self }
    }

    fn of_action(self, action: &'static str) -> Self {
        Self { action: Some(action), ..self }
    }

    fn with_body(self, body: &'static str) -> Self {
        Self { body, ..self }
    }

    fn version(&self) -> Version {
        let at = |millis: i64| Timestamp::from_millisecond(millis).unwrap();
        Version::new(self.updated.map(|second| at(second * 1_000)), self.triggered.map(at)).unwrap()
    }

    fn state(&self) -> State {
        let event = self.action.map(str::to_owned);
        State { version: self.version(), body: self.body.to_owned(), event, content: None }
    }

    fn run(&self) -> Run {
        let (version, delivery, body) = (self.version(), self.name.to_owned(), self.body.to_owned());
        Run { version, delivery, generation: self.generation, body }
    }

    fn with_ask<T>(&self, then: impl FnOnce(&EnterRequest<'_>) -> T) -> T {
        let (owner, mark) = (Owner(self.name.to_owned()), Mark::from(self.topic.to_owned()));
        then(&EnterRequest {
            key: KEY,
            owner: &owner,
            mark: &mark,
            run: &self.run(),
            state: &self.state(),
            now: NOW,
            lease_until: NOW + Duration::from_secs(35),
            once: self.once,
        })
    }
}

/// The resource, as a store keeps it.
#[derive(Default)]
struct Fence(Option<Record>);

impl Fence {
    fn enter(&mut self, event: Event) -> Entry {
        event.with_ask(|ask| {
            let entry = enter(self.0.as_ref(), ask);
            let raises = raises(self.0.as_ref(), ask, entry);
            if raises || entry == Entry::Granted {
                let new = || Record { key: KEY.into(), newest: event.state(), held: None, ran: BTreeMap::new() };
                let record = self.0.get_or_insert_with(new);
                if raises {
                    record.newest = event.state().after(Some(&record.newest));
                }
                if entry == Entry::Granted {
                    record.held = Some((ask.owner.clone(), ask.lease_until));
                }
            }
            entry
        })
    }

    /// Enters, and leaves having run.
    fn handle(&mut self, event: Event) -> Entry {
        let entry = self.enter(event);
        if let (Entry::Granted, Some(record)) = (entry, &mut self.0) {
            record.held = None;
            record.ran.insert(Mark::from(event.topic.to_owned()), event.run());
        }
        entry
    }

    fn newest(&self) -> &str {
        &self.0.as_ref().unwrap().newest.body
    }
}

#[track_caller]
fn check(events: &[(Event, Entry)]) -> Fence {
    let mut fence = Fence::default();
    for (event, expected) in events {
        assert_eq!(fence.handle(*event), *expected, "{event:?}");
    }
    fence
}

fn stale(newest: Event) -> Entry {
    Entry::Stale(newest.version())
}

const UPDATED: &str = "orders/updated";
const PAID: &str = "orders/paid";
const CREATE: &str = "orders/create";

#[test]
fn two_states_of_one_second_both_enter_and_the_later_one_last() {
    let [ten, nine, eight] = [("ten", 100), ("nine", 400), ("eight", 700)].map(|(body, at)| event(UPDATED, body, at));
    let fence = check(&[(ten, Entry::Granted), (nine, Entry::Granted), (eight, Entry::Granted)]);
    assert_eq!(fence.newest(), "eight");
    for order in [[ten, eight, nine], [nine, eight, ten], [nine, ten, eight], [eight, ten, nine], [eight, nine, ten]] {
        let mut fence = Fence::default();
        for event in order {
            let entry = fence.handle(event);
            assert!(matches!(entry, Entry::Granted | Entry::Stale(_)), "{event:?}: {entry:?}");
        }
        assert_eq!(fence.newest(), "eight", "{order:?}");
    }
}

#[test]
fn a_state_whose_trigger_is_unknown_ties_and_enters() {
    let known = event(UPDATED, "known", 400);
    let unknown = event(UPDATED, "unknown", 0).untriggered();
    check(&[(known, Entry::Granted), (unknown, Entry::Granted)]);
    check(&[(unknown, Entry::Granted), (known, Entry::Granted)]);
    let other = Event { name: "other", body: "other", ..unknown };
    check(&[(unknown, Entry::Granted), (other, Entry::Granted)]);
    let older = event(UPDATED, "older", 100);
    check(&[(known, Entry::Granted), (unknown, Entry::Granted), (older, stale(known))]);
    let next = Event { updated: Some(6), ..unknown };
    check(&[
        (known, Entry::Granted),
        (next, Entry::Granted),
        (event(UPDATED, "later", 900), Entry::Stale(next.version().after(&known.version()))),
    ]);
}

#[test]
fn an_older_second_never_enters_whoever_is_in_there() {
    let newest = event(UPDATED, "new", 0);
    let older = Event { updated: Some(4), triggered: Some(9_000), ..event(CREATE, "old", 0) };
    for held in [None, Some("other"), Some("old")] {
        let mut fence = Fence::default();
        fence.handle(newest);
        let held = held.map(|owner| (Owner(owner.into()), NOW + Duration::from_secs(9)));
        fence.0.as_mut().unwrap().held = held;
        assert_eq!(fence.handle(older), stale(newest));
    }
}

#[test]
fn topics_of_one_action_run_in_any_order_and_lower_no_version() {
    let [create, paid, updated] = [(CREATE, "a", 100), (PAID, "b", 200), (UPDATED, "c", 300)]
        .map(|(topic, name, at)| event(topic, name, at).of_action("checkout"));
    let later = event(UPDATED, "later", 250).of_action("another");
    for order in [[updated, paid, create], [updated, create, paid], [paid, updated, create]] {
        let mut fence = Fence::default();
        for event in order {
            assert_eq!(fence.handle(event), Entry::Granted, "{event:?} of {order:?}");
        }
        assert_eq!(fence.newest(), "c", "{order:?}");
        assert_eq!(fence.handle(later), stale(updated), "{order:?}");
    }
    let one_body = [create, paid].map(|event| Event { action: None, ..event.with_body("same") });
    check(&[(one_body[1], Entry::Granted), (one_body[0], Entry::Granted)]);
    check(&[(paid, Entry::Granted), (Event { action: Some("before"), ..create }, stale(paid))]);
}

#[test]
fn an_older_state_of_a_topic_stays_out_even_if_it_is_of_the_same_action() {
    let [first, second] = [("first", 400), ("second", 500)].map(|(name, at)| event(UPDATED, name, at).of_action("one"));
    let paid = event(PAID, "paid", 600).of_action("one");
    check(&[(second, Entry::Granted), (first, stale(second))]);
    check(&[(second, Entry::Granted), (paid, Entry::Granted), (first, stale(paid))]);
    check(&[(first, Entry::Granted), (paid, Entry::Granted), (second, Entry::Granted)]);
}

#[test]
fn topics_of_one_action_with_another_updated_at_or_none_are_ordered_by_their_versions() {
    let paid = event(PAID, "paid", 500).of_action("one");
    let second_before = Event { updated: Some(4), ..event(CREATE, "a", 400).of_action("one") };
    check(&[(paid, Entry::Granted), (second_before, stale(paid))]);
    let unsigned = Event { updated: None, ..event(CREATE, "a", 400).of_action("one") };
    check(&[(paid, Entry::Granted), (unsigned, stale(paid))]);
    check(&[(unsigned, Entry::Granted), (paid, Entry::Granted)]);
}

#[test]
fn a_body_without_updated_at_runs_at_each_trigger() {
    let unsigned = |name, at| Event { updated: None, ..event(UPDATED, name, at).with_body("id") };
    let (first, second, third) = (unsigned("a", 100), unsigned("b", 101), unsigned("c", 90_000));
    let again = Event { name: "again", ..third };
    check(&[
        (first, Entry::Granted),
        (second, Entry::Granted),
        (third, Entry::Granted),
        (again, Entry::Repeated),
        (second, stale(third)),
    ]);
}

#[test]
fn a_body_with_updated_at_and_one_without_are_ordered_by_their_triggers() {
    let disconnect = Event { updated: None, ..event("inventory_levels/disconnect", "gone", 200) };
    let connect = event("inventory_levels/connect", "back", 700);
    check(&[(disconnect, Entry::Granted), (connect, Entry::Granted)]);
    check(&[(connect, Entry::Granted), (disconnect, stale(connect))]);
    let create = Event { updated: None, ..event(CREATE, "created", 1_010) };
    let paid = event(PAID, "paid", 1_050);
    check(&[(create, Entry::Granted), (paid, Entry::Granted)]);
    check(&[(paid, Entry::Granted), (create, stale(paid))]);
}

#[test]
fn a_repeated_state_runs_once_for_each_topic() {
    let first = event(PAID, "first", 100).with_body("paid");
    for (name, at) in [("same trigger", Some(5_100)), ("before", Some(5_050)), ("unknown", None)] {
        let again = Event { name, triggered: at, ..first };
        check(&[(first, Entry::Granted), (again, Entry::Repeated)]);
        check(&[(first, Entry::Granted), (Event { topic: CREATE, ..again }, Entry::Granted)]);
    }
    let other = event(UPDATED, "other", 900);
    let again = Event { name: "again", ..first };
    check(&[(first, Entry::Granted), (other, Entry::Granted), (again, Entry::Repeated)]);
}

#[test]
fn a_state_that_returned_is_newer_than_what_was_between() {
    let [ten, nine, again] = [("a", 100, "ten"), ("b", 400, "nine"), ("c", 700, "ten")]
        .map(|(name, at, body)| event(UPDATED, name, at).with_body(body));
    check(&[(ten, Entry::Granted), (nine, Entry::Granted), (again, Entry::Granted)]);
    check(&[(ten, Entry::Granted), (again, Entry::Granted), (nine, stale(again))]);
    let nine_by_payment = Event { topic: PAID, ..nine };
    check(&[(ten, Entry::Granted), (nine_by_payment, Entry::Granted), (again, Entry::Granted)]);
}

#[test]
fn a_state_that_entered_and_failed_is_no_repeat_of_one_that_ran_before() {
    let [ten, nine, again] = [("a", 100, "ten"), ("b", 400, "nine"), ("c", 700, "ten")]
        .map(|(name, at, body)| event(UPDATED, name, at).with_body(body));
    let mut fence = check(&[(ten, Entry::Granted), (Event { topic: PAID, ..nine }, Entry::Granted)]);
    for _attempt in 0..2 {
        assert_eq!(fence.enter(again), Entry::Granted, "it did not run yet");
    }
    assert_eq!(fence.handle(again), Entry::Granted);
    assert_eq!(fence.handle(again), Entry::Ran);
}

/// Read from the Admin API after its second: for its own topic it is the last of that second.
struct Read(Event);

impl Read {
    fn enter(&self, fence: &mut Fence) -> Entry {
        let last = Event { triggered: Some(5_999), ..self.0 }.run();
        self.0.with_ask(|ask| {
            let ask = EnterRequest { run: &last, ..*ask };
            let entry = enter(fence.0.as_ref(), &ask);
            if let (Entry::Granted, Some(record)) = (entry, &mut fence.0) {
                record.newest = self.0.state().after(Some(&record.newest));
                record.held = None;
            }
            entry
        })
    }
}

#[test]
fn a_state_that_was_read_is_the_one_that_ran_unless_another_entered_since() {
    let ten = event(UPDATED, "a", 100).with_body("ten");
    let read = Read(event(UPDATED, "b", 0).with_body("ten").untriggered());
    let mut fence = check(&[(ten, Entry::Granted)]);
    assert_eq!(read.enter(&mut fence), Entry::Repeated);
    let other = Read(Event { topic: PAID, ..read.0 });
    assert_eq!(other.enter(&mut check(&[(ten, Entry::Granted)])), Entry::Granted, "its topic did not run");

    assert_eq!(fence.enter(event(UPDATED, "c", 400).with_body("nine")), Entry::Granted);
    fence.0.as_mut().unwrap().held = None;
    for _attempt in 0..2 {
        assert_eq!(read.enter(&mut fence), Entry::Granted, "what entered may have had half its effect");
    }
}

#[test]
fn a_state_that_returned_waits_for_who_is_in_there() {
    let [ten, nine, again] = [("a", 100, "ten"), ("b", 400, "ten"), ("c", 700, "ten")]
        .map(|(name, at, body)| event(UPDATED, name, at).with_body(body));
    let mut fence = check(&[(ten, Entry::Granted)]);
    assert_eq!(fence.enter(Event { topic: PAID, ..nine }), Entry::Granted);
    assert!(matches!(fence.enter(again), Entry::Busy(_)));
    assert_eq!(fence.enter(Event { name: "d", ..ten }), Entry::Repeated, "it raises nothing, and need not wait");
}

#[test]
fn a_newer_or_equal_version_waits_for_who_is_in_there() {
    for at in [0, 1] {
        let mut fence = Fence::default();
        fence.handle(event(PAID, "first", 0));
        let next = event(UPDATED, "next", at);
        let mut with_held = |owner: &str, until: UnixMillis| {
            fence.0.as_mut().unwrap().held = Some((Owner(owner.into()), until));
            next.with_ask(|ask| enter(fence.0.as_ref(), ask))
        };
        assert_eq!(with_held("other", NOW + Duration::from_secs(7)), Entry::Busy(Duration::from_secs(7)));
        assert_eq!(with_held("other", NOW), Entry::Busy(Duration::ZERO));
        assert_eq!(with_held("other", UnixMillis(NOW.0 - 1)), Entry::Granted);
        assert_eq!(with_held("next", NOW + Duration::from_secs(7)), Entry::Granted);
        assert_eq!(with_held("other", NOW + MAX_LEASE), Entry::Busy(MAX_LEASE));
        assert_eq!(with_held("other", UnixMillis((NOW + MAX_LEASE).0 + 1)), Entry::Granted, "nobody was granted that");
    }
}

#[test]
fn once_only_topic_runs_at_no_second_version() {
    let first = event(PAID, "a", 0);
    let once =
        |name, seconds: i64| Event { updated: Some(5 + seconds), once: true, ..event(PAID, name, 0).untriggered() };
    check(&[(once("b", 0), Entry::Granted)]);
    check(&[(first, Entry::Granted), (once("b", 0), Entry::Repeated)]);
    check(&[(first, Entry::Granted), (once("b", 1), Entry::Repeated)]);
    check(&[(first, Entry::Granted), (once("b", -1), stale(first))]);
    check(&[(first, Entry::Granted), (Event { once: true, ..first }, Entry::Ran)]);
    let forced = Event { generation: 1, once: true, ..first };
    check(&[(first, Entry::Granted), (forced, Entry::Granted)]);
    let other = event(UPDATED, "other", 0);
    check(&[(other, Entry::Granted), (once("b", 0), Entry::Granted)]);
    check(&[(other, Entry::Granted), (once("b", -1), stale(other))]);
}

#[test]
fn an_event_that_ran_is_told_so_and_only_a_forced_replay_runs_again() {
    let first = Event { generation: 1, ..event(PAID, "a", 0) };
    let generation = |generation| Event { generation, ..first };
    check(&[(first, Entry::Granted), (first, Entry::Ran)]);
    check(&[(first, Entry::Granted), (generation(2), Entry::Granted), (generation(2), Entry::Ran)]);
    check(&[(first, Entry::Granted), (generation(0), Entry::Repeated)]);
    check(&[(first, Entry::Granted), (generation(0).with_body("before the repair"), stale(first))]);
    let newer = Event { updated: Some(6), ..event(UPDATED, "newer", 1_000) };
    check(&[(first, Entry::Granted), (newer, Entry::Granted), (first, Entry::Ran)]);
    check(&[(first, Entry::Granted), (newer, Entry::Granted), (generation(2), stale(newer))]);
    let sibling = event(UPDATED, "sibling", 50).of_action("one");
    let first = first.of_action("one");
    let forced = Event { generation: 2, ..first };
    check(&[(first, Entry::Granted), (sibling, Entry::Granted), (forced, Entry::Granted)]);
}

#[test]
fn only_who_is_in_there_leaves() {
    let asked = event(PAID, "me", 0);
    let mut fence = check(&[(event(PAID, "a", 0), Entry::Granted)]);
    let mut left = |owner: Option<&str>, until: i64| {
        fence.0.as_mut().unwrap().held = owner.map(|owner| (Owner(owner.into()), UnixMillis(until)));
        asked.with_ask(|ask| leave(fence.0.as_ref(), ask))
    };
    assert_eq!(left(Some("me"), NOW.0 + 9), Settled::Written);
    assert_eq!(left(Some("me"), 0), Settled::Written, "late, but nobody else came");
    assert_eq!(left(Some("other"), 0), Settled::Lost);
    assert_eq!(left(None, 0), Settled::Lost);
    assert_eq!(asked.with_ask(|ask| leave(None, ask)), Settled::Lost);
}

#[test]
fn leaving_twice_frees_no_other_holder() {
    let ran = event(PAID, "a", 0);
    let mut fence = check(&[(ran, Entry::Granted)]);
    fence.0.as_mut().unwrap().held = Some((Owner("other".into()), UnixMillis(NOW.0 + 9)));
    let inside = fence.0.unwrap();
    ran.with_ask(|ask| {
        assert!(has_left(Some(&inside), ask), "its reply was lost");
        assert_eq!(leave(Some(&inside), ask), Settled::Lost, "and another is in there");
        assert!(!has_left(None, ask));
    });
    assert!(!Event { generation: 1, ..ran }.with_ask(|ask| has_left(Some(&inside), ask)));
}
