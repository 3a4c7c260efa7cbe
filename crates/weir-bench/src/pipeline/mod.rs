//! The whole pipeline on the local emulator: from the post of a webhook to its event on the bus.
//!
//! The emulator is a single Python process and no AWS: what it shows is how things grow with events, shops and bodies,
//! not what a stack on AWS takes. weir's functions are those that are deployed.

mod posts;
mod stack;

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::report::table::number;

pub use stack::Local;

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Webhooks, each of an event of its own.
    pub events: usize,
    /// Shops that they come from, in turns.
    pub shops: usize,
    /// About the size of each body.
    pub body_bytes: usize,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What was sent.
    pub load: Load,
    /// From the first post to the last event on the bus.
    pub seconds: f64,
    /// Events a second, over that time.
    pub rate: f64,
    /// From a webhook's post to its answer, half of them.
    pub answer_p50_ms: f64,
    /// 99 of 100 of them.
    pub answer_p99_ms: f64,
    /// From a webhook's post to its event on the bus, half of them.
    pub bus_p50_ms: f64,
    /// 99 of 100 of them.
    pub bus_p99_ms: f64,
}

/// The first grows in events, the second in shops, the third in bodies; each begins at the same load.
#[must_use]
pub fn loads(is_full: bool) -> Vec<Load> {
    let usual = Load { events: 1_000, shops: 20, body_bytes: 6_000 };
    let mut loads = vec![usual, Load { events: 10_000, ..usual }];
    if is_full {
        loads.push(Load { events: 100_000, ..usual });
    }
    loads.extend([1, 500].map(|shops| Load { shops, ..usual }));
    loads.extend([60_000, 300_000].map(|body_bytes| Load { body_bytes, ..usual }));
    loads
}

/// As docs/benchmarks.md shows it.
#[must_use]
pub fn table(runs: &[Run]) -> String {
    let mut text = String::from(
        "| events | shops | body, KB | events/s | answered p50, ms | p99 | on the bus p50, ms | p99 |\n\
         |---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for Run { load, rate, answer_p50_ms, answer_p99_ms, bus_p50_ms, bus_p99_ms, .. } in runs {
        let [rate, a50, a99, b50, b99] =
            [rate, answer_p50_ms, answer_p99_ms, bus_p50_ms, bus_p99_ms].map(|value| number(*value));
        let kilobytes = number(load.body_bytes as f64 / 1e3);
        let _ = writeln!(
            text,
            "| {} | {} | {kilobytes} | {rate} | {a50} | {a99} | {b50} | {b99} |",
            load.events, load.shops
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_changes_one_thing() {
        let loads = loads(true);
        let usual = loads[0];
        for load in &loads[1..] {
            let changed = [load.events != usual.events, load.shops != usual.shops, load.body_bytes != usual.body_bytes];
            assert_eq!(changed.iter().filter(|changed| **changed).count(), 1, "{load:?}");
        }
        assert!(loads.iter().any(|load| load.events == 100_000));
    }
}
