//! The bucket's rules, one by one.

use super::*;

/// The beginning of a slot of lumps.
const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

fn wants(need: f64) -> Ask {
    Ask {
        need,
        waited_for: need,
        lump: need,
        rate: 0.0,
        hold: 0.0,
        in_flight: 0.0,
        patience: Duration::ZERO,
        is_background: false,
        previous: None,
        seen: None,
    }
}

fn sees(available: f64, at: UnixMillis) -> Option<Status> {
    Some(Status { max: 2_000.0, available, restore: 100.0, at, gone: Some(0.0) })
}

/// A bucket after a lump of this size.
fn after(lump: f64) -> Bucket {
    match Bucket::ask(None, &wants(lump), NOW) {
        (Change::Write(bucket), Answer::Granted(_)) => bucket,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check_wait(bucket: Bucket, ask: &Ask, now: UnixMillis, seconds: f64) {
    let (change, answer) = Bucket::ask(Some(bucket), ask, now);
    assert_eq!(answer, Answer::Wait(Duration::from_secs_f64(seconds)));
    assert_eq!(change, Change::Keep, "being sent away costs no write");
}

#[test]
fn the_level_does_not_rise_to_what_lumps_may_still_take() {
    let mut bucket = after(500.0);
    bucket.advance(NOW + 9 * SECOND);
    assert_eq!(bucket.level, 1_500.0);
    bucket.advance(NOW + 11 * SECOND);
    assert_eq!(bucket.level, 1_600.0, "the lump ended after ten");
}

#[test]
fn bucket_follows_the_level_that_shopify_reports() {
    let ask = Ask { seen: sees(100.0, NOW), ..wants(150.0) };
    check_wait(Bucket::new(NOW), &ask, NOW, 0.5);
}

#[test]
fn points_that_nobody_spent_are_found_again_but_for_those_under_way() {
    let lost = Bucket { level: 0.0, ..Bucket::new(NOW) };
    let seen = sees(1_000.0, NOW);
    let granted = |in_flight, need| {
        let ask = Ask { in_flight, seen, ..wants(need) };
        matches!(Bucket::ask(Some(lost.clone()), &ask, NOW).1, Answer::Granted(_))
    };
    assert!(granted(0.0, 1_000.0));
    assert!(granted(900.0, 100.0) && !granted(900.0, 101.0));
}

#[test]
fn lumps_that_went_since_shopifys_word_are_not_found_again() {
    let lost = Bucket { level: 0.0, gone: 400.0, ..Bucket::new(NOW) };
    let granted = |need| {
        let ask = Ask { seen: sees(1_000.0, NOW), ..wants(need) };
        matches!(Bucket::ask(Some(lost.clone()), &ask, NOW).1, Answer::Granted(_))
    };
    assert!(granted(600.0) && !granted(601.0));
}

#[test]
fn a_word_from_before_the_last_lumps_ended_adds_nothing() {
    let lost = Bucket { level: 0.0, at: NOW + 5 * SECOND, ..Bucket::new(NOW) };
    let ask = Ask { seen: sees(1_000.0, NOW + 4 * SECOND), ..wants(100.0) };
    check_wait(lost, &ask, NOW + 5 * SECOND, 1.0);
}

#[test]
fn unspent_points_of_a_lease_return_to_the_bucket() {
    let (_, Answer::Granted(lease)) = Bucket::ask(None, &wants(500.0), NOW) else { panic!("it is full") };
    let ask = Ask { previous: Some((lease, 500.0)), ..wants(2_000.0) };
    let (_, answer) = Bucket::ask(Some(after(500.0)), &ask, NOW);
    assert!(matches!(answer, Answer::Granted(_)), "{answer:?}");
}

#[test]
fn the_background_leaves_a_quarter() {
    let ask = |need| Ask { is_background: true, ..wants(need) };
    assert!(matches!(Bucket::ask(None, &ask(1_500.0), NOW).1, Answer::Granted(_)));
    assert!(matches!(Bucket::ask(None, &ask(1_501.0), NOW).1, Answer::Wait(_)));
}

#[test]
fn rates_together_stay_below_the_refill() {
    let mut bucket = Bucket::new(NOW);
    for _ in 0..100 {
        let ask = Ask { rate: 50.0, ..wants(1.0) };
        if let (Change::Write(next), _) = Bucket::ask(Some(bucket.clone()), &ask, NOW) {
            bucket = next;
        }
    }
    assert!((90.0..=95.0).contains(&bucket.promised_rate()), "{}", bucket.promised_rate());
}

#[test]
fn the_document_costs_one_write_unit() {
    let mut bucket = after(500.0);
    let costs = (0..100).map(|n| (format!("AnOperationOfSomeLength{n}"), 1_000)).collect();
    bucket.learn(&costs);
    assert!(serde_json::to_string(&bucket).unwrap().len() < 900, "a kilobyte, with its key and the rest");
}

/// A background call leaves more alone than the bucket of the plan that was assumed can hold.
#[test]
fn a_background_call_that_is_alone_learns_of_the_larger_plan_while_it_waits() {
    let status = Status { max: 20_000.0, available: 19_900.0, restore: 1_000.0, at: NOW, gone: Some(0.0) };
    // Its lease ended meanwhile.
    let ask = Ask { is_background: true, seen: Some(status), ..wants(100.0) };
    let (mut bucket, mut now) = (Bucket::new(NOW), NOW + 120 * SECOND);
    for _ in 0..3 {
        match Bucket::ask(Some(bucket.clone()), &ask, now) {
            (_, Answer::Granted(_)) => return,
            (change, Answer::Wait(wait)) => {
                if let Change::Write(told) = change {
                    bucket = told;
                }
                now = now + wait;
            }
        }
    }
    panic!("it waits for good");
}
