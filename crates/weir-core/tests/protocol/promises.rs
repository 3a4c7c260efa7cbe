//! The protocol keeps its promises in every state that a scenario has.

use std::time::Instant;

use stateright::{Checker, Model};

use super::{
    model::Protocol,
    scenario::Scenario,
    witness::{Fact, Witness},
};

/// Goes through all states of a scenario; each of the facts must be among what happened.
#[track_caller]
#[expect(clippy::print_stdout, reason = "how much was gone through is what a reader asks of a model")]
fn check(name: &str, scenario: Scenario, facts: &[Fact]) {
    let began = Instant::now();
    let protocol = Protocol { scenario, variant: None, witness: Witness::default() };
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    println!("{name}: {states} states, {depth} steps deep, {:.1} s", began.elapsed().as_secs_f32());
    checker.assert_properties();
    let missing: Vec<_> = facts.iter().filter(|fact| !checker.model().witness.saw(**fact)).collect();
    assert!(missing.is_empty(), "{name}: never happened: {missing:?}");
}

#[test]
fn an_event_that_comes_twice_takes_effect_once_at_a_time() {
    let facts = [Fact::Granted, Fact::TakenOver, Fact::Busy, Fact::Duplicate, Fact::SettleLost, Fact::Done];
    check("twice", Scenario::duplicate(), &facts);
}

#[test]
fn replayed_event_runs_once_more() {
    let facts = [Fact::Condemned, Fact::ForcedDone, Fact::EntryRan, Fact::LeaveLost];
    check("replayed", Scenario::replayed(), &facts);
}

#[test]
fn another_body_under_the_same_id_is_kept_and_never_runs() {
    check("mismatch", Scenario::mismatch(), &[Fact::Mismatch, Fact::Done]);
}

#[test]
fn delivery_answered_with_200_is_never_lost() {
    check("delivered", Scenario::delivered(), &[Fact::Duplicate, Fact::Done]);
}

#[test]
fn a_parked_event_runs_or_is_given_up() {
    let facts = [Fact::Parked, Fact::Copied, Fact::DoneAfterParking, Fact::GaveUp];
    check("parked", Scenario::parked(), &facts);
}

#[test]
fn a_parked_event_is_not_lost_with_a_request() {
    check("parked, astray", Scenario::parked_astray(), &[Fact::Copied, Fact::DoneAfterParking]);
}

#[test]
fn a_parked_event_may_be_overtaken_and_never_overtakes() {
    let facts = [Fact::Parked, Fact::EntryStale, Fact::Stale, Fact::DoneAfterParking];
    check("parked, overtaken", Scenario::parked_and_overtaken(), &facts);
}

#[test]
fn an_older_version_never_takes_effect_after_or_beside_a_newer() {
    let facts = [Fact::Entered, Fact::EntryBusy, Fact::EntryStale, Fact::EntryRan, Fact::Stale, Fact::LeaveLost];
    check("versions", Scenario::versions(), &facts);
}

#[test]
fn a_repeated_state_runs_to_its_end_once_for_a_topic() {
    check("equal versions", Scenario::equal_versions(), &[Fact::EntryRepeated, Fact::EntryRan, Fact::Stale]);
}

#[test]
fn states_of_one_second_are_neither_lost_nor_out_of_order() {
    let facts = [Fact::Entered, Fact::EntryStale, Fact::EntryBusy, Fact::EntryRan, Fact::Stale];
    check("states of one second", Scenario::states_of_one_second(), &facts);
}

#[test]
fn topics_of_one_action_run_in_any_order_and_hide_no_newer_state() {
    let facts = [Fact::Entered, Fact::EntryStale, Fact::EntryBusy];
    check("topics of one action", Scenario::topics_of_one_action(), &facts);
}

#[test]
fn a_state_that_returns_is_newer_than_what_was_between() {
    let facts = [Fact::Entered, Fact::EntryStale, Fact::EntryRepeated, Fact::EntryBusy];
    check("state that returns", Scenario::state_that_returns(), &facts);
}

#[test]
fn versions_are_kept_apart_when_a_request_goes_astray() {
    check("versions, astray", Scenario::versions_astray(), &[Fact::EntryBusy, Fact::EntryStale]);
    check("equal versions, astray", Scenario::equal_versions_astray(), &[Fact::EntryBusy, Fact::EntryRepeated]);
}

#[test]
fn three_workers_take_turns() {
    check("three workers", Scenario::three_workers(), &[Fact::TakenOver, Fact::Busy, Fact::Duplicate]);
    let facts = [Fact::Entered, Fact::EntryBusy, Fact::EntryStale];
    check("three workers, three versions", Scenario::three_workers_three_versions(), &facts);
}

#[test]
fn a_repeated_leave_frees_nobody_else() {
    check("three versions, astray", Scenario::three_versions_astray(), &[Fact::EntryBusy, Fact::EntryStale]);
}

#[test]
fn the_first_receive_after_a_crash_takes_over() {
    check("hidden", Scenario::hidden(), &[Fact::TakenOver, Fact::Condemned, Fact::Done]);
}
