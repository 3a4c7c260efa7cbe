//! `weir cost`: what a month on AWS costs.

mod bill;
mod counted;
mod prices;
mod size;
mod view;

use bill::{Bill, Traffic};
use counted::Table;
use prices::Prices;
use size::{KB, Sizes};

use crate::exit::ExitStatus;
use crate::{cli::CostArgs, printer::Printer, problem::Usage};

/// Larger bodies go by way of S3.
const MOST_BYTES: usize = 900 << 10;

pub(super) fn run(args: &CostArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let (table, prices) = (Table::built_in(), Prices::built_in());
    let report = view::Report::new(args, &table, &prices, &traffic(args)?);
    printer.item(&report, view::Report::text)?;
    Ok(ExitStatus::Done)
}

fn traffic(args: &CostArgs) -> Result<Traffic, Usage> {
    let too_large = || Usage::new("such a body does not fit into a message", "give a smaller --payload-kb");
    Ok(Traffic {
        sizes: Sizes::of((args.payload_kb * KB) as usize).ok_or_else(too_large)?,
        batch: args.batch,
        duplicates: f64::from(args.duplicates) / 100.0,
        ordered: f64::from(args.ordered) / 100.0,
        architecture: args.architecture,
        memory_mb: args.memory.map(f64::from),
        ingest_ms: args.ingest_ms.map(f64::from),
        worker_ms: args.worker_ms.map(f64::from),
        logs: args.logs,
    })
}

/// About what so many deliveries cost that have bodies of that size, in dollars; each in a batch of its own, which is the
/// dearest. `None` for bodies that are not reckoned with.
pub(super) fn of_deliveries(count: u64, body_bytes: usize) -> Option<f64> {
    let (table, prices) = (Table::built_in(), Prices::built_in());
    let sizes = (body_bytes <= MOST_BYTES).then(|| Sizes::of(body_bytes)).flatten();
    let traffic = Traffic {
        sizes: sizes?,
        batch: 1.0,
        duplicates: 0.0,
        ordered: 1.0,
        architecture: crate::cli::Architecture::Arm64,
        memory_mb: None,
        ingest_ms: None,
        worker_ms: None,
        logs: crate::cli::LogsName::Info,
    };
    let Bill { dollars_per_million_events, .. } = bill::of_functions(&table.weir, &traffic, &prices);
    Some(count as f64 / 1e6 * dollars_per_million_events)
}
