use jiff::Timestamp;
use weir_core::ledger::{Key, Owner};
use weir_core::{Failure, Topic, UnixMillis};

use super::super::plan;
use super::*;

/// A script, and a tally that was told of nothing but that everything went out.
fn start() -> (Vec<Planned>, Tally) {
    let script = plan::flash_sale(1, Timestamp::UNIX_EPOCH);
    let mut tally = Tally::new(&script);
    for place in 0..script.len() {
        tally.went_out(place, &event(&script, place));
    }
    (script, tally)
}

/// What a duplicate repeats stands before it.
fn event(script: &[Planned], place: usize) -> String {
    let first = place - usize::from(script[place].role == Role::Duplicate);
    format!("{}#{first}", script[place].shop)
}

fn record(script: &[Planned], place: usize, state: State, duplicates: u32) -> Record {
    Record {
        owner: Owner("me".into()),
        attempts: 1,
        duplicates,
        body_sha256: "aa".into(),
        topic: Topic::parse("orders/create"),
        ..Record::new(Key { event: event(script, place), generation: 0 }, state, UnixMillis(0))
    }
}

fn answer_all(script: &[Planned], tally: &mut Tally) {
    for (place, planned) in script.iter().enumerate() {
        tally.answered(place, Reply::Status(if planned.role == Role::Forged { 401 } else { 200 }));
    }
}

/// As the sale should end, but for the one event that is left out.
fn settle_all_but(left_out: Option<usize>, script: &[Planned], tally: &mut Tally) {
    for (place, planned) in script.iter().enumerate().filter(|(place, _)| Some(*place) != left_out) {
        let again = script.get(place + 1).is_some_and(|next| next.role == Role::Duplicate);
        match planned.role {
            Role::Event => tally.recorded(&record(script, place, State::Done, again.into())),
            Role::Poison => tally.recorded(&record(script, place, State::Failed(Failure::permanent("no JSON")), 0)),
            Role::Duplicate | Role::Forged => {}
        }
    }
}

#[test]
fn tally_starts_at_zero() {
    let (_, tally) = start();
    assert_eq!(tally.counts(), Counts::default());
    assert!(!tally.is_settled());
}

#[test]
fn a_sale_that_went_well_misses_nothing() {
    let (script, mut tally) = start();
    answer_all(&script, &mut tally);
    settle_all_but(None, &script, &mut tally);
    tally.dead_lettered(1);
    let (counts, goal) = (tally.counts(), tally.goal());
    assert_eq!((counts.accepted, counts.rejected, counts.done), (goal.accepted, goal.rejected, goal.done));
    assert_eq!((counts.duplicate, counts.dead_lettered, counts.retrying), (goal.duplicate, 1, 0));
    assert!(tally.is_settled());
    assert_eq!(tally.missing(), [""; 0]);
}

#[test]
fn accepted_event_without_a_record_counts_as_waiting() {
    let (script, mut tally) = start();
    answer_all(&script, &mut tally);
    let counts = tally.counts();
    assert_eq!(counts.waiting, plan::EVENTS + 1, "the events and the poison");
    assert!(!tally.is_settled());
}

#[test]
fn one_order_that_is_not_done_is_missed_wherever_it_is() {
    let (script, mut tally) = start();
    answer_all(&script, &mut tally);
    let is_single = |place: &usize| {
        script[*place].role == Role::Event && script.get(place + 1).is_none_or(|next| next.role == Role::Event)
    };
    let place = (0..script.len()).rev().find(is_single).unwrap();
    settle_all_but(Some(place), &script, &mut tally);
    tally.dead_lettered(1);
    for (state, whereabouts) in [
        (None, "lane 1, with a worker 0, retrying 0"),
        (Some(State::Leased { until: UnixMillis(0) }), "lane 0, with a worker 1, retrying 0"),
        (Some(State::Failed(Failure::transient("busy"))), "lane 0, with a worker 0, retrying 1"),
    ] {
        if let Some(state) = state {
            tally.recorded(&record(&script, place, state, 0));
        }
        assert!(!tally.is_settled(), "{whereabouts}");
        let missing = tally.missing();
        assert!(missing.len() == 1 && missing[0].contains(whereabouts), "{missing:?}");
    }
}

#[test]
fn the_poison_is_retrying_until_it_is_on_a_dead_letter_queue() {
    let (script, mut tally) = start();
    answer_all(&script, &mut tally);
    settle_all_but(None, &script, &mut tally);
    assert_eq!((tally.counts().retrying, tally.counts().dead_lettered), (1, 0));
    assert!(!tally.is_settled());
    tally.dead_lettered(1);
    assert_eq!((tally.counts().retrying, tally.counts().dead_lettered), (0, 1));
    assert!(tally.is_settled());
}

#[test]
fn a_forgery_that_is_let_in_and_a_refused_order_are_told() {
    let (script, mut tally) = start();
    for place in 0..script.len() {
        tally.answered(place, Reply::Status(200));
    }
    let order = script.iter().position(|planned| planned.role == Role::Event).unwrap();
    tally.answered(order, Reply::Status(413));
    tally.answered(order + 1, Reply::None);
    let missing = tally.missing().join("\n");
    assert!(missing.contains("the forged delivery was accepted"), "{missing}");
    assert!(missing.contains("1 signed deliveries were rejected"), "{missing}");
    assert!(missing.contains("1 deliveries were not answered"), "{missing}");
}

#[test]
fn events_of_others_are_not_counted() {
    let (script, mut tally) = start();
    answer_all(&script, &mut tally);
    let mut foreign = record(&script, 0, State::Done, 3);
    foreign.key.event.push('x');
    tally.recorded(&foreign);
    assert_eq!((tally.counts().done, tally.counts().duplicate), (0, 0));
}

#[test]
fn the_shops_add_up_to_the_whole() {
    let (script, mut tally) = start();
    answer_all(&script, &mut tally);
    settle_all_but(None, &script, &mut tally);
    let shops = tally.shops();
    assert_eq!(shops.len(), 3);
    assert_eq!(shops.values().map(|counts| counts.done).sum::<usize>(), tally.counts().done);
    assert_eq!(shops.values().map(|counts| counts.sent).sum::<usize>(), script.len());
}

#[test]
fn unanswered_delivery_is_awaited_until_it_is_sent_again() {
    let (script, mut tally) = start();
    answer_all(&script, &mut tally);
    settle_all_but(None, &script, &mut tally);
    tally.dead_lettered(1);
    let order = script.iter().position(|planned| planned.role == Role::Event).unwrap();
    assert_eq!(tally.unaccepted(&event(&script, order)), None);
    for reply in [Reply::None, Reply::Status(503)] {
        tally.answered(order, reply);
        assert!(!tally.is_settled());
        assert_eq!(tally.unaccepted(&event(&script, order)), Some(order));
    }
    tally.answered(order, Reply::Status(200));
    assert!(tally.is_settled());
}
