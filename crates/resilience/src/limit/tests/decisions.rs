//! The pure side.

use std::time::Duration;

use super::{SECOND, START, limit};
use crate::{
    Limit, UnixMillis,
    limit::{
        Bucket,
        bucket::{Answer, Ask, Held},
        lump::{Lump, Spent},
    },
    shared::Change,
};

const LIMIT: Limit = Limit { per_second: 10.0, burst: 20 };

fn ask(bucket: Option<Bucket>, want: u32, spent: Option<Spent>, now: UnixMillis) -> (Option<Bucket>, Answer) {
    let (change, answer) = Bucket::ask(bucket, &asked(want, spent), LIMIT, now);
    match change {
        Change::Write(bucket) => (Some(bucket), answer),
        Change::Keep => (None, answer),
    }
}

/// By a busy process with one caller.
fn asked(want: u32, spent: Option<Spent>) -> Ask {
    Ask { want, waiting: 1, lead: Duration::ZERO, patience: SECOND, spent, writer: 7 }
}

#[track_caller]
fn granted(answer: Answer) -> Lump {
    match answer {
        Answer::Granted { lump, .. } => lump,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bucket_that_nobody_wrote_is_full() {
    let (bucket, answer) = ask(None, 100, None, START);
    assert_eq!(granted(answer).permits, 20);
    assert_eq!(bucket.unwrap().level, 0.0);
}

#[test]
fn held_permits_block_the_refill_until_they_lapse() {
    let (bucket, answer) = ask(None, 20, None, START);
    let until = granted(answer).until;
    assert!(until > START + SECOND && until <= START + 2 * SECOND, "{until}");
    let before = UnixMillis(until.0 - 1);
    let (unchanged, answer) = ask(bucket.clone(), 2, None, before);
    assert_eq!((unchanged, answer), (None, Answer::Wait(Duration::from_millis(1 + 100 + 1))));
    let (_, answer) = ask(bucket, 100, None, until + SECOND);
    assert_eq!(granted(answer).permits, 10, "a second's worth since it lapsed");
}

#[test]
fn used_permits_refill_and_unused_permits_return() {
    let (bucket, answer) = ask(None, 20, None, START);
    let mut spent = Spent::new(granted(answer));
    for _ in 0..12 {
        assert!(spent.spend(START));
    }
    // 8 go back; 12 were used within the first twentieth of a second, 9.5 have flowed in since.
    let (bucket, answer) = ask(bucket, 100, Some(spent), START + SECOND);
    assert_eq!(granted(answer).permits, 17);
    assert_eq!(bucket.unwrap().held, [Held { until_ms: START + 3 * SECOND, permits: 17 }]);
}

#[test]
fn a_lump_that_has_lapsed_can_not_be_used_or_given_back() {
    let (bucket, answer) = ask(None, 20, None, START);
    let lump = granted(answer);
    let mut spent = Spent::new(lump);
    assert!(!spent.spend(lump.until));
    let (_, answer) = ask(bucket, 100, Some(spent), lump.until);
    assert!(matches!(answer, Answer::Wait(_)), "{answer:?}");
}

#[test]
fn a_process_asks_for_more_when_it_ran_short_and_for_less_when_it_did_not() {
    let lump = Lump { permits: 4, until: START + SECOND };
    let mut spent = Spent::new(lump);
    (0..4).for_each(|_| assert!(spent.spend(START)));
    assert!(!spent.spend(START));
    assert_eq!(spent.next_want(4, false, START), 8);
    let mut spent = Spent::new(lump);
    assert!(spent.spend(START));
    assert_eq!(spent.next_want(8, true, START + SECOND), 1);
}

#[test]
fn a_clock_that_is_behind_fills_nothing_and_takes_nothing_back() {
    let (bucket, _) = ask(None, 20, None, START);
    let (bucket, _) = ask(bucket, 1, None, START + 10 * SECOND);
    let level = bucket.clone().unwrap().level;
    let (bucket, _) = ask(bucket, 1, None, START + 9 * SECOND);
    assert_eq!(bucket.unwrap().level, level - 1.0);
}

#[test]
fn a_clock_that_was_wrong_does_not_stop_all_others() {
    let (bucket, _) = ask(None, 20, None, START + 3600 * SECOND);
    assert_eq!(granted(ask(bucket, 1, None, START).1).permits, 1);
}

#[test]
fn nonsense_for_a_limit_is_slow_and_never_a_panic() {
    for per_second in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::MAX] {
        let limit = limit(per_second, 0);
        let ask = Ask { writer: 1, ..asked(9, None) };
        let (change, answer) = Bucket::ask(None, &ask, limit, START);
        assert_eq!(granted(answer).permits, 1, "{per_second}");
        let Change::Write(bucket) = change else { panic!("a grant is written") };
        Bucket::ask(Some(bucket), &ask, limit, START);
        assert!(limit.worth_waiting() <= SECOND);
    }
}

fn promised(bucket: Option<Bucket>, waiting: u32, patience: Duration) -> (Change<Bucket>, Vec<i64>, i64) {
    let ask = Ask { waiting, patience, ..asked(1, None) };
    let (change, answer) = Bucket::ask(bucket, &ask, LIMIT, START);
    let Answer::Promised { slots, next } = answer else { panic!("{answer:?}") };
    let after = |at: UnixMillis| at.0 - START.0;
    assert!(slots.iter().all(|slot| slot.until > slot.from));
    (change, slots.into_iter().map(|slot| after(slot.from)).collect(), after(next))
}

#[test]
fn callers_that_wait_get_the_next_slots_and_whoever_comes_later_those_behind() {
    let (change, slots, next) = promised(Some(Bucket::nearly_empty(START)), 3, SECOND);
    assert_eq!((slots, next), (vec![0, 101, 201], 301));
    let Change::Write(bucket) = change else { panic!("the slots are written down") };
    let (_, slots, _) = promised(Some(bucket), 2, SECOND);
    assert_eq!(slots, [301, 401]);
}

#[test]
fn slots_end_with_the_patience_of_the_callers() {
    let (change, slots, next) = promised(Some(Bucket::nearly_empty(START)), 9, Duration::from_millis(250));
    assert!(matches!(change, Change::Write(_)));
    assert_eq!((slots, next), (vec![0, 101, 201], 301));
    let empty = Bucket { level: 0.0, ..Bucket::nearly_empty(START) };
    let (change, slots, next) = promised(Some(empty), 9, Duration::from_millis(50));
    assert!(matches!(change, Change::Keep), "what is not used is not written");
    assert_eq!((slots, next), (vec![], 101));
}

#[test]
fn slot_that_may_still_be_used_keeps_its_permit_from_flowing_in_again() {
    let limit = Limit { per_second: 10.0, burst: 1 };
    let ask = Ask { waiting: 3, ..asked(1, None) };
    let (_, answer) = Bucket::ask(None, &ask, limit, START);
    let Answer::Promised { slots, .. } = answer else { panic!("{answer:?}") };
    for pair in slots.windows(2) {
        assert!(pair[1].from >= pair[0].until + Duration::from_millis(100), "{slots:?}");
    }
}
