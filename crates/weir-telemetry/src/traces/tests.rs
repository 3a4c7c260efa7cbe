#![expect(clippy::unwrap_used, reason = "support of tests, where unwrapping is asserting")]
use std::time::Instant;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

/// A collector that answers each request with `status`, or never; what it was sent comes by the channel.
async fn collector(status: Option<u16>) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                loop {
                    if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                        return;
                    }
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                    if body.len() < length.parse().unwrap() {
                        continue;
                    }
                    sender.send(text).unwrap();
                    request.clear();
                    let Some(status) = status else { std::future::pending().await };
                    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (endpoint, receiver)
}

fn span(traces: &Traces, parent: Option<TraceContext>) -> Span {
    Span {
        name: "process".into(),
        kind: Kind::Consumer,
        context: traces.place(parent),
        parent,
        began: UnixMillis(1_795_755_600_000),
        ended: UnixMillis(1_795_755_600_123),
        attributes: vec![("topic", "orders/create".into())],
        error: Some("down".into()),
    }
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn spans_reach_a_collector_as_otlp() {
    let (endpoint, mut received) = collector(Some(200)).await;
    let traces = Traces::exported(&format!("{endpoint}/"), "worker", "north");
    let parent = traces.place(None);
    let span = span(&traces, Some(parent));
    traces.record(span.clone());
    traces.flush(LONG).await;
    let request = received.recv().await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let body: Value = serde_json::from_str(body).unwrap();
    let resource = body["resourceSpans"][0]["resource"]["attributes"].to_string();
    assert!(resource.contains(r#"{"key":"service.name","value":{"stringValue":"worker"}}"#), "{resource}");
    let sent = &body["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!((&sent["traceId"], &sent["parentSpanId"]), (&parent.trace_id().into(), &parent.span_id().into()));
    assert_eq!((&sent["spanId"], &sent["kind"]), (&span.context.span_id().into(), &5.into()));
    assert_eq!(sent["startTimeUnixNano"], "1795755600000000000");
    assert_eq!(sent["status"], serde_json::json!({"code": 2, "message": "down"}));
    traces.flush(LONG).await;
    traces.record(span);
    traces.flush(LONG).await;
    received.recv().await.unwrap();
    assert!(received.try_recv().is_err(), "nothing is sent twice, and nothing empty");
}

#[tokio::test]
async fn a_collector_that_hangs_costs_its_time_once_and_is_left_alone() {
    let (endpoint, mut received) = collector(None).await;
    let traces = Traces::exported(&endpoint, "worker", "north");
    let began = Instant::now();
    for _ in 0..100 {
        traces.record(span(&traces, None));
        traces.flush(Duration::from_millis(200)).await;
    }
    // Twenty seconds, if each had waited.
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    received.recv().await.unwrap();
    assert!(received.try_recv().is_err(), "it was asked once");
}

#[tokio::test]
async fn a_collector_that_refuses_or_is_not_there_is_left_alone_as_well() {
    let (endpoint, mut received) = collector(Some(503)).await;
    for endpoint in [endpoint.as_str(), "http://127.0.0.1:1", "no URL"] {
        let traces = Traces::exported(endpoint, "worker", "north");
        for _ in 0..3 {
            traces.record(span(&traces, None));
            traces.flush(LONG).await;
        }
    }
    received.recv().await.unwrap();
    assert!(received.try_recv().is_err(), "it was asked once");
}

#[tokio::test]
async fn calls_are_children_of_the_span_they_are_made_in() {
    let output = Output::memory();
    let traces = Traces::written(output.clone(), "worker", "north");
    let place = traces.place(None);
    let inside = scope(traces.clone(), place, async {
        Call::begin(Kind::Client, "call erp").end(Vec::new(), None);
        current()
    });
    assert_eq!(inside.await, Some(place));
    Call::begin(Kind::Client, "outside").end(Vec::new(), None);
    assert_eq!(current(), None);
    traces.flush(LONG).await;
    let document: Value = serde_json::from_str(&output.lines()[0]).unwrap();
    let [span] = &document["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap()[..] else { panic!() };
    assert_eq!((&span["name"], &span["parentSpanId"]), (&"call erp".into(), &place.span_id().into()));
}

#[test]
fn a_place_stays_in_its_trace_and_says_that_it_is_recorded_only_if_it_is() {
    let parent = TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").unwrap();
    let (off, on) = (Traces::off(), Traces::written(Output::Nowhere, "worker", "north"));
    assert_eq!(off.place(Some(parent)).trace_id(), parent.trace_id());
    assert_ne!(off.place(Some(parent)).span_id(), parent.span_id());
    assert!(!off.place(Some(parent)).is_sampled() && on.place(Some(parent)).is_sampled());
    assert!(!off.place(None).is_sampled() && on.place(None).is_sampled());
}
