//! Each protocol that is wrong on purpose breaks a promise, in a scenario in which the right one keeps them all.

use stateright::{Checker, HasDiscoveries, Model};

use super::{model::Protocol, scenario::Scenario, state::Broken, trace, variant::Variant, witness::Witness};

#[track_caller]
#[expect(clippy::print_stdout, reason = "the way to the broken promise, with --nocapture")]
fn breaks(variant: Variant, scenario: Scenario, broken: Broken) {
    let name = broken.name();
    let protocol = Protocol { scenario, variant: Some(variant), witness: Witness::default() };
    let found = HasDiscoveries::AllOf([name].into());
    let checker = protocol.checker().threads(2).finish_when(found).spawn_bfs().join();
    let states = checker.unique_state_count();
    let path = checker.discovery(name).unwrap_or_else(|| panic!("{variant:?} was not found out, in {states} states"));
    println!("{variant:?} breaks \"{name}\", found in {states} states:");
    for (number, line) in (1..).zip(trace::lines(path)) {
        println!("{number:4}. {line}");
    }
}

#[test]
fn a_settle_that_is_not_fenced_is_found_out() {
    breaks(Variant::UnfencedSettle, Scenario::duplicate(), Broken::TwoActed);
}

#[test]
fn an_event_claimed_at_ingest_is_found_out() {
    breaks(Variant::ClaimedAtIngest, Scenario::delivered(), Broken::Lost);
}

#[test]
fn a_version_that_is_not_checked_is_found_out() {
    breaks(Variant::UncheckedVersion, Scenario::versions(), Broken::OlderAfterNewer);
}

#[test]
fn a_version_of_whole_seconds_is_found_out() {
    breaks(Variant::VersionOfWholeSeconds, Scenario::states_of_one_second(), Broken::StateLost);
}

#[test]
fn a_sibling_that_lowers_the_version_is_found_out() {
    breaks(Variant::SiblingLowersTheVersion, Scenario::topics_of_one_action(), Broken::OlderAfterNewer);
}

#[test]
fn a_lease_shorter_than_the_run_is_found_out() {
    breaks(Variant::LeaseShorterThanTheRun, Scenario::duplicate(), Broken::TwoActed);
}

#[test]
fn a_lease_that_ignores_clock_skew_is_found_out() {
    breaks(Variant::LeaseIgnoresClockSkew, Scenario::duplicate(), Broken::TwoActed);
}

#[test]
fn a_version_recorded_on_leave_is_found_out() {
    breaks(Variant::VersionRecordedOnLeave, Scenario::versions(), Broken::OlderAfterNewer);
}

#[test]
fn a_park_told_before_its_copy_is_sent_is_found_out() {
    breaks(Variant::ParkToldBeforeTheCopy, Scenario::parked(), Broken::Lost);
}

#[test]
fn a_repeated_leave_that_frees_another_is_found_out() {
    breaks(Variant::RepeatedLeaveFrees, Scenario::three_versions_astray(), Broken::ResourceOverlapped);
}

#[test]
fn a_handler_that_goes_on_after_its_deadline_is_found_out() {
    breaks(Variant::NoCheckAtTheDeadline, Scenario::duplicate(), Broken::TwoActed);
    breaks(Variant::NoCheckAtTheDeadline, Scenario::versions(), Broken::ResourceOverlapped);
}

#[test]
fn an_entry_without_the_lease_is_found_out() {
    breaks(Variant::EnterWithoutTheLease, Scenario::versions(), Broken::ResourceOverlapped);
}

#[test]
fn a_ledger_told_before_the_fence_is_found_out() {
    breaks(Variant::SettledBeforeLeft, Scenario::equal_versions(), Broken::StateRanTwice);
}

#[test]
fn an_acknowledgement_before_the_end_is_recorded_is_found_out() {
    breaks(Variant::AcknowledgedFirst, Scenario::duplicate(), Broken::Lost);
}

#[test]
fn a_lane_that_shows_a_message_during_its_lease_is_found_out() {
    breaks(Variant::VisibleBeforeTheLeaseEnds, Scenario::hidden(), Broken::BusyAfterACrash);
}
