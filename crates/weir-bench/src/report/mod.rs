//! What a run came to, as figures, a table and a chart.

pub mod accepted;
pub mod chart;
pub mod check;
pub mod region;
#[cfg(test)]
mod sample;
pub mod table;
pub mod targets;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    compare::Rounds,
    extras::{Far, Large},
    measure::Counts,
    metric::Metric,
    pipeline::Run,
};

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The day, in UTC.
    pub date: String,
    /// Where.
    pub machine: Machine,
    /// Times that each subject was measured.
    pub rounds: u32,
    /// Instructions of weir's functions; absent where valgrind is.
    pub instructions: Option<Instructions>,
    /// By name: `weir`, `node`, `python`.
    pub subjects: BTreeMap<String, Figures>,
    /// The pipeline on the emulator.
    #[serde(default)]
    pub pipeline: Vec<Run>,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The model of its CPU.
    pub cpu: String,
    /// How many of them.
    pub cores: usize,
    /// Kernel and architecture.
    pub system: String,
}

/// What CI holds weir to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instructions {
    /// What counted them.
    pub counted_by: String,
    /// Ingest: a cold start with its first answer, and an answer after that.
    pub ingest: Counts,
    /// The worker: a cold start with its first batch, and a batch after that.
    pub worker: Counts,
}

/// Of one subject.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Medians over the rounds.
    pub medians: BTreeMap<Metric, f64>,
    /// How many times as much as weir, round by round: the medians.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ratios: BTreeMap<Metric, f64>,
    /// Ingest's artifact, unpacked, in bytes.
    pub artifact_bytes: u64,
    /// A large body.
    pub large: Option<Large>,
    /// AWS far away.
    pub far: Option<Far>,
    /// Names and versions of what it is made of.
    pub versions: Vec<(String, String)>,
}

impl Figures {
    /// From the rounds of a comparison.
    #[must_use]
    pub fn new(rounds: &Rounds, name: &str) -> Self {
        let metrics = || Metric::TABLE.iter().map(|(metric, _, _)| *metric);
        let medians = metrics().filter_map(|metric| Some((metric, round(rounds.median(name, metric)?))));
        let ratios = metrics()
            .filter(|_| name != WEIR)
            .filter_map(|metric| Some((metric, round(rounds.ratio(name, WEIR, metric)?))));
        Self { medians: medians.collect(), ratios: ratios.collect(), ..Self::default() }
    }
}

/// What all others are compared with.
pub const WEIR: &str = "weir";

impl Report {
    /// A median of a subject.
    #[must_use]
    pub fn median(&self, subject: &str, metric: Metric) -> Option<f64> {
        self.subjects.get(subject)?.medians.get(&metric).copied()
    }

    /// How many times as much a subject has as weir.
    #[must_use]
    pub fn ratio(&self, subject: &str, metric: Metric) -> Option<f64> {
        self.subjects.get(subject)?.ratios.get(&metric).copied()
    }
}

impl Machine {
    /// This one.
    #[must_use]
    pub fn this() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpuinfo = read("/proc/cpuinfo");
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            cpu: model.map_or_else(|| "unknown".to_owned(), |(_, model)| model.trim().to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: format!("Linux {} {}", read("/proc/sys/kernel/osrelease").trim(), std::env::consts::ARCH),
        }
    }
}

/// To three decimals: what is beyond is noise, and unreadable in a diff.
fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
