//! What a function tells of its calls of Shopify.

use shopify_client::{Client, call_log::Record};
use weir_telemetry::{
    Labels, Telemetry, TraceContext, metrics,
    traces::{self, Call, Kind},
};

/// Has a client tell its calls: as metrics, as spans of the task that made them, and with that task's `traceparent` in
/// each request.
pub fn instrument(client: &Client, telemetry: &Telemetry) {
    let (calls, renewals) = (telemetry.clone(), telemetry.metrics.clone());
    client.trace_by(|| traces::current().as_ref().map(TraceContext::to_string));
    client.observe(move |record| call(&calls, record));
    client.observe_failed_renewals(move |_shop| renewals.count(&metrics::TOKEN_REFRESH_FAILURES, &Labels::default()));
}

fn call(telemetry: &Telemetry, record: &Record<'_>) {
    let of = Labels { operation: Some(record.operation), shop: Some(record.shop), ..Labels::default() };
    let took = u64::try_from(record.took.as_millis()).unwrap_or(u64::MAX);
    let values = [
        (&metrics::SHOPIFY_CALLS, 1),
        (&metrics::SHOPIFY_COST, record.cost.unwrap_or(0).into()),
        (&metrics::SHOPIFY_THROTTLED, record.is_throttled().into()),
        (&metrics::SHOPIFY_FAILED, record.failure.is_some().into()),
        (&metrics::SHOPIFY_LATENCY, took),
    ];
    values.into_iter().for_each(|(metric, value)| telemetry.metrics.add(metric, value, &of));
    let span = Call::begin(Kind::Client, format!("shopify {}", record.operation)).since(record.took);
    let mut attributes = vec![("shop", record.shop.to_owned()), ("status", record.status.to_string())];
    attributes.extend(record.request_id.map(|id| ("shopify_request_id", id.to_owned())));
    span.end(attributes, record.failure.map(str::to_owned));
}
