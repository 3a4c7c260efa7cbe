//! The pipeline on the emulator: good, forged, failing, refused, parked, poisoned and large deliveries.

use aws_sdk_cloudwatchlogs::Client as Logs;
use aws_sdk_dynamodb::Client as Tables;
use secrecy::ExposeSecret;
use serde_json::Value;
use weir_core::{Failure, ledger::State};
use weir_telemetry::emf::check::assert_embedded_metrics;
use weir_tests::{Receiver, World, eventually};

use crate::marks::{Mark, assert_secret, body, customer, leaks, mark};

/// A service that tells all it was sent in its answers, and a collector of spans.
async fn careless() -> Receiver {
    Receiver::start(|request| {
        let (body, is) = (&request.body, |id: &str| request.body.contains(&format!("\"id\":\"{id}\"")));
        if request.head.starts_with("POST /v1/traces") {
            return "HTTP/1.1 200 OK\r\n\r\n".to_owned();
        }
        let email = &customer()[0].text;
        match () {
            () if is("transient") => format!("HTTP/1.1 500 {email}\r\nx-body: {email}\r\n\r\n{body}"),
            () if is("refused") => format!("HTTP/1.1 422 {email}\r\n\r\n{body}"),
            () if is("throttled") => format!("HTTP/1.1 503 Busy\r\nretry-after: 60\r\n\r\n{body}"),
            () if is("moved") => format!("HTTP/1.1 302 Found\r\nlocation: http://{email}/\r\n\r\n{body}"),
            () => format!("HTTP/1.1 200 OK\r\n\r\n{body}"),
        }
    })
    .await
}

/// All that the functions of a stack have logged.
async fn log(world: &World) -> Vec<String> {
    let logs = Logs::new(&world.aws);
    let prefix = format!("/aws/lambda/{}/", world.deployed.stack_name);
    let groups = logs.describe_log_groups().log_group_name_prefix(prefix).send().await.unwrap();
    let mut lines = Vec::new();
    for group in groups.log_groups() {
        let mut pages =
            logs.filter_log_events().log_group_name(group.log_group_name().unwrap()).into_paginator().send();
        while let Some(page) = pages.next().await {
            lines.extend(page.unwrap().events().iter().filter_map(|event| event.message().map(str::to_owned)));
        }
    }
    lines.iter().flat_map(|text| text.lines().map(str::to_owned)).collect()
}

/// Every item of a table, as DynamoDB has it.
async fn items(world: &World, table: &str) -> String {
    let reply = Tables::new(&world.aws).scan().table_name(table).send().await.unwrap();
    format!("{:?}", reply.items())
}

/// What the command says, on both streams.
async fn weir(world: &World, arguments: &[&str], input: &str) -> String {
    let mut command = std::process::Command::new(world.command());
    command
        .args(arguments)
        .env("AWS_ENDPOINT_URL", &world.deployed.endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", &world.deployed.region)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Whoever does not read it may be gone already.
    drop(std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()));
    let ended = child.wait_with_output().unwrap();
    format!("{}\n{}", String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pipeline_tells_nothing_of_what_goes_through_it() {
    let careless = careless().await;
    let world = World::with(
        "secrecy",
        &[
            ("ForwardUrl", &format!("{}/hook?token=forward-url-Tok3n", careless.url)),
            ("OtlpEndpoint", &careless.url),
            ("MaxReceiveCount", "5"),
            ("BackoffBaseSeconds", "1"),
            ("BackoffCapSeconds", "60"),
            ("LogLevel", "debug"),
        ],
    )
    .await;
    let mut marks = customer();
    marks.push(mark("client secret", world.deployed.client_secret.expose_secret()));
    marks.push(mark("authorization", "Bearer shpat_Auth0rizationMark"));
    marks.push(mark("cookie", "session=C00kieMark"));
    marks.push(mark("access token", "shpat_Acc3ssTokenMark77"));
    marks.push(mark("forward URL", "forward-url-Tok3n"));
    // An order each: two creations of one are an event and a stale one.
    let order = |id: &str| {
        let number = id.bytes().fold(0, |number, byte| (number * 31 + u64::from(byte)) % 100_000);
        let delivery = world.delivery("orders/create", id, body(820_982_911_946_000_000 + number));
        delivery.with("Authorization", "Bearer shpat_Auth0rizationMark").with("Cookie", "session=C00kieMark")
    };
    marks.push(mark("signature", order("ok").signature.unwrap()));

    // What ingest takes, and what it refuses.
    world.accepted(&order("ok")).await;
    world.done("ok").await;
    for id in ["transient", "refused", "throttled", "moved"] {
        world.accepted(&order(id)).await;
    }
    let broken = format!("{},", body(1));
    world.accepted(&world.delivery("orders/create", "poison", broken)).await;
    let large = body(1).replace("\"id\":1", &format!("\"id\":1,\"more\":\"{}\"", noise(1_500_000)));
    world.accepted(&world.delivery("orders/create", "large", large)).await;
    let email = marks[0].text.clone();
    let mut answers = String::new();
    let forged = order("forged").with("X-Shopify-Topic", &email);
    let forged = weir_tests::Delivery { signature: Some(STOLEN.to_owned()), ..forged };
    marks.push(mark("forged signature", STOLEN));
    for (delivery, path) in [
        (forged, ""),
        (order("topic").with("X-Shopify-Topic", &email), ""),
        (order("shop").with("X-Shopify-Shop-Domain", &email), ""),
        (order("path"), "/zora.quill+mark@quillmark.example"),
    ] {
        let reply = world.post_to(path, &delivery).await;
        assert!((400..500).contains(&reply.status), "{reply:?}");
        answers.push_str(&reply.body.to_string());
    }
    world.send_raw(&world.deployed.lanes["standard"].queue_url, &format!("no envelope: {}", body(2))).await;

    // Each failure that was meant to be is there.
    world.ended_as("refused", &State::Failed(Failure::permanent("forward: HTTP 422"))).await;
    // A 500 or a redirect is the event's own failure, or an outage while nothing gets through: the error is there either way.
    for id in ["transient", "moved", "poison"] {
        let look = async || world.record(id).await.and_then(|record| record.last_error);
        eventually(&format!("{id} to fail"), look).await;
    }
    let look = async || world.record("throttled").await.filter(|record| matches!(record.state, State::Parked { .. }));
    eventually("a parked event", look).await;
    world.done("large").await;
    let dlq = &world.deployed.lanes["standard"].dlq_url;
    eventually("the dead letters", async || (world.depth(dlq).await >= 3).then_some(())).await;

    let lines = eventually("each kind of line", async || {
        let lines = log(&world).await;
        let has = |text: &str| lines.iter().any(|line| line.contains(text));
        let wanted =
            ["Enqueued", "Refused", "\"Done\"", "\"Failed\"", "\"Parked\"", "\"DeadLettered\":", "\"Rejected\":"];
        wanted.into_iter().all(has).then_some(lines)
    })
    .await;
    for line in lines.iter().filter(|line| line.contains("\"_aws\"")) {
        assert_embedded_metrics(line);
    }
    assert_secret("the log", &lines.join("\n"), &marks);
    assert_secret("an answer", &answers, &marks);
    assert_secret("the ledger", &items(&world, &world.deployed.ledger_table).await, &marks);
    assert_secret("the fence", &items(&world, &world.deployed.fence_table).await, &marks);
    let records = world.ledger.scan(None).await.unwrap();
    assert_secret("a record", &format!("{:?}", records.records), &marks);
    let spans: Vec<_> = careless.received().into_iter().filter(|r| r.head.starts_with("POST /v1/traces")).collect();
    assert!(spans.iter().any(|span| span.body.contains("call forward")), "no spans: {}", spans.len());
    assert_secret("a span", &format!("{spans:?}"), &marks);
    commands(&world, &marks).await;
    trace(&world, &spans.iter().map(|span| span.body.as_str()).collect::<Vec<_>>()).await;
    // The marks were there to be told: the service has them.
    let sent = careless.received().iter().map(|request| request.body.clone()).collect::<String>();
    assert!(customer().iter().all(|mark| !leaks(&sent, std::slice::from_ref(mark)).is_empty()));
    world.end().await;
}

const STOLEN: &str = "c3RvbGVuLXNpZ25hdHVyZS1tYXJrLW5vdC1yaWdodC1hdC1hbGw=";

/// One webhook is one trace, from ingest through its attempt to the bus.
async fn trace(world: &World, exported: &[&str]) {
    let events = world.take(&world.deployed.tap_queue_url).await;
    let event =
        events.iter().map(|entry| &entry["detail"]).find(|event| event["id"] == "ok").expect("it was published");
    let (_, ids) = event["traceparent"].as_str().unwrap().split_once('-').unwrap();
    let (trace_id, rest) = ids.split_once('-').unwrap();
    let documents = exported.iter().map(|text| serde_json::from_str::<Value>(text).unwrap());
    let spans = documents.flat_map(|d| d["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone());
    let spans: Vec<Value> = spans.filter(|span| span["traceId"] == trace_id).collect();
    let named =
        |name: &str| spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("{name}: {spans:?}"));
    let (receive, process) = (named("receive"), named("process"));
    assert_eq!(process["parentSpanId"], receive["spanId"]);
    assert_eq!(rest.split('-').next(), process["spanId"].as_str());
    for call in ["publish", "call forward"] {
        assert_eq!(named(call)["parentSpanId"], process["spanId"], "{call}");
    }
}

async fn commands(world: &World, marks: &[Mark]) {
    let stack = world.deployed.stack_name.as_str();
    let listed = weir(world, &["events", "list", "--stack", stack], "").await;
    assert!(listed.contains("refused"), "the list is there: {listed}");
    let mut told = listed;
    for arguments in [
        &["events", "list", "--stack", stack, "--json"][..],
        &["events", "show", "north.myshopify.com#refused", "--stack", stack],
        &["events", "show", "poison", "--stack", stack, "--json"],
        &["events", "list", "--stack", "no-such-stack"],
        &["controls", "show", "--stack", stack],
        &["dlq", "list", "--stack", stack],
        &["dlq", "list", "--stack", stack, "--json"],
        &["dlq", "show", "north.myshopify.com#poison", "--stack", stack],
        &["dlq", "replay", "--stack", stack],
        &["dlq", "replay", "--stack", stack, "--event", "north.myshopify.com#refused", "--yes"],
        &["dlq", "drop", "--stack", stack, "--json"],
        &["subscriptions", "status", "--stack", stack],
        &["subscriptions", "apply", "--stack", stack, "--yes"],
        &["reconcile", "--stack", stack, "--shop", "north.myshopify.com", "--since", "1d"],
        &["shops", "list", "--stack", stack, "--json"],
        &["shops", "add", "not a shop", "--stack", stack, "--token-stdin"],
        &["topics"],
    ] {
        told.push_str(&weir(world, arguments, "shpat_Acc3ssTokenMark77\n").await);
    }
    assert_secret("the command", &told, marks);
}

/// Text that can't be compressed.
fn noise(length: usize) -> String {
    let mut rng = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| rng.alphanumeric()).take(length).collect()
}
