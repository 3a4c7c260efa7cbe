//! The JSON of OTLP ("OpenTelemetry Protocol Specification", JSON Protobuf Encoding: ids in hex, 64-bit integers as text,
//! enums as numbers).

use serde_json::{Value, json};
use weir_core::UnixMillis;

use super::Span;

/// The `ExportTraceServiceRequest` of some spans.
pub(super) fn document(service: &str, stack: &str, spans: &[Span]) -> Value {
    let resource = [("service.name", service), ("service.namespace", stack), ("cloud.provider", "aws")];
    let resource: Vec<Value> = resource.iter().map(|(name, value)| attribute(name, value)).collect();
    json!({
        "resourceSpans": [{
            "resource": { "attributes": resource },
            "scopeSpans": [{
                "scope": { "name": "weir", "version": env!("CARGO_PKG_VERSION") },
                "spans": spans.iter().map(span).collect::<Vec<_>>(),
            }],
        }],
    })
}

fn span(span: &Span) -> Value {
    const ERROR: u8 = 2;
    let mut value = json!({
        "traceId": span.context.trace_id(),
        "spanId": span.context.span_id(),
        "name": span.name,
        "kind": span.kind as u8,
        "startTimeUnixNano": nanoseconds(span.began),
        "endTimeUnixNano": nanoseconds(span.ended),
        "flags": u8::from(span.context.is_sampled()),
        "attributes": span.attributes.iter().map(|(name, value)| attribute(name, value)).collect::<Vec<_>>(),
    });
    if let Some(parent) = span.parent {
        value["parentSpanId"] = parent.span_id().into();
    }
    if let Some(error) = &span.error {
        value["status"] = json!({ "code": ERROR, "message": error });
    }
    value
}

fn attribute(name: &str, value: &str) -> Value {
    json!({ "key": name, "value": { "stringValue": value } })
}

fn nanoseconds(at: UnixMillis) -> String {
    (i128::from(at.0) * 1_000_000).to_string()
}
