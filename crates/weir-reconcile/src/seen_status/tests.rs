use std::collections::BTreeMap;

use weir_core::{
    fence::{Run, State},
    ledger::Owner,
};

use super::*;
use crate::Kind;

fn at(minute: i8) -> Timestamp {
    format!("2026-11-27T05:{minute:02}:00Z").parse().unwrap()
}

fn once_from() -> UnixMillis {
    UnixMillis(at(10).as_millisecond())
}

fn order(created: i8, updated: i8) -> Change {
    Change::new(Kind::Orders, "1".into(), Some(at(created)), at(updated))
}

#[track_caller]
fn check(change: &Change, topic: &str, expected: Implied) {
    assert_eq!(implied(change, topic, None, once_from()), expected, "{topic} of {change:?}");
}

#[test]
fn creation_or_cancellation_since_the_bound_is_implied() {
    for (created, expected) in [(9, Implied::No), (10, Implied::At(at(10))), (50, Implied::At(at(50)))] {
        check(&order(created, 55), "orders/create", expected);
        let product = Change { kind: Kind::Products, ..order(created, 55) };
        check(&product, "products/create", expected);
        check(&Change { cancelled: Some(at(created)), ..order(1, 55) }, "orders/cancelled", expected);
    }
    check(&order(20, 20), "orders/cancelled", Implied::No);
}

#[test]
fn event_stamped_after_the_last_change_counts_from_that_change() {
    check(&order(57, 55), "orders/create", Implied::At(at(55)));
    let paid = Change { payment: Payment::DoneAt(at(59)), ..order(1, 55) };
    check(&paid, "orders/paid", Implied::At(at(55)));
}

#[test]
fn event_after_the_end_is_within_the_grace() {
    let bounds = Bounds { once_from: once_from(), until: UnixMillis(at(50).as_millisecond()) };
    assert_eq!([at(50), at(51)].map(|at| bounds.is_within_grace(at)), [false, true]);
}

#[test]
fn payment_since_the_bound_is_implied() {
    let paid = |created, payment| Change { payment, ..order(created, 20) };
    check(&paid(15, Payment::Open), "orders/paid", Implied::No);
    check(&paid(15, Payment::Done), "orders/paid", Implied::At(at(20)));
    check(&paid(9, Payment::Done), "orders/paid", Implied::AskPayment);
    check(&paid(9, Payment::DoneAt(at(12))), "orders/paid", Implied::At(at(12)));
    check(&paid(1, Payment::DoneAt(at(9))), "orders/paid", Implied::No);
}

#[test]
fn an_update_is_a_change_after_the_creation() {
    check(&order(20, 20), "orders/updated", Implied::No);
    check(&order(9, 20), "orders/updated", Implied::At(at(20)));
    let level = Change::new(Kind::Inventory, "1:2".into(), None, at(20));
    check(&level, "inventory_levels/update", Implied::At(at(20)));
    check(&order(20, 21), "orders/fulfilled", Implied::No);
}

const NOW: UnixMillis = UnixMillis(1_000_000);

fn version(second: i64) -> Version {
    Version::updated(Timestamp::from_second(second).unwrap())
}

fn record(second: i64, ran: &[(&str, i64)], held_until: Option<i64>) -> Record {
    let run = |second| Run { version: version(second), delivery: "x".into(), generation: 0, body: "b".into() };
    let ran = ran.iter().map(|(mark, version)| (Mark::from((*mark).to_owned()), run(*version)));
    Record {
        key: "k".into(),
        newest: State { version: version(second), body: "b".into(), event: None, content: None },
        held: held_until.map(|until| (Owner("o".into()), UnixMillis(until))),
        ran: ran.collect::<BTreeMap<_, _>>(),
    }
}

#[track_caller]
fn check_seen(record: &Record, mark: &str, expected: SeenStatus) {
    let topic = mark.split('@').next().unwrap();
    let status = seen_status(Some(record), topic, &Mark::from(mark.to_owned()), (version(5), None), NOW);
    assert_eq!(status, expected, "{mark} of {record:?}");
}

#[test]
fn event_without_a_mark_was_not_seen() {
    assert_eq!(
        seen_status(None, "orders/create", &Mark::from("orders/create".to_owned()), (version(5), None), NOW),
        SeenStatus::NotSeen
    );
    check_seen(&record(5, &[], None), "orders/create", SeenStatus::NotSeen);
    check_seen(&record(5, &[("orders/paid", 5)], None), "orders/create", SeenStatus::NotSeen);
}

#[test]
fn once_only_event_counts_as_seen_at_any_version_and_an_update_at_its_own() {
    check_seen(&record(4, &[("orders/create", 3)], None), "orders/create", SeenStatus::Seen);
    check_seen(&record(5, &[("orders/updated", 5)], None), "orders/updated", SeenStatus::Seen);
    check_seen(&record(4, &[("orders/updated", 4)], None), "orders/updated", SeenStatus::NotSeen);
    check_seen(&record(5, &[("orders/updated", 4), ("orders/paid", 5)], None), "orders/updated", SeenStatus::NotSeen);
}

#[test]
fn the_update_that_came_as_the_creation_was_seen() {
    check_seen(&record(5, &[("orders/create", 5)], None), "orders/updated", SeenStatus::Seen);
    check_seen(&record(5, &[("orders/create@all", 5)], None), "orders/updated", SeenStatus::Seen);
    check_seen(&record(5, &[("orders/create", 4)], None), "orders/updated", SeenStatus::NotSeen);
    check_seen(&record(5, &[("draft_orders/create", 5)], None), "orders/updated", SeenStatus::NotSeen);
}

#[test]
fn each_subscription_asks_for_itself() {
    let seen = record(5, &[("orders/updated@a", 5)], None);
    check_seen(&seen, "orders/updated@a", SeenStatus::Seen);
    check_seen(&seen, "orders/updated@b", SeenStatus::NotSeen);
    check_seen(&seen, "orders/updated", SeenStatus::NotSeen);
}

#[test]
fn state_older_than_the_entered_one_is_not_sent() {
    check_seen(&record(6, &[], None), "orders/updated", SeenStatus::Seen);
    check_seen(&record(6, &[], None), "orders/create", SeenStatus::OnItsWay);
    check_seen(&record(6, &[("orders/create", 6)], None), "orders/create", SeenStatus::Seen);
}

#[test]
fn claimed_event_is_pending_until_its_lease_ends() {
    check_seen(&record(5, &[], Some(NOW.0)), "orders/updated", SeenStatus::OnItsWay);
    check_seen(&record(5, &[], Some(NOW.0 - 1)), "orders/updated", SeenStatus::NotSeen);
    check_seen(&record(5, &[("orders/updated", 5)], Some(NOW.0)), "orders/updated", SeenStatus::Seen);
}

#[test]
fn later_state_of_the_same_second_is_missing_if_its_content_differs() {
    let mark = Mark::from("inventory_levels/update".to_owned());
    let level = |available| Content::of_level(Some(available));
    let mut seen = record(5, &[("inventory_levels/update", 5)], None);
    let of = |seen: &Record, second, available| {
        seen_status(Some(seen), mark.as_str(), &mark, (version(second), Some(&level(available))), NOW)
    };
    assert_eq!(of(&seen, 5, 8), SeenStatus::Seen, "the fence knows no content");
    seen.newest.content = Some(level(9));
    assert_eq!([8, 9].map(|available| of(&seen, 5, available)), [SeenStatus::NotSeen, SeenStatus::Seen]);
    assert_eq!(of(&seen, 4, 8), SeenStatus::Seen, "the fence is ahead");
    assert_eq!(seen_status(Some(&seen), mark.as_str(), &mark, (version(5), None), NOW), SeenStatus::Seen);
    let created = record(5, &[("orders/create", 5)], None);
    let created = Record {
        newest: State { content: Some(Content::of_order(Some("pending"), Some(false))), ..created.newest },
        ..created
    };
    let change = |status| {
        let at = Timestamp::from_second(5).unwrap();
        let change = Change::new(Kind::Orders, "1".into(), Some(at), at);
        Change { content: Some(Content::of_order(Some(status), Some(false))), ..change }
    };
    let updated = |status| implied(&change(status), "orders/updated", Some(&created), UnixMillis(0));
    assert_eq!(
        updated("PAID"),
        Implied::At(Timestamp::from_second(5).unwrap()),
        "changed in the second of its creation"
    );
    assert_eq!(updated("PENDING"), Implied::No);
}
