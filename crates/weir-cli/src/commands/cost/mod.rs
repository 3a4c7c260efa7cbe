//! `weir cost`: what a month on AWS costs.

pub(crate) mod args;
mod view;

use weir_ops::cost::{EstimateRequest, estimate};

use crate::exit::ExitStatus;
use crate::{cli::CostArgs, printer::Printer, problem::Usage};

/// Bytes in a kilobyte, as `--payload-kb` counts them.
const KB: f64 = 1_024.0;

pub(super) fn run(args: &CostArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let request = EstimateRequest {
        events_per_month: args.events_per_month,
        body_bytes: (args.payload_kb * KB) as usize,
        batch: args.batch,
        duplicates_percent: args.duplicates,
        ordered_percent: args.ordered,
        architecture: args.architecture.into(),
        memory_mb: args.memory,
        ingest_ms: args.ingest_ms,
        worker_ms: args.worker_ms,
        logs: args.logs.into(),
    };
    let estimate = estimate(&request).map_err(|error| Usage::new(error.to_string(), "give a smaller --payload-kb"))?;
    printer.item(&view::Report::new(estimate), view::Report::text)?;
    Ok(ExitStatus::Done)
}
