use weir_core::{UnixMillis, ledger::Attempt};

use super::*;

const RECEIVED: i64 = 1_790_000_000_000;

fn record(event: &str, state: State, duplicates: u32) -> Record {
    let done = Attempt {
        number: 1,
        receives: 1,
        begun: UnixMillis(RECEIVED + 100),
        ended: UnixMillis(RECEIVED + 250),
        outcome: Outcome::Done,
        comes_back: None,
        error: None,
    };
    let history = if state == State::Done { vec![done] } else { Vec::new() };
    Record {
        history,
        attempts: 1,
        duplicates,
        ..Record::new(Key { event: event.to_owned(), generation: 0 }, state, UnixMillis(RECEIVED))
    }
}

fn audit(accepted: &[(&str, u32)]) -> Audit {
    Audit::new(&accepted.iter().map(|(event, times)| ((*event).into(), *times)).collect())
}

fn tell(audit: &mut Audit, records: &[Record]) {
    audit.next(usize::MAX);
    audit.seen(records);
}

fn condemned() -> State {
    State::Failed(Failure::permanent("no JSON"))
}

#[test]
fn it_is_settled_when_each_event_has_come_to_its_end() {
    let mut audit = audit(&[("a", 1), ("b", 1), ("c", 1)]);
    tell(&mut audit, &[record("a", State::Done, 0), record("b", State::Leased { until: UnixMillis(0) }, 0)]);
    assert!(!audit.is_settled());
    tell(&mut audit, &[record("b", State::Stale, 0), record("c", condemned(), 0)]);
    assert!(audit.is_settled());
    let result = audit.result(0);
    assert_eq!((result.done, result.stale, result.dead_lettered, result.lost), (1, 1, 1, 0));
    assert!(result.is_complete());
    assert_eq!(result.look_at[0].event, "c");
}

#[test]
fn event_without_record_and_message_is_lost() {
    let mut audit = audit(&[("a", 1), ("b", 1), ("c", 1)]);
    tell(&mut audit, &[record("a", State::Done, 0)]);
    let of = |in_lanes| {
        let result = audit.result(in_lanes);
        assert!(!result.is_complete());
        (result.waiting, result.lost)
    };
    assert_eq!((of(0), of(1), of(2), of(70)), ((0, 2), (1, 1), (2, 0), (2, 0)));
}

#[test]
fn the_message_of_what_is_tried_again_hides_no_loss() {
    let mut audit = audit(&[("a", 1), ("b", 1)]);
    tell(&mut audit, &[record("a", State::Failed(Failure::transient("HTTP 500")), 0)]);
    let result = audit.result(1);
    assert_eq!((result.retrying, result.waiting, result.lost), (1, 0, 1));
    let named: Vec<EventOutcome> = result.look_at.iter().map(|named| named.outcome).collect();
    assert_eq!(named, [EventOutcome::Unseen, EventOutcome::Retrying], "the worst first");
}

#[test]
fn states_add_up_to_the_events() {
    let mut audit = audit(&[("a", 1), ("b", 2), ("c", 1), ("d", 1), ("e", 1), ("f", 1), ("g", 1), ("h", 1)]);
    let until = UnixMillis(0);
    tell(
        &mut audit,
        &[
            record("a", State::Done, 0),
            record("b", State::Stale, 0),
            record("c", condemned(), 0),
            record("d", State::Failed(Failure::transient("x")), 0),
            record("e", State::Parked { until }, 0),
            record("f", State::Leased { until }, 0),
            record("of somebody else", State::Done, 0),
        ],
    );
    let all = audit.result(4);
    let sum =
        all.done + all.stale + all.dead_lettered + all.retrying + all.parked + all.working + all.waiting + all.lost;
    assert_eq!((sum, all.events, all.waiting, all.lost), (8, 8, 1, 1));
}

#[test]
fn a_repeat_is_counted_beside_its_event_and_not_waited_for() {
    let mut audit = audit(&[("a", 3), ("b", 2)]);
    tell(&mut audit, &[record("a", State::Done, 1), record("b", condemned(), 0)]);
    assert!(audit.is_settled());
    let result = audit.result(0);
    // What was dead-lettered took no effect that a repeat could repeat.
    assert_eq!((result.events, result.repeats, result.duplicates), (2, 2, 1));
}

#[test]
fn no_event_is_starved_of_looks() {
    let mut audit = audit(&[("a", 1), ("b", 1), ("c", 1)]);
    let mut seen = std::collections::HashSet::new();
    for _ in 0..3 {
        seen.extend(audit.next(1));
        audit.seen(&[]);
    }
    assert_eq!(seen.len(), 3);
    assert_eq!(audit.left(), 3);
}

#[test]
fn it_took_from_the_receipt_to_the_end_of_the_attempt_that_took_effect() {
    let mut audit = audit(&[("a", 2)]);
    for duplicates in 0..2 {
        tell(&mut audit, &[record("a", State::Done, duplicates)]);
    }
    let took = audit.result(0).until_done_ms.unwrap();
    assert!((took.max - 250.0).abs() < 1.0, "{took:?}");
    assert_eq!(audit.took.count(), 1, "a second look is no second event");
}
