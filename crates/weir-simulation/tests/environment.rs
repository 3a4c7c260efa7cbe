//! Each rule of AWS's environment, with what protects from it and without: a rule that nothing breaks without protection would
//! prove nothing.

use std::time::Duration;

use weir_simulation::{Environment, Faults, Load, Outcome, RecursiveLoop, Service, Setup, Violation, run, scenario};

const HOUR: Duration = Duration::from_secs(3_600);

/// Events of which each counts, and nothing goes wrong by chance.
const PLAIN: Setup = Setup {
    load: Load {
        events: 300,
        shops: 3,
        resources: 100,
        within: Duration::from_secs(60),
        every: true,
        ..scenario::CALM.load
    },
    ..scenario::OUTAGE
};

/// The first two hundred seeds find what breaks; one is enough.
fn finds(setup: Setup, is_it: impl Fn(&Violation) -> bool) -> bool {
    (0..200).any(|seed| run(seed, setup).audit.violations.iter().any(&is_it))
}

#[track_caller]
fn all_is_done(setup: Setup) -> Outcome {
    let outcome = run(7, setup);
    let audit = &outcome.audit;
    assert_eq!(audit.violations, []);
    assert_eq!((audit.done + audit.stale, audit.dead_lettered), (audit.accepted, 0), "{audit:?}");
    outcome
}

fn is_dead_unjudged(violation: &Violation) -> bool {
    matches!(violation, Violation::DeadUnjudged { .. })
}

fn in_environment(setup: Setup, change: impl FnOnce(&mut Environment)) -> Setup {
    let mut environment = setup.environment;
    change(&mut environment);
    Setup { environment, ..setup }
}

#[test]
fn outage_of_four_hours_reaches_no_dlq_where_recursion_is_allowed() {
    let setup = Setup { outage: Some((Duration::ZERO, 4 * HOUR)), ..PLAIN };
    let outcome = all_is_done(setup);
    assert!(outcome.audit.parked > 20 * outcome.audit.accepted / 2, "{:?}", outcome.audit);
    let terminated = in_environment(setup, |aws| aws.recursive_loop = RecursiveLoop::Terminate);
    assert!(finds(terminated, is_dead_unjudged));
}

/// A backlog of twenty minutes, of which each message may be throttled every three minutes.
#[test]
fn lane_within_the_accounts_executions_dead_letters_nothing_unseen() {
    let load = Load { events: 4_000, within: Duration::from_secs(1), ..PLAIN.load };
    let few = Setup { load, outage: None, destination_takes: Duration::from_secs(9), pollers: 3, ..PLAIN };
    let few = in_environment(few, |aws| aws.executions = 3);
    assert_eq!(all_is_done(few).audit.throttled, 0);
    assert!(finds(Setup { pollers: 10, ..few }, is_dead_unjudged));
}

#[test]
fn throttled_invocations_now_and_then_dead_letter_nothing() {
    let faults = Faults { invocation_throttled: 100, ..Faults::NONE };
    assert!(all_is_done(Setup { faults, outage: None, ..PLAIN }).audit.throttled > 0);
}

#[test]
fn lane_that_nobody_reads_for_five_days_keeps_its_messages_for_fourteen() {
    let setup =
        in_environment(Setup { outage: None, ..PLAIN }, |aws| aws.disabled = Some((Duration::ZERO, 120 * HOUR)));
    all_is_done(setup);
    let four_days = in_environment(setup, |aws| aws.retention = 96 * HOUR);
    assert!(finds(four_days, |violation| matches!(violation, Violation::Lost { .. })));
}

#[test]
fn table_that_has_not_grown_yet_uses_up_no_receives() {
    let load = Load { within: Duration::from_secs(1), ..PLAIN.load };
    let setup = in_environment(Setup { load, outage: None, ..PLAIN }, |aws| aws.table_writes = 20);
    all_is_done(setup);
    all_is_done(in_environment(setup, |aws| (aws.max_receives, aws.worker_max_receives) = (2, 2)));
    // The worker parks what the ledger does not take before its receives are used up, if it knows how many there are.
    let wrongly_told = in_environment(setup, |aws| aws.max_receives = 2);
    assert!(finds(wrongly_told, is_dead_unjudged));
}

#[test]
fn service_that_denies_the_role_for_two_hours_uses_up_no_receives() {
    for service in [Service::Bus, Service::Tables, Service::Queue] {
        let denied = Some((service, Duration::from_secs(20), 2 * HOUR));
        let setup = in_environment(Setup { outage: None, ..PLAIN }, |aws| aws.denied = denied);
        all_is_done(setup);
        // A single receive suffices: what is denied is parked at once.
        all_is_done(in_environment(setup, |aws| (aws.max_receives, aws.worker_max_receives) = (1, 1)));
    }
}

#[test]
fn full_queue_in_flight_delays_and_loses_nothing() {
    let faults = Faults { destination_fails: 300, ..Faults::NONE };
    let setup = in_environment(Setup { faults, outage: None, ..PLAIN }, |aws| aws.max_receives = 20);
    let free = all_is_done(setup).latencies.second;
    let full = all_is_done(in_environment(setup, |aws| aws.in_flight = 4)).latencies.second;
    let median = |of: &[Duration]| weir_simulation::Latencies::percentile(of, 50);
    assert!(median(&full) > 5 * median(&free), "{:?} beside {:?}", median(&full), median(&free));
}

#[test]
fn event_that_no_rule_matches_is_gone_and_the_audit_says_so() {
    let unmatched = in_environment(Setup { outage: None, ..PLAIN }, |aws| aws.is_matched = false);
    assert!(finds(unmatched, |violation| matches!(violation, Violation::WithoutEffect { at: "the bus", .. })));
}

/// A region whose EventBridge still takes 256 KB: a batch of some events is over it, and none of them alone.
#[test]
fn call_that_is_too_large_for_the_bus_is_no_outage() {
    let small = in_environment(Setup { outage: None, ..PLAIN }, |aws| aws.bus_call_bytes = 1_500);
    assert_eq!(all_is_done(small).audit.parked, 0);
    // An event over it waits for nothing either: no outage would end.
    let none = in_environment(small, |aws| aws.bus_call_bytes = 10);
    let outcome = run(7, none);
    assert_eq!((outcome.audit.parked, outcome.audit.dead_lettered), (0, outcome.audit.accepted), "{:?}", outcome.audit);
}
