//! `weir load` against a server that is stack, ledger and lanes in one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::server::{NOBODY, Request, Server};
use crate::{Ended, checkout, run, weir};

/// Which of the accepted events the ledger knows, and how; `None`: not at all.
type Fate = fn(number: usize) -> Option<&'static str>;

/// Takes webhooks, and answers for a ledger that knows of each what `fate` says, and for lanes that hold `in_lanes`.
fn stack(fate: Fate, in_lanes: u32) -> Server {
    let accepted = Arc::new(Mutex::new(HashMap::new()));
    Server::start(move |request| match request.headers.get("x-amz-target").map(String::as_str) {
        Some("DynamoDB_20120810.BatchGetItem") => (200, batch(request, &accepted.lock().unwrap(), fate)),
        Some("AmazonSQS.GetQueueAttributes") => {
            let attributes = json!({ "ApproximateNumberOfMessages": in_lanes.to_string() });
            (200, json!({ "Attributes": attributes }).to_string())
        }
        Some(other) => panic!("{other} was not to be asked"),
        None if request.line.starts_with("POST") => {
            let event =
                format!("{}#{}", request.headers["x-shopify-shop-domain"], request.headers["x-shopify-webhook-id"]);
            let mut accepted = accepted.lock().unwrap();
            let number = accepted.len();
            accepted.entry(event).or_insert(number);
            (200, String::new())
        }
        None => (405, String::new()),
    })
}

fn batch(request: &Request, accepted: &HashMap<String, usize>, fate: Fate) -> String {
    let asked: Value = serde_json::from_slice(&request.body).unwrap();
    let keys = asked["RequestItems"]["ledger"]["Keys"].as_array().unwrap();
    let item = |key: &Value| {
        let event = key["pk"]["S"].as_str().unwrap();
        let state = fate(*accepted.get(event).unwrap())?;
        Some(json!({
            "pk": { "S": event }, "generation": { "N": "0" }, "state": { "S": state }, "owner": { "S": "somebody" },
            "attempts": { "N": "1" }, "body_sha256": { "S": "" }, "lane": { "S": "standard" },
            "received_at_ms": { "N": "1790000000000" }, "updated_at_ms": { "N": "1790000000500" },
            "last_error": { "S": "no JSON" }, "permanent": { "BOOL": true }, "lease_until_ms": { "N": "1790000000500" },
        }))
    };
    let items: Vec<Value> = keys.iter().filter_map(item).collect();
    json!({ "Responses": { "ledger": items }, "UnprocessedKeys": {} }).to_string()
}

/// `weir load` of forty webhooks in half a second, in a checkout whose local stack is at `server`.
fn load(server: &Server, arguments: &[&str]) -> Ended {
    let folder = checkout(&server.url());
    let path = folder.path().join("target/weir/dev.json");
    let mut dev: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let url = |name: &str| format!("{}/000000000000/{name}", server.url());
    dev["lanes"] = json!({ "standard": { "queue_url": url("standard"), "dlq_url": url("standard-dlq") } });
    std::fs::write(path, dev.to_string()).unwrap();
    let line = ["load", "--rate", "80", "--duration", "500ms", "--settle", "1s", "--shops", "3", "--json"];
    run(weir(&line).args(arguments).current_dir(folder.path()))
}

#[track_caller]
fn report(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stderr))
}

fn posts(server: &Server) -> Vec<Request> {
    server.requests().into_iter().filter(|request| request.line.starts_with("POST /webhooks")).collect()
}

#[test]
fn every_event_is_sent_measured_and_accounted_for() {
    let server = stack(|_| Some("done"), 0);
    let ended = load(&server, &["--seed", "7"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let report = report(&ended);
    assert_eq!((&report["sent"], &report["accepted"], &report["plan"]["seed"]), (&40.into(), &40.into(), &7.into()));
    assert_eq!((&report["audit"]["done"], &report["audit"]["lost"]), (&40.into(), &0.into()));
    let counted: u64 = report["histogram"].as_array().unwrap().iter().map(|bar| bar[1].as_u64().unwrap()).sum();
    assert_eq!(counted, 40);
    assert!(report["latency_ms"]["p50"].as_f64() <= report["latency_ms"]["max"].as_f64());
    assert_eq!(posts(&server).len(), 40);
}

#[test]
fn an_event_that_neither_ledger_nor_lane_has_is_lost_and_the_load_fails() {
    let server = stack(|number| (number != 3).then_some("done"), 0);
    let ended = load(&server, &[]);
    assert_eq!(ended.status, 1);
    let report = report(&ended);
    assert_eq!((&report["audit"]["done"], &report["audit"]["lost"]), (&39.into(), &1.into()), "{report}");
    let third = &posts(&server)[3].headers;
    let event = format!("{}#{}", third["x-shopify-shop-domain"], third["x-shopify-webhook-id"]);
    assert_eq!(report["audit"]["look_at"], json!([{ "standing": "unseen", "event": event }]));
    assert!(ended.stderr.contains("hint: lost means"), "{}", ended.stderr);
}

#[test]
fn load_counts_events_on_the_lanes_as_unsettled() {
    let ended = load(&stack(|number| (number % 2 == 0).then_some("done"), 20), &[]);
    assert_eq!(ended.status, 1);
    let report = report(&ended);
    assert_eq!((&report["audit"]["waiting"], &report["audit"]["lost"]), (&20.into(), &0.into()), "{report}");
}

#[test]
fn load_counts_dead_lettered_events_as_settled() {
    let ended = load(&stack(|number| Some(if number < 5 { "failed" } else { "done" }), 0), &[]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert_eq!(report(&ended)["audit"]["dead_lettered"], 5);
}

#[test]
fn errors_are_counted_by_kind_and_nobody_asks_for_what_was_not_accepted() {
    let server = Server::start(|request| (if request.line.starts_with("POST") { 503 } else { 405 }, String::new()));
    let ended = load(&server, &[]);
    assert_eq!(ended.status, 1);
    let report = report(&ended);
    assert_eq!((&report["errors"]["HTTP 503"], &report["accepted"]), (&40.into(), &0.into()));
    assert_eq!(report["audit"], Value::Null);
}

#[test]
fn no_webhook_leaves_this_machine_unless_that_is_asked_for() {
    let line = ["load", "--url", "http://weir.example.com/webhooks", "--rate", "10", "--duration", "1m"];
    let ended = run(weir(&line).env("WEIR_CLIENT_SECRET", "hush"));
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("600 webhooks would go there"), "{}", ended.stderr);
    assert!(ended.stderr.contains("about $0.0"), "{}", ended.stderr);
    assert!(ended.stderr.lines().last().unwrap().contains("--not-loopback"), "{}", ended.stderr);
}

#[test]
fn where_nobody_answers_nothing_is_sent_and_the_error_says_what_to_do() {
    let ended = run(weir(&["load", "--url", NOBODY]).env("WEIR_CLIENT_SECRET", "hush"));
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("nothing answers") && ended.stderr.contains("\nhint: "), "{}", ended.stderr);
}

#[test]
fn too_little_and_too_much_are_refused_before_anything_is_sent() {
    for (line, part) in [
        (["load", "--rate", "0.1", "--duration", "1s"], "not a single webhook"),
        (["load", "--rate", "1e9", "--duration", "1h"], "is the most"),
    ] {
        let ended = run(&mut weir(&line));
        assert_eq!(ended.status, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
}

#[test]
fn an_interrupted_load_still_says_what_it_did() {
    use std::process::Stdio;
    let server = stack(|_| Some("done"), 0);
    let url = format!("{}/webhooks", server.url());
    let mut command = weir(&["load", "--url", &url, "--rate", "20", "--duration", "1h", "--json"]);
    let child =
        command.env("WEIR_CLIENT_SECRET", "hush").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while posts(&server).len() < 3 {
        std::thread::yield_now();
    }
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["interrupted"] == true && report["accepted"].as_u64() >= Some(3), "{report}");
}
