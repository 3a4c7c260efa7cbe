//! The promises, in every run.

use weir_simulation::{Audit, Faults, Latencies, Load, Outcome, Setup, Violation, run, scenario};

/// A seed's run, which must break no promise.
#[track_caller]
fn check(seed: u64, setup: Setup) -> Outcome {
    let outcome = run(seed, setup);
    assert!(
        outcome.audit.violations.is_empty(),
        "seed {seed}: {:?}\nrun it again: cargo xtask simulate --seed {seed}",
        outcome.audit.violations
    );
    outcome
}

/// Thousands of runs, on as many threads as there are.
#[test]
fn faults_lose_double_or_reorder_no_event() {
    const SEEDS: u64 = 2_000;
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let share = |thread: u64| (thread..SEEDS).step_by(threads as usize).map(|seed| check(seed, scenario::CHAOS).audit);
    let sums = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || share(thread).fold([0; 6], add))).collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .fold([0; 6], |a, b| std::array::from_fn(|i| a[i] + b[i]))
    });
    let [done, stale, crashes, parked, repeats, reruns] = sums;
    eprintln!(
        "{SEEDS} seeds: done {done}, stale {stale}, crashes {crashes}, parked {parked}, repeats {repeats}, reruns {reruns}"
    );
    assert!(sums.iter().all(|sum| *sum > SEEDS as usize), "too little went wrong to try anything: {sums:?}");
}

fn add(sums: [usize; 6], audit: Audit) -> [usize; 6] {
    let Audit { done, stale, crashes, parked, bus_repeats, reruns, .. } = audit;
    let these = [done, stale, crashes as usize, parked, bus_repeats, reruns];
    std::array::from_fn(|index| sums[index] + these[index])
}

/// The audit must see what nobody else does: a state that is lost because another one shares its second.
#[test]
fn a_version_of_whole_seconds_is_found_out() {
    let faults = Faults { whole_second_versions: true, ..Faults::NONE };
    let found = |seed: &u64| !run(*seed, Setup { faults, ..scenario::CHAOS }).audit.violations.is_empty();
    assert!((0..200).any(|seed| found(&seed)), "two hundred seeds did not find it");
}

#[test]
fn the_same_seed_makes_the_same_run() {
    for seed in [1, 2, 3] {
        assert_eq!(run(seed, scenario::CHAOS), run(seed, scenario::CHAOS), "seed {seed}");
    }
    assert_ne!(run(1, scenario::CHAOS), run(2, scenario::CHAOS));
}

/// Not by chance: the one process that is at this place dies, for each place there is.
#[test]
fn a_process_may_die_at_any_place() {
    let places = check(7, scenario::CALM).crash_points;
    assert!(places > 100, "{places}");
    for place in 0..places {
        let outcome = check(7, Setup { crash_at: Some(place), ..scenario::CALM });
        assert_eq!(outcome.audit.crashes, 1, "place {place}");
        assert_eq!(outcome.audit.dead_lettered, 0, "place {place}");
    }
}

/// The fault that Shopify's rule for duplicates is there for, put back on purpose.
#[test]
fn events_told_by_their_webhook_ids_alone_are_found_to_run_twice() {
    let wrong = Setup { load: Load { by_webhook_id: true, ..scenario::CHAOS.load }, ..scenario::CHAOS };
    let twice = |violation: &Violation| matches!(violation, Violation::Twice { .. });
    let found = (0..200).find(|seed| run(*seed, wrong).audit.violations.iter().any(twice));
    eprintln!("found at seed {found:?}");
    assert!(found.is_some(), "two hundred seeds do not find it");
}

#[test]
fn an_hour_of_outage_reaches_no_dlq_and_no_other_destination() {
    let baseline = check(7, scenario::OUTAGE.without_outage());
    let outage = check(7, scenario::OUTAGE);
    assert_eq!((outage.audit.dead_lettered, outage.audit.done), (0, outage.audit.accepted));
    assert!(outage.audit.parked > 5_000, "{}", outage.audit.parked);
    let p99 = |outcome: &Outcome| Latencies::percentile(&outcome.latencies.second, 99);
    assert!(p99(&outage) <= p99(&baseline) * 2, "{:?} beside {:?}", p99(&outage), p99(&baseline));
    assert!(Latencies::percentile(&outage.latencies.first, 50) > std::time::Duration::from_secs(600));
}

#[test]
fn a_flood_of_one_shop_delays_the_quiet_ones_little() {
    let baseline = check(7, scenario::FLOOD.without_flood());
    let flood = check(7, scenario::FLOOD);
    let unfair = check(7, Setup { fair: false, ..scenario::FLOOD });
    let p99 = |outcome: &Outcome| Latencies::percentile(&outcome.latencies.quiet, 99);
    let [baseline, flood, unfair] = [&baseline, &flood, &unfair].map(p99);
    eprintln!("p99 of quiet shops: {baseline:?}, beside a flood {flood:?}, without message groups {unfair:?}");
    assert!(flood <= baseline * 2, "{flood:?} beside {baseline:?}");
    assert!(unfair > baseline * 2, "the flood is none: {unfair:?} beside {baseline:?}");
}
