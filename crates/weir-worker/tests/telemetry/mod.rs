//! What the worker tells of each attempt: metrics, spans, the fields of its log lines.
#![expect(clippy::unwrap_used, reason = "support of tests, where unwrapping is asserting")]

use std::{collections::BTreeSet, time::Duration};

use crate::support::{
    MAX_ATTEMPTS, MAX_RECEIVES, World, body, envelope, envelope_of, meta, run, run_received, run_sent, traced_envelope,
};
use serde_json::Value;
use tracing_subscriber::filter::LevelFilter;
use weir_consumer::router::{Event, Router};
use weir_core::{
    Failure, UnixMillis,
    envelope::{self, Envelope, Meta},
    park::Parked,
};
use weir_telemetry::{
    Metrics, Output, Telemetry, Traces,
    emf::check::assert_embedded_metrics,
    logs,
    metrics::{EMITTED, Emitter, ErrorKind},
    traces,
};
use weir_testkit::Fault;

struct Told {
    world: World,
    metrics: Output,
    traces: Output,
}

impl Told {
    fn new(mut world: World) -> Self {
        let (metrics, traces) = (Output::memory(), Output::memory());
        let telemetry = Telemetry {
            metrics: Metrics::new("north".into(), Vec::new(), metrics.clone()),
            traces: Traces::written(traces.clone(), "worker", "north"),
        };
        world.telemetry = telemetry;
        Self { world, metrics, traces }
    }

    fn lines(&self) -> Vec<Value> {
        self.metrics.lines().iter().map(|line| assert_embedded_metrics(line)).collect()
    }

    /// The sum of a metric's values over all lines.
    fn sum(&self, name: &str) -> u64 {
        self.lines().iter().filter_map(|line| line[name].as_u64()).sum()
    }

    /// The one value of a metric that is kept value by value, if there is one.
    fn only(&self, name: &str) -> Option<u64> {
        let values: Vec<u64> = self
            .lines()
            .iter()
            .filter_map(|line| line.get(name))
            .flat_map(|value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]))
            .filter_map(|value| value.as_u64())
            .collect();
        assert!(values.len() <= 1, "{name}: {values:?}");
        values.first().copied()
    }

    fn errors(&self, kind: ErrorKind) -> u64 {
        let of_kind = |line: &Value| (line["kind"] == kind.as_str()).then(|| line["WorkerErrors"].as_u64()).flatten();
        self.lines().iter().filter_map(of_kind).sum()
    }

    fn spans(&self) -> Vec<Value> {
        let read = |line: &String| {
            let document: Value = serde_json::from_str(line).unwrap();
            document["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
        };
        self.traces.lines().iter().flat_map(read).collect()
    }
}

fn failing(failure: Failure) -> Router {
    Router::new().on("*", move |_: Event| {
        let failure = failure.clone();
        async { Err(failure) }
    })
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_one_line_with_each_events_latency() {
    let told = Told::new(World::default());
    let batch: Vec<_> = (1..=10).map(|id| envelope(&id.to_string(), &body(id))).collect();
    assert!(run(&told.world.worker(Router::new()), &batch).await.is_empty());
    let lines = told.lines();
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&line["Done"], &line["lane"], line.get("WorkerErrors")), (&10.into(), &"standard".into(), None));
    assert_eq!(line["EndToEndLatency"].as_array().unwrap().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn recovered_event_counts_for_no_latency() {
    let told = Told::new(World::default());
    let meta = Meta { synthetic: Some("reconcile".into()), ..meta("made", b"{}") };
    let batch = [envelope::seal(&meta, b"{}").unwrap()];
    assert!(run(&told.world.worker(Router::new()), &batch).await.is_empty());
    assert_eq!(told.sum("Done"), 1);
    assert!(told.lines().iter().all(|line| line.get("EndToEndLatency").is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_is_a_retry_until_its_last_attempt_which_is_a_dead_letter() {
    let told = Told::new(World::default());
    let worker = told.world.worker(failing(Failure::transient("down")));
    let (mut message, mut receives) = (envelope("1", &body(1)), 0);
    for _attempt in 1..=MAX_ATTEMPTS {
        let copies = told.world.parked().len();
        receives += 1;
        run_received(&worker, std::slice::from_ref(&message), receives).await;
        if let Some((_, copy, ..)) = told.world.parked().get(copies) {
            (message, receives) = (copy.clone(), 0);
        }
    }
    assert_eq!((told.sum("Retries"), told.sum("DeadLettered"), told.sum("Done")), (4, 1, 0));
    assert_eq!(told.sum("Parks"), 0, "it waited for nothing but itself");
    assert_eq!(told.errors(ErrorKind::Transient), 5);
}

#[tokio::test(start_paused = true)]
async fn a_permanent_failure_is_one_dead_letter_however_often_it_is_received() {
    let told = Told::new(World::default());
    let worker = told.world.worker(failing(Failure::permanent("refused")));
    for receives in 1..=MAX_RECEIVES {
        run_received(&worker, &[envelope("1", &body(1)), "no envelope".into()], receives).await;
    }
    assert_eq!((told.sum("DeadLettered"), told.sum("Retries")), (2, 0));
    assert_eq!(told.errors(ErrorKind::Permanent), 2);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_a_park_and_no_retry() {
    let told = Told::new(World::default());
    let worker = told.world.worker(failing(Failure::outage("ERP is down", Duration::from_secs(60))));
    run(&worker, &[envelope("1", &body(1))]).await;
    assert_eq!((told.sum("Parks"), told.sum("Retries"), told.sum("DeadLettered")), (1, 0, 0));
    assert_eq!(told.errors(ErrorKind::Outage), 1);
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn event_that_backs_off_tells_how_old_it_will_be() {
    let told = Told::new(World::default());
    let worker = told.world.worker(failing(Failure::transient("down")));
    run_sent(&worker, &[envelope("1", &body(1))], 2, UnixMillis::now() - MINUTE * 20).await;
    let age = told.only("PendingAge").unwrap();
    assert!((1_200..1_300).contains(&age), "{age} s");
}

#[tokio::test(start_paused = true)]
async fn event_that_is_parked_is_as_old_as_its_parking_and_its_delay_counts() {
    let outage = || failing(Failure::outage("ERP is down", MINUTE * 5));
    let told = Told::new(World::default());
    let parked = Parked { count: 3, since: UnixMillis::now() - MINUTE * 20 };
    let copy = Envelope::parse(&envelope("1", &body(1))).unwrap().park(parked);
    run(&told.world.worker(outage()), &[copy]).await;
    let age = told.only("PendingAge").unwrap();
    assert!((1_500..=1_800).contains(&age), "{age} s");

    let told = Told::new(World::default());
    run_sent(&told.world.worker(outage()), &[envelope("1", &body(1))], 1, UnixMillis::now() - MINUTE * 20).await;
    let age = told.only("PendingAge").unwrap();
    assert!(age >= 1_500, "it waited in its lane before: {age} s");
}

#[tokio::test(start_paused = true)]
async fn event_whose_ledger_or_lease_is_in_the_way_tells_how_old_it_will_be() {
    let told = Told::new(World::default());
    let message = [envelope("1", &body(1))];
    let faulty = told.world.faulty_worker(1, Fault::BeforeWrite);
    run_sent(&faulty, &message, 3, UnixMillis::now() - MINUTE * 20).await;
    assert!(told.only("PendingAge").unwrap() >= 1_200, "without a ledger");

    let told = Told::new(World::default());
    // The settle fails: the lease stands, and the next receive meets it.
    let faulty = told.world.faulty_worker(2, Fault::BeforeWrite);
    run(&faulty, &message).await;
    let told = Told::new(told.world);
    run_sent(&told.world.worker(Router::new()), &message, 2, UnixMillis::now() - MINUTE * 20).await;
    assert!(told.only("PendingAge").unwrap() >= 1_200, "leased");
}

#[tokio::test(start_paused = true)]
async fn event_that_ends_tells_no_age() {
    let told = Told::new(World::default());
    let long_ago = UnixMillis::now() - MINUTE * 20;
    run_sent(&told.world.worker(Router::new()), &[envelope("1", &body(1))], 1, long_ago).await;
    let refused = told.world.worker(failing(Failure::permanent("refused")));
    run_sent(&refused, &[envelope("2", &body(2))], 1, long_ago).await;
    assert_eq!((told.sum("Done"), told.sum("DeadLettered"), told.only("PendingAge")), (1, 1, None));
}

#[tokio::test(start_paused = true)]
async fn compliance_topics_are_counted_and_no_others() {
    let told = Told::new(World::default());
    let worker = told.world.worker(Router::new());
    for topic in ["customers/data_request", "customers/redact", "shop/redact", "app/uninstalled"] {
        run(&worker, &[envelope_of(topic, None, &topic.replace('/', "-"), b"{\"shop_id\":1}")]).await;
    }
    assert_eq!((told.sum("Done"), told.sum("ComplianceEvents")), (4, 3));
}

#[tokio::test(start_paused = true)]
async fn every_metric_of_the_worker_is_emitted_and_every_kind_of_error() {
    let mut all: Vec<Value> = Vec::new();
    let told = Told::new(World::default());
    let plain = told.world.worker(Router::new());
    let order = |updated: &str| format!("{{\"id\":1,\"updated_at\":\"{updated}\"}}");
    let (newer, older) = (order("2026-11-27T05:00:00Z"), order("2026-11-27T04:00:00Z"));
    run(&plain, &[envelope_of("orders/updated", None, "new", newer.as_bytes())]).await;
    run(&plain, &[envelope_of("orders/updated", None, "old", older.as_bytes())]).await;
    let stock = envelope_of("inventory_levels/update", None, "stock", b"{\"inventory_item_id\":1}");
    // In another message than the first one.
    run(&plain, &[stock, envelope_of("orders/updated", None, "new", newer.as_bytes())]).await;
    run(&plain, &[envelope_of("orders/updated", None, "new", b"{\"id\":2}")]).await;
    run(&plain, &[envelope_of("shop/redact", None, "redact", b"{\"shop_id\":1}")]).await;
    for failure in [
        Failure::transient("down"),
        Failure::permanent("refused"),
        Failure::outage("ERP is down", Duration::from_secs(60)),
        Failure::misconfigured("PutEvents on bus: AccessDeniedException"),
    ] {
        let id = failure.reason().to_owned();
        run(&told.world.worker(failing(failure)), &[envelope(&id, &body(1))]).await;
    }
    let panicking = Router::new().on("*", |event: Event| async move {
        assert!(event.meta().webhook_id.as_str().is_empty());
        Ok(())
    });
    run(&told.world.worker(panicking), &[envelope("panic", &body(1))]).await;
    run(&told.world.faulty_worker(1, Fault::BeforeWrite), &[envelope("no ledger", &body(1))]).await;
    all.extend(told.lines());
    let seen = |name: &str| all.iter().any(|line| line.get(name).is_some());
    for metric in EMITTED.iter().filter(|metric| metric.emitter == Emitter::Worker) {
        assert!(seen(metric.name), "{} is declared and not emitted", metric.name);
    }
    for metric in EMITTED.iter().filter(|metric| metric.emitter != Emitter::Worker) {
        assert!(!seen(metric.name), "{} is another's", metric.name);
    }
    let kinds: BTreeSet<&str> = all.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert_eq!(kinds, ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect());
}

const INGESTS: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test(start_paused = true)]
async fn the_trace_goes_on_from_the_message_through_the_handlers_to_the_bus() {
    let told = Told::new(World::default());
    let worker = told.world.worker(Router::new().on("*", |event: Event| async move {
        let place = traces::current().map(|place| place.to_string());
        assert_eq!(place, event.meta().traceparent, "what a handler calls finds its place");
        Ok(())
    }));
    assert!(run(&worker, &[traced_envelope("1", &body(1), INGESTS)]).await.is_empty());
    let spans = told.spans();
    let named = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("{spans:?}"));
    let (process, publish) = (named("process"), named("publish"));
    assert_eq!(process["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!(publish["parentSpanId"], process["spanId"]);
    assert!(spans.iter().all(|span| span["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736"));
    let detail: Value = serde_json::from_str(&told.world.published()[0]).unwrap();
    let place = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", process["spanId"].as_str().unwrap());
    assert_eq!(detail["traceparent"], place);
    let xray = told.world.xray_headers();
    let span_id = process["spanId"].as_str().unwrap();
    assert_eq!(xray, [Some(format!("Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent={span_id};Sampled=1"))]);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_a_span_of_its_own_below_the_same_parent() {
    let told = Told::new(World::default());
    let message = traced_envelope("1", &body(1), INGESTS);
    run(&told.world.worker(failing(Failure::transient("down"))), std::slice::from_ref(&message)).await;
    run_received(&told.world.worker(Router::new()), &[message], 2).await;
    let spans = told.spans();
    let attempts: Vec<&Value> = spans.iter().filter(|span| span["name"] == "process").collect();
    assert_eq!(attempts.len(), 2);
    assert_ne!(attempts[0]["spanId"], attempts[1]["spanId"]);
    assert!(attempts.iter().all(|span| span["parentSpanId"] == "00f067aa0ba902b7"));
    assert_eq!((&attempts[0]["status"]["code"], attempts[1].get("status")), (&2.into(), None));
}

#[tokio::test(start_paused = true)]
async fn a_parked_copy_keeps_the_trace() {
    let told = Told::new(World::default());
    let worker = told.world.worker(failing(Failure::outage("ERP is down", Duration::from_secs(60))));
    run(&worker, &[traced_envelope("1", &body(1), INGESTS)]).await;
    assert_eq!(told.world.parked()[0].0.meta.traceparent.as_deref(), Some(INGESTS));
}

#[tokio::test(start_paused = true)]
async fn each_line_of_an_attempt_names_the_event_and_its_trace() {
    let told = Told::new(World::default());
    let (subscriber, output) = logs::captured(LevelFilter::INFO);
    let logging = tracing::subscriber::set_default(subscriber);
    let worker = told.world.worker(Router::new().on("*", |event: Event| async move {
        tracing::info!("a handler's own line");
        match event.meta().webhook_id.as_str() {
            "1" => Ok(()),
            _ => Err(Failure::transient("down")),
        }
    }));
    run(&worker, &[traced_envelope("1", &body(1), INGESTS), envelope("2", &body(2))]).await;
    drop(logging);
    let lines: Vec<Value> = output.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages: BTreeSet<&str> = lines.iter().filter_map(|line| line["message"].as_str()).collect();
    assert_eq!(messages, ["Done", "Failed", "a handler's own line"].into());
    for line in &lines {
        for (field, value) in [("shop", "north.myshopify.com"), ("topic", "orders/create"), ("app", "default")] {
            assert_eq!(line[field], value, "{field}: {line}");
        }
        assert_eq!(line["lane"], "standard", "{line}");
        assert!(line["request_id"].as_str().unwrap().starts_with("invocation-"), "{line}");
        let trace_id = line["trace_id"].as_str().unwrap();
        assert_eq!(trace_id == "4bf92f3577b34da6a3ce929d0e0e4736", line["webhook_id"] == "1", "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_over_a_customer_tells_nothing_of_them() {
    const EMAIL: &str = "zora.quill@quillmark.example";
    let told = Told::new(World::default());
    let (subscriber, output) = logs::captured(LevelFilter::TRACE);
    let logging = tracing::subscriber::set_default(subscriber);
    let worker = told.world.worker(Router::new().on("*", |event: Event| async move {
        let body = String::from_utf8_lossy(event.body()).into_owned();
        assert!(event.meta().webhook_id.as_str().is_empty(), "{body}");
        Ok(())
    }));
    let body = format!("{{\"id\":1,\"email\":\"{EMAIL}\"}}");
    assert_eq!(run(&worker, &[envelope("1", body.as_bytes())]).await, ["m0"]);
    drop(logging);
    let record = format!("{:?}", told.world.record("1"));
    let all = [output.lines(), told.metrics.lines(), told.traces.lines(), vec![record]].concat().join("\n");
    assert!(all.contains("a handler panicked") && all.contains(r#""kind":"panic""#), "{all}");
    assert!(!all.contains(EMAIL), "{all}");
}
