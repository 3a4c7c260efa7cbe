//! From counts and prices to a bill. Pure.

use serde::Serialize;

use super::{
    counted::{Counted, asked},
    prices::Prices,
    size::{KB, Sizes, pieces},
    {Architecture, LogDetail},
};

/// Bills are by the month of an average year.
const DAYS_A_MONTH: f64 = 365.25 / 12.0;

/// DynamoDB stores so many bytes beside each item.
const BESIDE_AN_ITEM: f64 = 100.0;

/// A chunk of SQS and of EventBridge, and a piece of a request to an HTTP API, in KB.
const CHUNK_KB: f64 = 64.0;
const API_KB: f64 = 512.0;

/// What is reckoned with beside counts and prices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traffic {
    pub(super) sizes: Sizes,
    /// Messages a worker gets at once.
    pub(super) batch: f64,
    /// Second deliveries for each event.
    pub(super) duplicates: f64,
    /// The share of events in whose topics only the latest version counts.
    pub(super) ordered: f64,
    pub(super) architecture: Architecture,
    pub(super) memory_mb: Option<f64>,
    pub(super) ingest_ms: Option<f64>,
    pub(super) worker_ms: Option<f64>,
    pub(super) logs: LogDetail,
}

/// Where an event is when it costs that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// On its way from Shopify into a queue.
    IntoTheQueue,
    /// From the queue to the bus.
    Behind,
}

/// One line of a bill.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// The service of AWS.
    pub service: &'static str,
    /// What of it.
    pub what: &'static str,
    /// Where the event is.
    pub part: Part,
    /// Billed units an event.
    pub units_per_event: f64,
    /// What a unit is.
    pub unit: String,
    /// AWS's page that prices it.
    pub page: String,
    /// What a million events cost.
    pub dollars_per_million_events: f64,
}

/// What events cost.
#[derive(Debug, Clone, Serialize)]
pub struct Bill {
    /// What it is made of.
    pub lines: Vec<Line>,
    /// Whether the time that Lambda bills is in it.
    pub has_lambda_time: bool,
    /// What a million events cost.
    pub dollars_per_million_events: f64,
    /// Of that, the part until the event is in a queue.
    pub dollars_per_million_events_into_the_queue: f64,
}

impl Bill {
    fn new(lines: Vec<Line>, has_lambda_time: bool) -> Self {
        let sum = |part: Option<Part>| {
            let of_it = lines.iter().filter(|line| part.is_none_or(|part| line.part == part));
            of_it.map(|line| line.dollars_per_million_events).sum()
        };
        Self {
            has_lambda_time,
            dollars_per_million_events: sum(None),
            dollars_per_million_events_into_the_queue: sum(Some(Part::IntoTheQueue)),
            lines,
        }
    }
}

struct Lines(Vec<Line>);

impl Lines {
    fn add(&mut self, part: Part, service: &'static str, what: &'static str, units: f64, price: &super::prices::Price) {
        if units > 0.0 {
            let dollars_per_million_events = price.of(units * 1e6);
            let (unit, page) = (price.unit.clone(), price.page.clone());
            self.0.push(Line { service, what, part, units_per_event: units, unit, page, dollars_per_million_events });
        }
    }
}

/// What a pipeline costs that has an ingest function, a queue, a worker function, a ledger and a bus.
pub(super) fn of_functions(counted: &Counted, traffic: &Traffic, prices: &Prices) -> Bill {
    use Part::{Behind, IntoTheQueue};
    let Traffic { sizes, batch, duplicates, ordered, .. } = *traffic;
    let deliveries = 1.0 + duplicates;
    let batches = deliveries / batch;
    let of = |service, begin: &[&str]| {
        asked(&counted.requests_per_event, service, begin)
            + ordered * asked(&counted.more_per_ordered_event, service, begin)
            + duplicates * asked(&counted.more_per_duplicate, service, begin)
    };
    let mut lines = Lines(Vec::new());
    lines.add(IntoTheQueue, "API Gateway", "requests", deliveries * pieces(sizes.body, API_KB), &prices.api_request);

    lines.add(IntoTheQueue, "Lambda", "invocations of ingest", deliveries, &prices.lambda_request);
    lines.add(Behind, "Lambda", "invocations of workers", batches, &prices.lambda_request);
    let gb_second = match traffic.architecture {
        Architecture::Arm64 => &prices.lambda_gb_second_arm,
        Architecture::X86 => &prices.lambda_gb_second_x86,
    };
    let gb_seconds = |ms: f64, memory_mb: f64| ms.ceil() / 1e3 * memory_mb / 1_024.0;
    let at_ingest_mb = traffic.memory_mb.unwrap_or(counted.fixed.ingest_memory_mb);
    let at_worker_mb = traffic.memory_mb.unwrap_or(counted.fixed.worker_memory_mb);
    let ingest_ms = traffic.ingest_ms.or(counted.time.map(|time| time.ingest_ms(at_ingest_mb)));
    let worker_ms = traffic.worker_ms.or(counted.time.map(|time| time.worker_ms(at_worker_mb, batch)));
    if let Some(ms) = ingest_ms {
        let each = gb_seconds(ms, at_ingest_mb);
        lines.add(IntoTheQueue, "Lambda", "GB-seconds of ingest", deliveries * each, gb_second);
    }
    if let Some(ms) = worker_ms {
        let each = gb_seconds(ms, at_worker_mb);
        lines.add(Behind, "Lambda", "GB-seconds of workers", batches * each, gb_second);
    }

    // Lambda's pollers receive and delete, once a batch; a chunk of 64 KB is a request, of a whole batch's messages, too.
    let sends = of("sqs", &["SendMessage"]) * pieces(sizes.message, CHUNK_KB);
    let receives = batches * pieces(batch * sizes.message, CHUNK_KB);
    lines.add(IntoTheQueue, "SQS", "sends", sends, &prices.sqs_request);
    lines.add(Behind, "SQS", "receives", receives, &prices.sqs_request);
    lines.add(Behind, "SQS", "deletes", batches, &prices.sqs_request);
    if counted.fair_queues {
        lines.add(IntoTheQueue, "SQS", "fair queues, on sends", sends, &prices.sqs_fair);
        lines.add(Behind, "SQS", "fair queues, on the others", receives + batches, &prices.sqs_fair);
    }

    let stored = counted.stored_bytes;
    let writes = of("dynamodb", &["UpdateItem", "PutItem", "DeleteItem"]) * pieces(stored.ledger, 1.0);
    lines.add(Behind, "DynamoDB", "writes", writes, &prices.dynamodb_write);
    if stored.index > 0.0 {
        lines.add(Behind, "DynamoDB", "writes of an index", pieces(stored.index, 1.0), &prices.dynamodb_write);
    }
    lines.add(Behind, "DynamoDB", "reads", of("dynamodb", &["GetItem"]), &prices.dynamodb_read);
    let items = [(stored.ledger, 1.0), (stored.index, 1.0), (stored.fence, ordered)];
    let bytes: f64 =
        items.iter().filter(|(bytes, _)| *bytes > 0.0).map(|(bytes, share)| (bytes + BESIDE_AN_ITEM) * share).sum();
    let months = counted.fixed.retention_days / DAYS_A_MONTH;
    lines.add(Behind, "DynamoDB", "GB-months kept", bytes / GB * months, &prices.dynamodb_gb_month);

    // Billed by the event and not by the call. Where only calls were counted, each event is in one of them.
    let in_calls = of("events", &["PutEvents"]).min(1.0).ceil();
    let entries = Some(of("events", &["PutEvents entries"])).filter(|entries| *entries > 0.0).unwrap_or(in_calls);
    let published = entries * pieces(sizes.event, CHUNK_KB);
    lines.add(Behind, "EventBridge", "events", published, &prices.event);

    let logs = counted.log_bytes;
    let of_events = if traffic.logs == LogDetail::Info { 1.0 } else { 0.0 };
    let at_ingest = deliveries * (of_events * logs.ingest_event + logs.ingest_metrics + logs.lambda);
    let at_workers = deliveries * of_events * logs.worker_event + batches * (logs.worker_metrics + logs.lambda);
    lines.add(IntoTheQueue, "CloudWatch", "GB of ingest's log", at_ingest / GB, &prices.logs_gb);
    lines.add(Behind, "CloudWatch", "GB of the workers' logs", at_workers / GB, &prices.logs_gb);
    Bill::new(lines.0, ingest_ms.is_some() && worker_ms.is_some())
}

/// What it costs to have API Gateway put webhooks into a queue by itself: a request and a send each, by its definition.
/// It can't verify them.
pub(super) fn of_no_function(traffic: &Traffic, prices: &Prices) -> Bill {
    let deliveries = 1.0 + traffic.duplicates;
    let mut lines = Lines(Vec::new());
    let part = Part::IntoTheQueue;
    let requests = deliveries * pieces(traffic.sizes.body, API_KB);
    lines.add(part, "API Gateway", "requests", requests, &prices.api_request);
    let sends = deliveries * pieces(traffic.sizes.body, CHUNK_KB);
    lines.add(part, "SQS", "sends", sends, &prices.sqs_request);
    Bill::new(lines.0, true)
}

/// Long polls that Lambda keeps open on a queue with a maximum concurrency, however idle: AWS Lambda Developer Guide, "Using
/// Lambda with Amazon SQS", scaling.
const POLLERS: f64 = 5.0;

/// A long poll that finds nothing ends after so many seconds.
const LONG_POLL_SECONDS: f64 = 20.0;

/// Receives of one queue in a month that find nothing.
const EMPTY_RECEIVES: f64 = POLLERS * DAYS_A_MONTH * 86_400.0 / LONG_POLL_SECONDS;

/// What a month costs without an event: alarms, dashboard, custom metrics, secrets, polls of empty queues.
pub(super) fn of_a_month(counted: &Counted, prices: &Prices) -> Vec<(&'static str, f64, f64)> {
    let fixed = counted.fixed;
    [
        ("metrics that alarms look at", fixed.alarm_metrics, &prices.alarm_metric),
        ("composite alarms", fixed.composite_alarms, &prices.composite_alarm),
        ("dashboards", fixed.dashboards, &prices.dashboard),
        ("custom metrics, on busy days", counted.metrics, &prices.metric),
        ("secrets", fixed.secrets, &prices.secret),
        ("receives of empty queues", fixed.polled_queues * EMPTY_RECEIVES, &prices.sqs_request),
    ]
    .map(|(what, units, price)| (what, units, price.of(units)))
    .into()
}

const GB: f64 = KB * KB * KB;

#[cfg(test)]
mod tests;
