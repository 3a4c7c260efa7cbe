//! What a month on AWS costs: requests as they were counted, times AWS's list prices.

mod bill;
mod counted;
mod prices;
mod size;

use serde::Serialize;

pub use bill::{Bill, Line, Part};
pub use counted::CALL_MS;

use bill::Traffic;
use counted::{Counted, Table};
use prices::Prices;
use size::Sizes;

/// Larger bodies go by way of S3, which is not in the estimate.
const MAX_BODY_BYTES: usize = 900 << 10;

/// The processor that the functions run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Architecture {
    /// Graviton.
    #[serde(rename = "arm64")]
    Arm64,
    /// Intel and AMD.
    #[serde(rename = "x86_64")]
    X86,
}

impl Architecture {
    /// As Lambda names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86 => "x86_64",
        }
    }
}

/// How much the functions log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogDetail {
    /// A line at ingest and one at the worker for each event.
    Info,
    /// Metrics and errors alone.
    Error,
}

/// What to estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EstimateRequest {
    /// Distinct events a month.
    pub events_per_month: u64,
    /// How large a body is.
    pub body_bytes: usize,
    /// How many messages a worker gets at once, on average.
    pub batch: f64,
    /// How many of a hundred events are delivered twice.
    pub duplicates_percent: u8,
    /// How many of a hundred events are of topics in which only the latest version counts.
    pub ordered_percent: u8,
    /// The processor.
    pub architecture: Architecture,
    /// The memory of the functions; `None` for the template's.
    pub memory_mb: Option<u32>,
    /// What Lambda bills a webhook at ingest, in milliseconds; `None` to derive it from the CPU that was measured.
    pub ingest_ms: Option<u32>,
    /// What Lambda bills a batch at a worker, in milliseconds; `None` to derive it likewise.
    pub worker_ms: Option<u32>,
    /// How much the functions log.
    pub logs: LogDetail,
}

/// A body is too large for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("such a body does not fit into a message")]
pub struct BodyTooLarge;

/// What a month costs.
#[derive(Debug, Serialize)]
pub struct Estimate {
    /// The region of the prices.
    pub region: String,
    /// The day of the prices.
    pub prices_of: String,
    /// The day on which requests were counted.
    pub counted_on: String,
    /// Distinct events a month.
    pub events_per_month: u64,
    /// How large a body is.
    pub body_bytes: f64,
    /// How large its message on a lane is.
    pub message_bytes: f64,
    /// How large its event on the bus is.
    pub event_bytes: f64,
    /// How many messages a worker gets at once.
    pub batch: f64,
    /// How many of a hundred events are delivered twice.
    pub duplicates_percent: u8,
    /// How many of a hundred events are in order.
    pub ordered_percent: u8,
    /// The processor.
    pub architecture: Architecture,
    /// What weir costs.
    pub weir: Bill,
    /// What a month without an event costs.
    pub fixed_per_month: Vec<FixedCost>,
    /// Events and what is fixed.
    pub dollars_per_month: f64,
    /// What a comparable pipeline in Node costs; `None` if it was not counted.
    pub node: Option<Bill>,
    /// The same in Python.
    pub python: Option<Bill>,
    /// What API Gateway costs that puts webhooks into a queue by itself, and verifies none.
    pub api_gateway_to_sqs: Bill,
    /// Whether Lambda's time is what the request said, and not derived from what was measured.
    pub is_time_given: bool,
}

/// What a month without an event costs, of one kind.
#[derive(Debug, Serialize)]
pub struct FixedCost {
    /// Of what.
    pub what: &'static str,
    /// How many.
    pub units: f64,
    /// Together.
    pub dollars: f64,
}

/// Estimates what a month costs. It asks nobody.
///
/// # Errors
/// If the body does not fit into a message.
pub fn estimate(request: &EstimateRequest) -> Result<Estimate, BodyTooLarge> {
    let (table, prices) = (Table::built_in(), Prices::built_in());
    let traffic = traffic(request)?;
    // The request says how long weir's functions run, not others'.
    let memory_mb = traffic.memory_mb.or(Some(table.weir.fixed.ingest_memory_mb));
    let others = Traffic { ingest_ms: None, worker_ms: None, memory_mb, ..traffic };
    let of_peer =
        |counted: &Option<Counted>| counted.as_ref().map(|counted| bill::of_functions(counted, &others, &prices));
    let weir = bill::of_functions(&table.weir, &traffic, &prices);
    let fixed = of_an_idle_month();
    let of_events = request.events_per_month as f64 / 1e6 * weir.dollars_per_million_events;
    Ok(Estimate {
        region: prices.region.clone(),
        prices_of: prices.read_on.clone(),
        counted_on: table.weir.counted.clone(),
        events_per_month: request.events_per_month,
        body_bytes: traffic.sizes.body,
        message_bytes: traffic.sizes.message,
        event_bytes: traffic.sizes.event,
        batch: request.batch,
        duplicates_percent: request.duplicates_percent,
        ordered_percent: request.ordered_percent,
        architecture: request.architecture,
        dollars_per_month: of_events + fixed.iter().map(|fixed| fixed.dollars).sum::<f64>(),
        weir,
        fixed_per_month: fixed,
        node: of_peer(&table.node),
        python: of_peer(&table.python),
        api_gateway_to_sqs: bill::of_no_function(&traffic, &prices),
        is_time_given: request.ingest_ms.is_some() && request.worker_ms.is_some(),
    })
}

/// What a month without an event costs, by kind.
#[must_use]
pub fn of_an_idle_month() -> Vec<FixedCost> {
    let fixed = bill::of_a_month(&Table::built_in().weir, &Prices::built_in()).into_iter();
    fixed.map(|(what, units, dollars)| FixedCost { what, units, dollars }).collect()
}

fn traffic(request: &EstimateRequest) -> Result<Traffic, BodyTooLarge> {
    Ok(Traffic {
        sizes: Sizes::of(request.body_bytes).ok_or(BodyTooLarge)?,
        batch: request.batch,
        duplicates: f64::from(request.duplicates_percent) / 100.0,
        ordered: f64::from(request.ordered_percent) / 100.0,
        architecture: request.architecture,
        memory_mb: request.memory_mb.map(f64::from),
        ingest_ms: request.ingest_ms.map(f64::from),
        worker_ms: request.worker_ms.map(f64::from),
        logs: request.logs,
    })
}

/// About what so many deliveries with bodies of that size cost, in dollars: each in a batch of its own, which is the most
/// expensive. `None` for bodies that are too large for an estimate.
#[must_use]
pub fn of_deliveries(count: u64, body_bytes: usize) -> Option<f64> {
    let (table, prices) = (Table::built_in(), Prices::built_in());
    let sizes = (body_bytes <= MAX_BODY_BYTES).then(|| Sizes::of(body_bytes)).flatten();
    let traffic = Traffic {
        sizes: sizes?,
        batch: 1.0,
        duplicates: 0.0,
        ordered: 1.0,
        architecture: Architecture::Arm64,
        memory_mb: None,
        ingest_ms: None,
        worker_ms: None,
        logs: LogDetail::Info,
    };
    let Bill { dollars_per_million_events, .. } = bill::of_functions(&table.weir, &traffic, &prices);
    Some(count as f64 / 1e6 * dollars_per_million_events)
}
