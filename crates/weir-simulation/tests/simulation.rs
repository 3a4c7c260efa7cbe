//! The promises, in every run.

use weir_simulation::{Outcome, Setup, run, scenario};

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

#[test]
fn whatever_goes_wrong_nothing_is_lost_doubled_or_out_of_order() {
    let (mut done, mut stale, mut crashes, mut parked, mut repeats, mut reruns) = (0, 0, 0, 0, 0, 0);
    for seed in 0..200 {
        let audit = check(seed, scenario::CHAOS).audit;
        done += audit.done;
        stale += audit.stale;
        crashes += audit.crashes;
        parked += audit.parked;
        repeats += audit.bus_repeats;
        reruns += audit.reruns;
    }
    eprintln!("done {done}, stale {stale}, crashes {crashes}, parked {parked}, repeats {repeats}, reruns {reruns}");
    assert!(done > 0 && stale > 0 && crashes > 0 && parked > 0 && repeats > 0 && reruns > 0);
}

#[test]
fn the_same_seed_makes_the_same_run() {
    for seed in [1, 2, 3] {
        assert_eq!(run(seed, scenario::CHAOS), run(seed, scenario::CHAOS), "seed {seed}");
    }
    assert_ne!(run(1, scenario::CHAOS), run(2, scenario::CHAOS));
}
