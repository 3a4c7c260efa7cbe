//! Where a delivery stands in its trace, and what its log lines and its span are named by.

use std::time::Duration;

use shopify_webhook::Delivery;
use tracing::{Span, field::Empty};
use weir_core::{AppName, Lane, UnixMillis};
use weir_telemetry::{
    TraceContext,
    traces::{self, Kind},
};

use crate::regions::EnqueueRequest;

/// How long an answer may wait for its span to be exported, if spans are exported at all: Lambda freezes what runs on
/// after the answer. A collector that does not answer is left alone for ten seconds, so a flood does not wait for it.
pub(crate) const EXPORTED_WITHIN: Duration = Duration::from_millis(100);

/// The trace that a delivery belongs to: the sender's, else the one that X-Ray began.
pub(crate) fn parent(traceparent: Option<&str>, xray: Option<&str>) -> Option<TraceContext> {
    traceparent.and_then(TraceContext::parse).or_else(|| xray.and_then(TraceContext::from_xray))
}

/// Around each line of a delivery. What an unsigned request says stays out: the names are recorded once it is verified.
pub(crate) fn line_span(request_id: &str) -> Span {
    // An error's span, so that the fields stand in errors at any level.
    tracing::error_span!(
        "delivery",
        request_id,
        trace_id = Empty,
        span_id = Empty,
        shop = Empty,
        topic = Empty,
        webhook_id = Empty,
        app = Empty,
        lane = Empty,
    )
}

/// Names the delivery in the lines that follow.
pub(crate) fn name(span: &Span, delivery: &Delivery, app: &AppName, lane: Lane, place: TraceContext) {
    span.record("trace_id", place.trace_id());
    span.record("span_id", place.span_id());
    span.record("shop", delivery.shop.as_str());
    span.record("topic", delivery.topic.as_str());
    span.record("webhook_id", tracing::field::display(&delivery.webhook_id));
    span.record("app", app.as_str());
    span.record("lane", lane.as_str());
}

/// The delivery as a span of its trace.
pub(crate) fn span(
    request: &EnqueueRequest<'_>,
    place: TraceContext,
    parent: Option<TraceContext>,
    error: Option<String>,
) -> traces::Span {
    let meta = &request.meta;
    let attributes = vec![
        ("shop", meta.shop.clone().into()),
        ("topic", meta.topic.clone().into()),
        ("webhook_id", meta.webhook_id.clone().into()),
        ("app", meta.app.clone().into()),
        ("lane", request.lane.as_str().to_owned()),
    ];
    let (began, ended) = (meta.received_at, UnixMillis::now().max(meta.received_at));
    traces::Span { name: "receive".into(), kind: Kind::Server, context: place, parent, began, ended, attributes, error }
}
