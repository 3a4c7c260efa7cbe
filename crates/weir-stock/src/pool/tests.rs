use std::time::Duration;

use super::*;
use crate::Reading;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const NOW_S: i64 = 1_800_000_000;

fn level(shop: &str) -> LevelKey {
    format!("{shop}.myshopify.com/1/1").parse().unwrap()
}

fn reading(available: i64, updated_s: i64) -> Reading {
    Reading { available, updated_s }
}

fn draft(shop: &str, buffer: i64, available: i64) -> Draft {
    Draft { level: level(shop), app: "default".into(), buffer, reading: Some(reading(available, NOW_S - 100)) }
}

fn pool(available: i64, members: &[(&str, i64)]) -> Pool {
    let drafts = members.iter().map(|(shop, known)| draft(shop, 0, *known)).collect();
    Pool::declare("TEA".into(), Some(available), drafts, NOW).unwrap()
}

fn push(number: u32) -> PushId {
    PushId(number.to_string())
}

#[test]
fn sale_in_one_shop_is_pushed_to_the_others() {
    let mut pool = pool(10, &[("a", 10), ("b", 10), ("c", 10)]);
    assert!(pool.is_settled(NOW));
    assert_eq!(pool.absorb(&level("a"), reading(8, NOW_S), NOW), Absorbed::Changed(-2));
    assert_eq!(pool.available, 8);
    assert_eq!(pool.due(NOW), [(level("b"), 10, 8), (level("c"), 10, 8)]);
}

#[test]
fn echo_of_a_push_changes_nothing() {
    let mut pool = pool(8, &[("a", 8), ("b", 10)]);
    assert!(pool.begin(&level("b"), push(1), 10, 8, NOW));
    assert!(pool.settle(&level("b"), &push(1), &Settled::Applied { at_s: NOW_S }, NOW));
    assert_eq!(pool.absorb(&level("b"), reading(8, NOW_S), NOW), Absorbed::Unchanged);
    assert_eq!((pool.available, pool.is_settled(NOW)), (8, true));
}

#[test]
fn level_with_an_open_push_is_not_absorbed() {
    let mut pool = pool(8, &[("a", 10)]);
    pool.begin(&level("a"), push(1), 10, 8, NOW);
    assert_eq!(pool.absorb(&level("a"), reading(7, NOW_S), NOW), Absorbed::Blocked);
    assert_eq!(pool.due(NOW), [], "and not pushed again");
    assert!(!pool.begin(&level("a"), push(2), 10, 7, NOW));
    assert!(!pool.settle(&level("a"), &push(2), &Settled::NotApplied, NOW), "another push's answer is not its own");
    assert!(pool.settle(&level("a"), &push(1), &Settled::NotApplied, NOW));
    assert_eq!(pool.absorb(&level("a"), reading(7, NOW_S), NOW), Absorbed::Changed(-3));
}

#[test]
fn older_reading_is_ignored_and_one_of_the_same_second_waits() {
    let mut pool = pool(10, &[("a", 10)]);
    assert_eq!(pool.absorb(&level("a"), reading(9, NOW_S), NOW), Absorbed::Changed(-1));
    assert_eq!(pool.absorb(&level("a"), reading(10, NOW_S - 1), NOW), Absorbed::TooEarly);
    assert_eq!(pool.absorb(&level("a"), reading(10, NOW_S), NOW), Absorbed::TooEarly);
    let later = NOW + Duration::from_secs(2);
    assert_eq!(pool.absorb(&level("a"), reading(7, NOW_S), later), Absorbed::Changed(-2));
    let much_later = NOW + Duration::from_secs(60);
    assert_eq!(pool.absorb(&level("a"), reading(6, NOW_S - 9), much_later), Absorbed::Changed(-1));
}

#[test]
fn buffer_is_not_offered_and_no_target_is_below_zero() {
    let drafts = vec![draft("a", 3, 10), draft("b", 0, 10)];
    let mut pool = Pool::declare("TEA".into(), Some(10), drafts, NOW).unwrap();
    assert_eq!(pool.due(NOW), [(level("a"), 10, 7)]);
    pool.set(2, "count".into(), NOW).unwrap();
    assert_eq!(pool.due(NOW), [(level("a"), 10, 0), (level("b"), 10, 2)]);
}

#[test]
fn level_below_zero_is_left_alone_until_the_pool_has_units() {
    let mut pool = pool(1, &[("a", 1), ("b", 1)]);
    pool.absorb(&level("a"), reading(-1, NOW_S), NOW);
    assert_eq!((pool.available, pool.oversold()), (-1, 1));
    assert_eq!(pool.due(NOW), [(level("b"), 1, 0)]);
    pool.set(4, "delivery".into(), NOW).unwrap();
    assert_eq!(pool.due(NOW), [(level("a"), -1, 4), (level("b"), 1, 4)]);
}

#[test]
fn refused_level_is_tried_again_after_an_hour() {
    let mut pool = pool(8, &[("a", 10)]);
    pool.begin(&level("a"), push(1), 10, 8, NOW);
    pool.settle(&level("a"), &push(1), &Settled::Refused("INVALID_LOCATION".into()), NOW);
    assert_eq!(pool.due(NOW), []);
    assert_eq!(pool.due(NOW + Duration::from_secs(3600)).len(), 1);
}

#[test]
fn journal_adds_up_and_old_entries_leave_once_they_are_published() {
    let mut pool = pool(100, &[("a", 100)]);
    let mut pages = Vec::new();
    for step in 0..40_i64 {
        pool.absorb(&level("a"), reading(99 - step, NOW_S + step), NOW);
        if step == 30 {
            pool.published = pool.next_entry;
        }
        pages.extend(pool.take_page());
    }
    assert!(pages.len() >= PAGE && pages.len() % PAGE == 0, "{}", pages.len());
    let all: Vec<Entry> = pages.into_iter().chain(pool.recent.clone()).collect();
    assert_eq!(all.iter().map(|entry| entry.delta).sum::<i64>(), pool.available);
    assert!(all.iter().enumerate().all(|(place, entry)| entry.number == place as u64));
    assert_eq!(pool.unpublished().len(), 9);
}

#[test]
fn newest_lines_beyond_the_stock_are_named() {
    let mut pool = pool(1, &[("a", 1)]);
    let line = |order, units| Line {
        id: LineId { shop: level("a").shop, order, line: 1 },
        ordered_at_ms: order as i64,
        units,
        revision: 1,
    };
    pool.absorb(&level("a"), reading(-3, NOW_S), NOW);
    assert!(pool.name_oversold(&[line(9, 2), line(8, 0), line(7, 5)], NOW));
    assert_eq!(
        pool.named,
        [
            NamedLine { line: "a.myshopify.com/9/1".into(), units: 2 },
            NamedLine { line: "a.myshopify.com/7/1".into(), units: 1 }
        ]
    );
    assert!(!pool.name_oversold(&[line(9, 2), line(7, 5)], NOW), "the same lines are named once");
    pool.set(5, "delivery".into(), NOW).unwrap();
    assert!(pool.name_oversold(&[line(9, 2)], NOW) && pool.named.is_empty());
}

#[test]
fn held_pool_pushes_nothing_until_it_is_released() {
    let mut pool = pool(8, &[("a", 10)]);
    assert!(pool.hold("too much", NOW) && !pool.hold("again", NOW));
    assert_eq!(pool.due(NOW), []);
    assert!(pool.release(NOW) && !pool.release(NOW));
    assert_eq!(pool.due(NOW).len(), 1);
}

#[test]
fn pool_without_a_number_begins_with_its_lowest_level() {
    let declared = |levels: &[i64]| {
        let names = ["a", "b", "c"];
        let drafts = levels.iter().zip(names).map(|(known, shop)| draft(shop, 0, *known)).collect();
        Pool::declare("TEA".into(), None, drafts, NOW).unwrap().available
    };
    assert_eq!(declared(&[7, 5, 9]), 5);
    assert_eq!(declared(&[7, -2]), 0);
    assert_eq!(Pool::declare("T".into(), Some(-1), vec![draft("a", 0, 1)], NOW), Err(PoolError::Negative(-1)));
    assert_eq!(Pool::declare("T".into(), None, vec![], NOW), Err(PoolError::NoMembers));
    let twice = vec![draft("a", 0, 1), draft("a", 0, 1)];
    assert_eq!(Pool::declare("T".into(), None, twice, NOW), Err(PoolError::MemberTwice(level("a"))));
}

#[test]
fn member_with_an_open_push_can_not_leave() {
    let mut pool = pool(8, &[("a", 10), ("b", 8)]);
    pool.begin(&level("a"), push(1), 10, 8, NOW);
    assert_eq!(pool.set_members(vec![draft("b", 0, 8)]), Err(PoolError::OpenPush(level("a"))));
    pool.settle(&level("a"), &push(1), &Settled::Applied { at_s: NOW_S }, NOW);
    pool.set_members(vec![draft("b", 1, 99), draft("c", 0, 3)]).unwrap();
    assert_eq!(pool.members.iter().map(|one| one.known).collect::<Vec<_>>(), [8, 3], "what is known stays");
    assert_eq!(pool.available, 8, "a member brings no units");
}
