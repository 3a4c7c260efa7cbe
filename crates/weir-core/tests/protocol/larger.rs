//! Larger scenarios, walked through at random for as long as somebody likes: three workers, one receive more, one more
//! request astray. All of their states are too many. Chance misses what takes a rare order: the small scenarios do not.

use stateright::Model;

use super::{model::Protocol, scenario::Scenario, witness::Witness};

/// How many random steps are taken in each larger scenario.
const VARIABLE: &str = "WEIR_MODEL_STEPS";

/// Then a walk begins anew: by then most events have ended.
const LENGTH: usize = 150;

#[test]
fn larger_scenarios_break_no_promise_as_far_as_asked() {
    let Some(steps) = std::env::var_os(VARIABLE) else {
        println!("not asked for: {VARIABLE}=30000000 takes so many random steps in each");
        return;
    };
    let steps: usize = steps.to_str().and_then(|text| text.parse().ok()).expect("WEIR_MODEL_STEPS is a number");
    let scenarios = [
        ("twice", Scenario::duplicate()),
        ("replayed", Scenario::replayed()),
        ("mismatch", Scenario::mismatch()),
        ("delivered", Scenario::delivered()),
        ("parked", Scenario::parked()),
        ("parked, overtaken", Scenario::parked_and_overtaken()),
        ("versions", Scenario::versions()),
        ("equal versions", Scenario::equal_versions()),
        ("states of one second", Scenario::states_of_one_second()),
        ("topics of one action", Scenario::topics_of_one_action()),
        ("state that returns", Scenario::state_that_returns()),
        ("three versions", Scenario::three_workers_three_versions()),
    ];
    for (name, scenario) in scenarios {
        let protocol = Protocol { scenario: scenario.larger(), variant: None, witness: Witness::default() };
        walk(name, &protocol, steps);
    }
}

/// Walks at random, again and again from the beginning.
#[track_caller]
fn walk(name: &str, protocol: &Protocol, steps: usize) {
    let (mut rng, mut actions) = (fastrand::Rng::with_seed(7), Vec::new());
    let mut way = protocol.init_states();
    for _ in 0..steps {
        let state = way[way.len() - 1];
        protocol.actions(&state, &mut actions);
        let action = actions[rng.usize(..actions.len())];
        actions.clear();
        let Some(next) = protocol.next_state(&state, action) else { continue };
        way.push(next);
        assert!(next.broken.is_none(), "{name}: not kept: {:?}, {action:?} after {way:#?}", next.broken);
        if way.len() > LENGTH {
            way.truncate(1);
        }
    }
}
