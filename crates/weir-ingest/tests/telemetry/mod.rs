//! What ingest tells of each delivery: metrics, a span, the fields of its log lines.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use shopify_webhook::sign;
use tracing_subscriber::filter::LevelFilter;
use weir_telemetry::{
    Metrics, Output, Telemetry, Traces,
    emf::check::assert_embedded_metrics,
    logs,
    metrics::{EMITTED, Emitter, Rejection},
};

use crate::{
    ORDER,
    support::{Outside, Request, World},
};

struct Told {
    world: World,
    metrics: Output,
    traces: Output,
}

impl Told {
    fn new(world: World) -> Self {
        let (metrics, traces) = (Output::memory(), Output::memory());
        let telemetry = Telemetry {
            metrics: Metrics::new("north".into(), Vec::new(), metrics.clone()),
            traces: Traces::written(traces.clone(), "ingest", "north"),
        };
        Self { world: world.told_to(telemetry), metrics, traces }
    }

    fn metrics(&self) -> Vec<Value> {
        self.metrics.lines().iter().map(|line| assert_embedded_metrics(line)).collect()
    }

    fn spans(&self) -> Vec<Value> {
        let read = |line: &String| {
            let document: Value = serde_json::from_str(line).unwrap();
            document["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
        };
        self.traces.lines().iter().flat_map(read).collect()
    }
}

/// A queue that takes 40 ms.
fn slow() -> Outside {
    Outside::with_queue(Some(Duration::from_millis(40)))
}

#[tokio::test(start_paused = true)]
async fn an_accepted_delivery_is_one_line_of_metrics() {
    let told = Told::new(World::new(slow()));
    told.world.post(&Request::signed(ORDER)).await;
    let lines = told.metrics();
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&line["Accepted"], &line["lane"], &line["stack"]), (&1.into(), &"standard".into(), &"north".into()));
    assert_eq!((&line["EnqueueLatency"], &line["IngestLatency"]), (&40.into(), &40.into()));
    // Triggered at 05:00:00.123, received at 05:00:00: its clock may be ahead.
    assert_eq!((&line["DeliveryDelay"], line.get("Rejected")), (&0.into(), None));
}

#[tokio::test(start_paused = true)]
async fn every_metric_of_ingest_is_emitted_and_every_reason_to_refuse() {
    let mut names = BTreeSet::new();
    let mut reasons = BTreeSet::new();
    let forged = sign(b"x", &"wrong".into());
    let large = vec![b' '; 6 * 1024 * 1024 + 1];
    let no_secret = Outside::default();
    no_secret.secrets.lock().unwrap().clear();
    let cases = [
        (World::new(Outside::default()), Request::signed(ORDER)),
        (World::with_fallback(Outside::with_queue(None), &Outside::default()), Request::signed(ORDER)),
        (World::new(Outside::default()), Request::signed(ORDER).at("GET", "/webhooks")),
        (World::new(Outside::default()), Request::signed(ORDER).at("POST", "/webhooks/unknown")),
        (World::new(Outside::default()), Request { base64: Some("%".into()), ..Request::signed(ORDER) }),
        (World::new(Outside::default()), Request::signed(ORDER).with("X-Shopify-Hmac-Sha256", &forged)),
        (World::new(Outside::default()), Request::signed(large)),
        (World::new(Outside::default()), Request::signed(ORDER).without("X-Shopify-Topic")),
        (World::new(Outside::with_queue(None)), Request::signed(ORDER)),
        (World::new(Outside::default()), Request::signed(ORDER).with("X-Shopify-API-Version", "")),
        (World::new(no_secret), Request::signed(ORDER)),
    ];
    for (world, request) in cases {
        let told = Told::new(world);
        told.world.post(&request).await;
        for line in told.metrics() {
            names.extend(EMITTED.iter().filter(|metric| line.get(metric.name).is_some()).map(|metric| metric.name));
            reasons.extend(line["reason"].as_str().map(str::to_owned));
        }
    }
    let of_ingest = EMITTED.iter().filter(|metric| metric.emitter == Emitter::Ingest);
    assert_eq!(names, of_ingest.map(|metric| metric.name).collect());
    assert_eq!(reasons, Rejection::ALL.iter().map(|reason| reason.as_str().to_owned()).collect());
}

#[tokio::test(start_paused = true)]
async fn flood_of_forgeries_is_counted_whole_and_logged_in_part() {
    let told = Told::new(World::new(Outside::default()));
    let forged = Request::signed(ORDER).with("X-Shopify-Hmac-Sha256", &sign(b"x", &"wrong".into()));
    for _ in 0..2_000 {
        assert_eq!(told.world.post(&forged).await.status, 401);
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    assert!(told.metrics.lines().len() < 40, "{}", told.metrics.lines().len());
    // What still waits is written with the next request that is told.
    told.world.post(&Request::signed(ORDER)).await;
    let of = |line: &Value| match &line["Rejected"] {
        Value::Array(each) => each.iter().filter_map(Value::as_u64).sum(),
        one => one.as_u64().unwrap_or(0),
    };
    assert_eq!(told.metrics().iter().map(of).sum::<u64>(), 2_000);
}

#[tokio::test(start_paused = true)]
async fn header_that_was_left_out_is_counted_by_its_name() {
    let told = Told::new(World::new(Outside::default()));
    let request = Request::signed(ORDER).with("X-Shopify-Triggered-At", "yesterday").with("X-Shopify-Name", "a,b");
    assert_eq!(told.world.post(&request).await.status, 200);
    let lines = told.metrics();
    let counted = |header: &str| lines.iter().any(|line| line["header"] == header && line["HeadersDropped"] == 1);
    assert!(counted("triggered_at") && counted("name"), "{lines:?}");
    assert_eq!(told.world.only_message().1.meta.triggered_at, None);
}

const SENDERS: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";

#[tokio::test(start_paused = true)]
async fn the_trace_is_the_senders_else_x_rays_else_a_new_one() {
    for (traceparent, xray, trace_id) in [
        (Some(SENDERS), Some(XRAY), Some("4bf92f3577b34da6a3ce929d0e0e4736")),
        (Some("00-nonsense"), Some(XRAY), Some("5759e988bd862e3fe1be46a994272793")),
        (None, Some(XRAY), Some("5759e988bd862e3fe1be46a994272793")),
        (None, None, None),
    ] {
        let told = Told::new(World::new(slow()));
        let request = Request::signed(ORDER);
        let request = match traceparent {
            Some(traceparent) => request.with("TraceParent", traceparent),
            None => request,
        };
        told.world.post_traced(&request, xray).await;
        let spans = told.spans();
        let [span] = &spans[..] else { panic!("{spans:?}") };
        if let Some(trace_id) = trace_id {
            assert_eq!(span["traceId"], trace_id);
        }
        // What goes on with the message: the span of ingest is its parent.
        let (ids, sent) = (format!("{}-{}", text(span, "traceId"), text(span, "spanId")), told.world.only_message().1);
        assert_eq!(sent.meta.traceparent, Some(format!("00-{ids}-01")), "exported, so said to be recorded");
    }
}

#[tokio::test(start_paused = true)]
async fn unsigned_request_leaves_no_span() {
    let told = Told::new(World::new(Outside::default()));
    told.world.post(&Request::signed(ORDER).without("X-Shopify-Hmac-Sha256").with("traceparent", SENDERS)).await;
    assert_eq!(told.spans(), [Value::Null; 0]);
}

#[tokio::test(start_paused = true)]
async fn each_line_of_a_delivery_names_it_and_its_trace() {
    let told = Told::new(World::new(Outside::default()));
    let (subscriber, output) = logs::captured(LevelFilter::INFO);
    let logging = tracing::subscriber::set_default(subscriber);
    told.world.post(&Request::signed(ORDER).with("traceparent", SENDERS)).await;
    drop(logging);
    let lines = output.lines();
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let line: Value = serde_json::from_str(line).unwrap();
    for (field, value) in [
        ("message", "Enqueued"),
        ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("shop", "north.myshopify.com"),
        ("topic", "orders/create"),
        ("webhook_id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
        ("app", "default"),
        ("lane", "standard"),
        ("request_id", "request-1"),
    ] {
        assert_eq!(line[field], value, "{field}: {line}");
    }
}

fn text<'a>(span: &'a Value, name: &str) -> &'a str {
    span[name].as_str().unwrap()
}
