//! The options of `weir cost`.

use clap::{Args, ValueEnum};
use weir_ops::cost;

/// Estimate the costs of a month on AWS, by service
///
/// Uses the list prices of US East (N. Virginia) from a dated table, and the requests that an event was counted to make.
/// The output names what was not counted. How long Lambda runs depends on payload, network and memory: take --ingest-ms and
/// --worker-ms from `billedDurationMs` in the log records of type `platform.report` of your functions.
///
/// The command makes no requests and needs neither stack nor credentials. Other regions have other prices, which it does not know.
#[derive(Debug, Args)]
#[command(after_help = COST_HELP)]
pub(crate) struct CostArgs {
    /// Distinct events a month, such as 50000000, 5e7 or 50M
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = events)]
    pub(crate) events_per_month: u64,
    /// Size of a body
    #[arg(long, value_name = "KB", default_value = "6", value_parser = kilobytes)]
    pub(crate) payload_kb: f64,
    /// Average messages in a worker's batch: 10 under load, 1 in quiet hours
    #[arg(long, value_name = "N", default_value = "1", value_parser = batch)]
    pub(crate) batch: f64,
    /// Percentage of events that are delivered twice
    #[arg(long, value_name = "PERCENT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) duplicates: u8,
    /// Percentage of events whose topic keeps order (`latest` in infra/topics.toml)
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) ordered: u8,
    /// Processor of the functions
    #[arg(long, value_name = "NAME", default_value = "arm64")]
    pub(crate) architecture: Architecture,
    /// The memory of the functions, in MB [default: the template's]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(128..=10_240))]
    pub(crate) memory: Option<u32>,
    /// Billed duration of a webhook in ingest, in milliseconds [default: estimated from its CPU time]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(1..=900_000))]
    pub(crate) ingest_ms: Option<u32>,
    /// Billed duration of a batch in a worker, in milliseconds [default: estimated from its CPU time]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(1..=900_000))]
    pub(crate) worker_ms: Option<u32>,
    /// Log level of the functions: the parameter LogLevel
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) logs: LogsName,
}

const COST_HELP: &str = "\
Examples:
  weir cost
  weir cost --events-per-month 50000000 --payload-kb 8 --batch 5
  weir cost --payload-kb 300                                 chunks of 64 KB, with compression
  weir cost --architecture x86_64 --memory 256 --ingest-ms 4 --worker-ms 30
  weir cost --logs error --ordered 50
  weir cost --json | jq .weir.dollars_per_million_events";

/// A number of events: `50000000`, `5e7`, `50M`.
fn events(text: &str) -> Result<u64, &'static str> {
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&text[..at], 1e3),
        Some((at, 'M')) => (&text[..at], 1e6),
        _ => (text, 1.0),
    };
    let count = digits.parse::<f64>().ok().map(|number| number * unit);
    let count = count.filter(|count| (1.0..=1e12).contains(count) && count.fract() == 0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole, and within bounds")]
    count.map(|count| count as u64).ok_or("expected a number from 1 to 1e12, as 50000000, 5e7 or 50M")
}

/// A processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Architecture {
    /// Graviton
    #[value(name = "arm64")]
    Arm64,
    /// Intel and AMD
    #[value(name = "x86_64")]
    X86,
}

impl From<Architecture> for cost::Architecture {
    fn from(name: Architecture) -> Self {
        match name {
            Architecture::Arm64 => Self::Arm64,
            Architecture::X86 => Self::X86,
        }
    }
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogsName {
    /// A line at ingest and one at the worker for each event
    Info,
    /// Metrics and errors alone
    Error,
}

impl From<LogsName> for cost::LogDetail {
    fn from(name: LogsName) -> Self {
        match name {
            LogsName::Info => Self::Info,
            LogsName::Error => Self::Error,
        }
    }
}

/// Larger bodies pass through S3, which is not included.
fn kilobytes(text: &str) -> Result<f64, &'static str> {
    let kb = text.parse::<f64>().ok().filter(|kb| (0.1..=900.0).contains(kb));
    kb.ok_or("expected 0.1 to 900 KB: larger bodies pass through S3, which is not included")
}

fn batch(text: &str) -> Result<f64, &'static str> {
    text.parse::<f64>().ok().filter(|batch| (1.0..=10.0).contains(batch)).ok_or("expected 1 to 10 messages")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_batches_are_within_what_is_reckoned_with() {
        assert_eq!((kilobytes("6"), kilobytes("0.5"), batch("2.5")), (Ok(6.0), Ok(0.5), Ok(2.5)));
        assert!(["0", "901", "-1", "NaN", "inf", "x"].iter().all(|text| kilobytes(text).is_err()));
        assert!(["0", "0.9", "11", "NaN"].iter().all(|text| batch(text).is_err()));
    }
}
