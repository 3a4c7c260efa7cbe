//! Against a file, stdin, and canned answers of CloudWatch Logs.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::server::{NOBODY, Request, Server};
use crate::{Ended, checkout, run, weir};

/// A line of the call log, so many seconds after five o'clock.
fn line(second: u64, operation: &str, shop: &str, same: &str, failure: Option<&str>) -> String {
    let at = format!("2026-11-27T05:{:02}:{:02}.000000Z", second / 60, second % 60);
    let cost = failure.is_none().then_some(5);
    let line = json!({
        "timestamp": at, "level": "INFO", "message": "Called Shopify", "app": "default",
        "shop": format!("{shop}.myshopify.com"), "operation": operation, "same": same, "attempt": 1,
        "priority": "foreground", "took_ms": 120, "status": 200, "requested": 7, "cost": cost, "failure": failure,
    });
    line.to_string()
}

fn log() -> String {
    [
        "START RequestId: 1".to_owned(),
        line(0, "ProductsByIds", "north", "a", None),
        line(20, "ProductsByIds", "north", "a", None),
        line(30, "OrdersPage", "mill", "b", Some("throttled")),
        r#"{"message":"Handled","level":"INFO"}"#.to_owned(),
        r#"{"message":"Called Shopify","shop":"cut o"#.to_owned(),
        line(100, "ProductsByIds", "north", "a", None),
    ]
    .join("\n")
}

fn from_stdin(arguments: &[&str], log: &str) -> Ended {
    let mut command = weir(&["audit", "--file", "-"]);
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(log.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { status: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn a_file_is_summed_up_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.log");
    std::fs::write(&path, log()).unwrap();
    let ended = run(weir(&["audit", "--file"]).arg(&path));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    for said in [
        "4 calls of Shopify for 2 shops, 15 points",
        "throttled  25.0 %  1",
        "redundant  25.0 %  1",
        "ProductsByIds      3  75.0 %  ████████████  120 ms  120 ms      15  100.0 %  ████████████████          1",
        "ProductsByIds      1  north.myshopify.com",
        "throttled      1",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    assert_eq!(
        ended.stderr.trim_end(),
        "7 lines read, 2 of something else, 1 that should tell of a call and can't be read"
    );
}

#[test]
fn stdin_is_summed_up_for_programs() {
    let ended = from_stdin(&["--json"], &log());
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&report["calls"], &report["redundant"], &report["throttled"]), (&4.into(), &1.into(), &1.into()));
    let products = &report["operations"][0];
    assert_eq!((&products["operation"], &products["cost_share"]), (&"ProductsByIds".into(), &1.0.into()));
    assert_eq!(report["redundant_by"][0]["shop"], "north.myshopify.com");
    assert_eq!(report["failures"], json!({"throttled": 1}));
    assert_eq!(report["lines"], json!({"read": 7, "others": 2, "malformed": 1}));
}

#[test]
fn a_log_without_calls_is_no_error() {
    let ended = from_stdin(&[], "START RequestId: 1\n");
    assert_eq!((ended.status, ended.stdout.as_str()), (0, "no calls of Shopify among these lines\n"));
}

/// Two log groups: one with its calls on the second page, after an empty first one; and one whose call is the same as one
/// of the other's.
fn aws(request: &Request) -> (u16, String) {
    let asked: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let event = |second: u64, same| json!({"timestamp": 1_795_755_600_000_u64 + 1_000 * second, "message": line(second, "ShopInfo", "north", same, None)});
    let group = asked["logGroupName"].as_str().unwrap_or_default();
    let reply = match request.headers.get("x-amz-target").map(String::as_str) {
        Some("Logs_20140328.DescribeLogGroups") if asked["logGroupNamePrefix"] != "/aws/lambda/nope/" => {
            let prefix = asked["logGroupNamePrefix"].as_str().unwrap();
            json!({"logGroups": [{"logGroupName": format!("{prefix}one")}, {"logGroupName": format!("{prefix}two")}]})
        }
        Some("Logs_20140328.DescribeLogGroups") => json!({"logGroups": []}),
        Some("Logs_20140328.FilterLogEvents") if group.ends_with("/two") => json!({"events": [event(30, "a")]}),
        Some("Logs_20140328.FilterLogEvents") if asked["nextToken"].is_null() => {
            json!({"events": [], "nextToken": "more"})
        }
        Some("Logs_20140328.FilterLogEvents") => json!({"events": [event(0, "a"), event(200, "a")]}),
        other => panic!("{other:?}"),
    };
    (200, reply.to_string())
}

#[test]
fn the_groups_of_the_local_stack_are_read_together_in_the_order_of_time() {
    let server = Server::start(aws);
    let checkout = checkout(&server.url());
    let ended = run(weir(&["audit", "--json", "--since", "30m"]).current_dir(checkout.path()));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&report["calls"], &report["redundant"]), (&3.into(), &1.into()), "{report}");
    let bodies: Vec<Value> =
        server.requests().iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect();
    assert_eq!(bodies[0]["logGroupNamePrefix"], "/aws/lambda/weir-dev/");
    assert_eq!(bodies.len(), 4, "a look at the groups, and their three pages");
    for asked in &bodies[1..] {
        let span = asked["endTime"].as_u64().unwrap() - asked["startTime"].as_u64().unwrap();
        assert_eq!(span, 30 * 60 * 1_000, "{asked}");
        assert_eq!(asked["filterPattern"], "\"Called Shopify\"", "{asked}");
        assert!(asked["startTime"].as_u64().unwrap() > 1_700_000_000_000, "{asked}");
    }
}

#[test]
fn a_stack_on_aws_is_read_by_its_name() {
    let server = Server::start(aws);
    let on_aws = |stack: &str| {
        run(weir(&["audit", "--stack", stack, "--region", "eu-west-1"])
            .env("AWS_ENDPOINT_URL", server.url())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test"))
    };
    let ended = on_aws("mine");
    assert!(ended.status == 0 && ended.stdout.contains("3 calls of Shopify for 1 shop,"), "{}", ended.stderr);
    let ended = on_aws("nope");
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("no log group /aws/lambda/nope/*\nhint: check the stack's name"), "{}", ended.stderr);
}

#[test]
fn logs_that_can_not_be_read_are_told_with_what_to_check() {
    let checkout = checkout(NOBODY);
    let ended = run(weir(&["audit"]).current_dir(checkout.path()));
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.starts_with("error: the log groups could not be listed: "), "{}", ended.stderr);
    assert!(ended.stderr.lines().last().unwrap().starts_with("hint: does `cargo dev` still run?"), "{}", ended.stderr);
}

#[test]
fn audit_that_cannot_follow_exits_with_2() {
    for line in [
        &["--file", "/nowhere/calls.log"][..],
        &["--file", "/"],
        &["--since", "soon"],
        &["--file", "-", "--since", "1h"],
        &["--file", "-", "--stack", "weir"],
        &["--region", "eu-west-1"],
    ] {
        let ended = run(weir(&["audit"]).args(line));
        assert_eq!(ended.status, 2, "{line:?}: {}", ended.stderr);
    }
}

#[test]
fn calls_that_the_command_made_itself_are_in_the_report() {
    let (server, state) = (Server::start(aws), tempfile::tempdir().unwrap());
    let checkout = checkout(&server.url());
    let folder = state.path().join("weir/calls");
    std::fs::create_dir_all(&folder).unwrap();
    let call = |minutes: i64, shop: &str| {
        let at = weir_core::UnixMillis(weir_core::UnixMillis::now().0 - minutes * 60_000);
        json!({"timestamp": at.to_string(), "message": "Called Shopify", "app": "default", "shop": shop,
            "operation": "ShopInfo", "same": "own", "attempt": 1, "priority": "foreground", "took_ms": 5, "status": 200})
        .to_string()
    };
    let lines = [call(3, "own.myshopify.com"), call(90, "old.myshopify.com")].join("\n");
    std::fs::write(folder.join("weir-dev.log"), lines).unwrap();
    let mut audit = weir(&["audit", "--json"]);
    let ended = run(audit.current_dir(checkout.path()).env("XDG_STATE_HOME", state.path()));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["calls"], 4, "{report}");
    let shops: Vec<&str> =
        report["shops"].as_array().unwrap().iter().map(|row| row["shop"].as_str().unwrap()).collect();
    assert!(shops.contains(&"own.myshopify.com") && !shops.contains(&"old.myshopify.com"), "{shops:?}");
}
