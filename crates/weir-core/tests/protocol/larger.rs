//! Larger scenarios, for whoever has the time: three workers, one receive more, one more request astray.

use std::time::Instant;

use stateright::{Checker, Model};

use super::{model::Protocol, scenario::Scenario, witness::Witness};

/// How many steps are taken in each larger scenario, shortest ways first; several lead to one state.
const VARIABLE: &str = "WEIR_MODEL_STEPS";

#[test]
fn larger_scenarios_break_no_promise_as_far_as_asked() {
    let Some(steps) = std::env::var_os(VARIABLE) else {
        println!("not asked for: {VARIABLE}=30000000 goes that far into each, and takes minutes and gigabytes");
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
        ("three versions", Scenario::three_workers_three_versions()),
    ];
    for (name, scenario) in scenarios {
        let began = Instant::now();
        let protocol = Protocol { scenario: scenario.larger(), variant: None, witness: Witness::default() };
        let checker = protocol.checker().threads(2).target_state_count(steps).spawn_bfs().join();
        let (seen, depth) = (checker.unique_state_count(), checker.max_depth());
        println!("{name}, larger: {seen} states, {depth} steps deep, {:.0} s", began.elapsed().as_secs_f32());
        for (promise, path) in checker.discoveries() {
            let failed = checker.discovery_classification(promise).to_string() == "counterexample";
            assert!(!failed, "{name}: not kept: {promise}:\n{}", super::trace::lines(path).join("\n"));
        }
    }
}
