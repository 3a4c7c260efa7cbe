use std::collections::HashSet;
use std::io::Write;
use std::process::Stdio;

use serde_json::Value;
use shopify_webhook::{ClientSecrets, Delivery, Unverified};

use crate::server::{NOBODY, Request, Server};
use crate::{Ended, checkout, run, weir};

const SECRET: &str = "the-secret";

/// The delivery, if it is signed with `secret`.
fn verified(request: &Request, secret: &str) -> Option<Delivery> {
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let secrets = ClientSecrets::new(vec![secret.into()]).unwrap();
    Some(Unverified::new(headers, &request.body).verify(&secrets).ok()?.read().unwrap())
}

/// As ingest answers.
fn ingest(secret: &'static str) -> Server {
    Server::start(move |request| match verified(request, secret) {
        Some(_) => (200, String::new()),
        None => (401, r#"{"title":"Unauthorized","detail":"no valid signature"}"#.to_owned()),
    })
}

fn send(server: &str, arguments: &[&str]) -> Ended {
    let url = format!("{server}/webhooks");
    run(weir(&["send"]).args(arguments).args(["--url", &url]).env("WEIR_CLIENT_SECRET", SECRET))
}

#[test]
fn a_webhook_is_signed_and_accepted() {
    let server = ingest(SECRET);
    let ended = send(&server.url(), &["orders/paid", "--shop", "North.myshopify.com", "--json"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let [request] = &server.requests()[..] else { panic!("one request") };
    assert_eq!(request.line, "POST /webhooks HTTP/1.1");
    assert_eq!(request.headers["content-type"], "application/json");
    let delivery = verified(request, SECRET).unwrap();
    assert_eq!((delivery.topic.as_str(), delivery.shop.as_str()), ("orders/paid", "north.myshopify.com"));
    assert!(delivery.event_id.is_some() && delivery.triggered_at.is_some() && delivery.api_version.is_some());
    let order: Value = serde_json::from_slice(&request.body).unwrap();
    assert!(order["line_items"].is_array(), "{order}");
    let printed: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(printed["status"], 200);
    assert_eq!(printed["webhook_id"], delivery.webhook_id.as_str());
    assert_eq!(printed["bytes"], request.body.len());
}

#[test]
fn a_file_goes_out_byte_for_byte() {
    let bytes = b"\xff\xfe not json\r\n\0";
    let server = ingest(SECRET);
    let url = format!("{}/webhooks", server.url());
    let mut command = weir(&["send", "spaceships/landed", "--file", "-", "--url", &url]);
    let mut child =
        command.env("WEIR_CLIENT_SECRET", SECRET).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(server.requests()[0].body, bytes);
}

#[test]
fn many_deliveries_are_summed_up() {
    let server = ingest(SECRET);
    let ended = send(&server.url(), &["orders/create", "--times", "12", "--concurrency", "3", "--json"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: HashSet<_> = lines.iter().filter_map(|line| line["webhook_id"].as_str()).collect();
    assert_eq!(ids.len(), 12);
    let summary = &lines.last().unwrap()["summary"];
    assert_eq!((&summary["sent"], &summary["accepted"]), (&12.into(), &12.into()));
    assert!(summary["p50_ms"].as_f64() <= summary["max_ms"].as_f64(), "{summary}");
    let ended = send(&server.url(), &["orders/create", "--times", "2"]);
    assert!(ended.stdout.lines().last().unwrap().starts_with("2 sent in "), "{}", ended.stdout);
}

#[test]
fn one_id_many_times_is_one_delivery_again_and_again() {
    let server = ingest(SECRET);
    assert_eq!(send(&server.url(), &["orders/create", "--id", "once", "--times", "3"]).status, 0);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!((&request.body, &request.headers), (&requests[0].body, &requests[0].headers));
        assert_eq!(verified(request, SECRET).unwrap().webhook_id.as_str(), "once");
    }
}

#[test]
fn a_refusal_is_shown_with_its_reason_and_ends_with_1() {
    let server = ingest("another");
    let ended = send(&server.url(), &["orders/create"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stdout.starts_with("401 ") && ended.stdout.contains("no valid signature"), "{}", ended.stdout);
}

#[test]
fn the_local_stack_is_found_and_its_secret_used() {
    let server = ingest("local-secret");
    let checkout = checkout(&server.url());
    let mut command = weir(&["send", "products/update"]);
    // Set for another endpoint: it must not turn local deliveries into forgeries.
    let ended = run(command.current_dir(checkout.path().join("crates")).env("WEIR_CLIENT_SECRET", "another"));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("next: cargo weir events show 'weir-demo.myshopify.com#"), "{}", ended.stderr);
    let forged = run(weir(&["send", "products/update", "--secret", "wrong"]).current_dir(checkout.path()));
    assert_eq!(forged.status, 1);
}

#[test]
fn where_nothing_listens_the_error_says_what_to_start() {
    let ended = send(NOBODY, &["orders/create", "--times", "50"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.starts_with("error: nothing answers at http://127.0.0.1:"), "{}", ended.stderr);
    assert!(ended.stderr.lines().last().unwrap().starts_with("hint: start `cargo dev`"), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 2, "once, not fifty times: {}", ended.stderr);
}

#[test]
fn invalid_options_are_reported_before_anything_is_sent() {
    let server = ingest(SECRET);
    for (arguments, part) in [
        (&["order/create"][..], "did you mean orders/create"),
        (&["orders/create", "--shop", "north"], "it looks like north.myshopify.com"),
        (&["orders/create", "--secret-env", "NOT_SET"], "NOT_SET"),
    ] {
        let ended = send(&server.url(), arguments);
        assert_eq!(ended.status, 2, "{arguments:?}");
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
        assert!(ended.stderr.lines().last().unwrap().starts_with("hint: "), "{}", ended.stderr);
    }
    let ended = send(&server.url(), &["orders/create", "--file", "no-such-file.json"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("no-such-file.json") && ended.stderr.contains("\nhint: "), "{}", ended.stderr);
    let without = run(&mut weir(&["send", "orders/create", "--url", &server.url()]));
    assert_eq!(without.status, 2);
    assert!(without.stderr.contains("WEIR_CLIENT_SECRET"), "{}", without.stderr);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_dry_run_shows_the_request_and_sends_nothing() {
    let server = ingest(SECRET);
    let ended = send(&server.url(), &["orders/create", "--dry-run"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stdout.starts_with("curl ") && !ended.stdout.contains(SECRET), "{}", ended.stdout);
    let ended = send(&server.url(), &["orders/create", "--dry-run", "--json"]);
    let request: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(request["body"].as_str().unwrap().starts_with('{'));
    assert_eq!(server.requests().len(), 0);
}
