//! Reports for tests.

use std::collections::BTreeMap;

use super::{Figures, Instructions, Machine, Report, WEIR};
use crate::{measure::Counts, metric::Metric};

pub(crate) fn weir_alone() -> Report {
    let medians = Metric::TABLE.iter().enumerate().map(|(place, (metric, _, _))| (*metric, place as f64 + 1.0));
    let weir = Figures { medians: medians.collect(), artifact_bytes: 4_900_000, ..Figures::default() };
    Report {
        date: "2026-11-25".to_owned(),
        machine: Machine { cpu: "A CPU".to_owned(), cores: 2, system: "Linux".to_owned() },
        rounds: 3,
        instructions: Some(Instructions {
            counted_by: "valgrind-3".to_owned(),
            ingest: Counts { cold: 4_000_000, warm: 400_000 },
            worker: Counts { cold: 9_000_000, warm: 5_000_000 },
        }),
        subjects: BTreeMap::from([(WEIR.to_owned(), weir)]),
        pipeline: Vec::new(),
    }
}

pub(crate) fn with_node() -> Report {
    let mut report = weir_alone();
    let ratio = |metric: Metric| if metric.more_is_better() { 0.25 } else { 8.0 };
    let ratios: BTreeMap<_, _> = Metric::TABLE.iter().map(|(metric, _, _)| (*metric, ratio(*metric))).collect();
    let medians = report.subjects[WEIR].medians.iter().map(|(metric, value)| (*metric, value * ratios[metric]));
    let node = Figures { medians: medians.collect(), ratios: ratios.clone(), ..Figures::default() };
    report.subjects.insert("node".to_owned(), node);
    report
}
