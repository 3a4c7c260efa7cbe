//! Against canned answers of AWS: what the ledger's own adapter reads is tested with a real wire elsewhere.

use serde_json::{Value, json};

use crate::server::{NOBODY, Request, Server};
use crate::{Ended, checkout, run, weir};

fn item(event: &str, received_at_ms: u64, state: &str, topic: &str) -> Value {
    json!({
        "pk": {"S": event}, "generation": {"N": "0"}, "state": {"S": state}, "owner": {"S": "me"},
        "attempts": {"N": "2"}, "duplicates": {"N": "1"}, "body_sha256": {"S": "aa"}, "lane": {"S": "standard"},
        "topic": {"S": topic}, "received_at_ms": {"N": received_at_ms.to_string()}, "updated_at_ms": {"N": "1"},
        "last_error": {"S": "the body is not JSON"}, "permanent": {"BOOL": true}, "lease_until_ms": {"N": "5"},
    })
}

const OLD: &str = "north.myshopify.com#old";
const NEW: &str = "mill.myshopify.com#new";

/// A ledger of two pages, behind DynamoDB's protocol; and CloudFormation's answer about the stack `mine`.
fn aws(request: &Request) -> (u16, String) {
    let asked: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let reply = match request.headers.get("x-amz-target").map(String::as_str) {
        Some("DynamoDB_20120810.Scan") if asked["ExclusiveStartKey"].is_null() => json!({
            "Items": [item(OLD, 1_795_755_600_120, "failed", "orders/create")],
            "LastEvaluatedKey": {"pk": {"S": OLD}, "generation": {"N": "0"}},
        }),
        Some("DynamoDB_20120810.Scan") => json!({"Items": [item(NEW, 1_795_755_700_000, "done", "orders/paid")]}),
        Some("DynamoDB_20120810.Query") if asked["ExpressionAttributeValues"][":event"]["S"] == OLD => {
            json!({"Items": [item(OLD, 1_795_755_600_120, "failed", "orders/create")]})
        }
        Some("DynamoDB_20120810.Query") => json!({"Items": []}),
        _ => return describe_stacks(&String::from_utf8_lossy(&request.body)),
    };
    (200, reply.to_string())
}

fn describe_stacks(form: &str) -> (u16, String) {
    if !form.contains("StackName=mine") {
        let error = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>\
                     <Message>Stack with id nope does not exist</Message></Error></ErrorResponse>";
        return (400, error.to_owned());
    }
    let reply = "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>mine</StackName>\
                 <CreationTime>2026-11-27T05:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>\
                 <Outputs><member><OutputKey>LedgerTable</OutputKey><OutputValue>the-table</OutputValue></member>\
                 </Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>";
    (200, reply.to_owned())
}

fn local(server: &Server, arguments: &[&str]) -> Ended {
    let checkout = checkout(&server.url());
    run(weir(&["events"]).args(arguments).current_dir(checkout.path()))
}

#[test]
fn all_pages_are_listed_the_newest_first() {
    let server = Server::start(aws);
    let ended = local(&server, &["list"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines[0].starts_with("RECEIVED"), "{lines:?}");
    assert!(lines[1].ends_with(NEW) && lines[2].ends_with(OLD), "{lines:?}");
    assert_eq!(ended.stderr.trim_end(), "2 of 2 events");
}

#[test]
fn a_list_holds_what_was_asked_for() {
    let server = Server::start(aws);
    for (filter, expected) in [
        (&["--state", "failed"][..], Some("old")),
        (&["--topic", "orders/paid"], Some("new")),
        (&["--shop", "mill.myshopify.com"], Some("new")),
        (&["--limit", "1"], Some("new")),
        (&["--state", "leased"], None),
    ] {
        let ended = local(&server, &[&["list", "--json"], filter].concat());
        let events: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
        let ids: Vec<&str> = events.iter().filter_map(|event| event["webhook_id"].as_str()).collect();
        assert_eq!(ids, Vec::from_iter(expected), "{filter:?}");
    }
}

#[test]
fn an_event_is_shown_by_its_name_or_by_its_id_alone() {
    let server = Server::start(aws);
    for name in [OLD, "old"] {
        let ended = local(&server, &["show", name]);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        assert!(ended.stdout.starts_with("north.myshopify.com#old\n"), "{}", ended.stdout);
        assert!(ended.stdout.contains("last error    the body is not JSON"), "{}", ended.stdout);
    }
    let ended = local(&server, &["show", "missing", "--json"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("no event missing"), "{}", ended.stderr);
}

#[test]
fn a_stack_on_aws_is_asked_for_its_ledger() {
    let server = Server::start(aws);
    let on_aws = |stack: &str| {
        run(weir(&["events", "list", "--stack", stack, "--region", "eu-west-1"])
            .env("AWS_ENDPOINT_URL", server.url())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test"))
    };
    let ended = on_aws("mine");
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains(NEW), "{}", ended.stdout);
    let scans: Vec<Request> =
        server.requests().into_iter().filter(|r| r.headers.contains_key("x-amz-target")).collect();
    assert!(scans.iter().all(|scan| String::from_utf8_lossy(&scan.body).contains("the-table")));
    assert!(scans.iter().all(|scan| scan.headers["authorization"].contains("eu-west-1")));

    let ended = on_aws("nope");
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("Stack with id nope does not exist"), "{}", ended.stderr);
    assert!(ended.stderr.lines().last().unwrap().starts_with("hint: check the stack's name"), "{}", ended.stderr);
}

#[test]
fn a_ledger_that_does_not_answer_is_told_with_what_to_check() {
    let checkout = checkout(NOBODY);
    let ended = run(weir(&["events", "list"]).current_dir(checkout.path()));
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.starts_with("error: the ledger could not be read: "), "{}", ended.stderr);
    assert!(ended.stderr.lines().last().unwrap().starts_with("hint: does `cargo dev` still run?"), "{}", ended.stderr);
}

#[test]
fn a_region_without_a_ledger_is_a_mistake() {
    let ended = run(&mut weir(&["events", "list", "--region", "eu-west-1"]));
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("--stack NAME"), "{}", ended.stderr);
}
