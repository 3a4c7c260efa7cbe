//! Against canned answers of AWS: what the ledger's own adapter reads is tested with a real wire elsewhere.

use serde_json::{Value, json};
use weir_core::{
    UnixMillis,
    ledger::index::{Bucket, day},
};

use crate::server::{NOBODY, Request, Server};
use crate::{Ended, checkout, run, weir};

const MINUTE: i64 = 60_000;

fn item(event: &str, received_at: UnixMillis, state: &str, topic: &str) -> Value {
    json!({
        "pk": {"S": event}, "generation": {"N": "0"}, "state": {"S": state}, "owner": {"S": "me"},
        "attempts": {"N": "2"}, "duplicates": {"N": "1"}, "body_sha256": {"S": "aa"}, "lane": {"S": "standard"},
        "topic": {"S": topic}, "received_at_ms": {"N": received_at.0.to_string()}, "updated_at_ms": {"N": "1"},
        "last_error": {"S": "the body is not JSON"}, "permanent": {"BOOL": true}, "lease_until_ms": {"N": "5"},
        "day_bucket": {"S": Bucket::of(event).on(&day(received_at))}, "resource_id": {"S": "orders/7"},
        "a1": {"S": "[1,1795755600000,120,\"failed\",1,5200,\"timed out\"]"},
    })
}

const OLD: &str = "north.myshopify.com#old";
const NEW: &str = "mill.myshopify.com#new";

/// A ledger of two events, behind DynamoDB's protocol; and CloudFormation's answer about the stack `mine`.
fn aws() -> impl Fn(&Request) -> (u16, String) + Send {
    let now = UnixMillis::now();
    let mut old = item(OLD, UnixMillis(now.0 - 30 * MINUTE), "failed", "orders/create");
    old["unsettled"] = json!({"S": Bucket::of(OLD).with(weir_core::ledger::index::Unsettled::Failed)});
    let new = item(NEW, UnixMillis(now.0 - MINUTE), "done", "orders/paid");
    move |request| answer(request, &[&new, &old])
}

fn answer(request: &Request, items: &[&Value]) -> (u16, String) {
    let asked: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let values = &asked["ExpressionAttributeValues"];
    let number = |value: &Value| value["N"].as_str().unwrap().parse::<i64>().unwrap();
    let found: Vec<&Value> = match request.headers.get("x-amz-target").map(String::as_str) {
        Some("DynamoDB_20120810.Scan") => {
            // Two pages, the newer event on the second.
            let [new, old] = items else { panic!("two items") };
            let start = &asked["ExclusiveStartKey"];
            if start.is_null() {
                let next = json!({"pk": {"S": OLD}, "generation": {"N": "0"}});
                let reply = json!({"Items": [old], "Count": 1, "ScannedCount": 1, "LastEvaluatedKey": next});
                return (200, reply.to_string());
            }
            vec![new]
        }
        Some("DynamoDB_20120810.Query") => {
            let is_there = |item: &&&Value| match asked["IndexName"].as_str() {
                None => item["pk"] == values[":event"],
                Some(index) => {
                    let key = if index == "by_day" { "day_bucket" } else { "unsettled" };
                    let range = number(&values[":since"])..=number(&values[":until"]);
                    item[key] == values[":key"] && range.contains(&number(&item["received_at_ms"]))
                }
            };
            items.iter().filter(is_there).copied().collect()
        }
        Some("DynamoDB_20120810.BatchGetItem") => {
            let (table, wanted) = asked["RequestItems"].as_object().unwrap().iter().next().unwrap();
            let keys = wanted["Keys"].as_array().unwrap();
            let found: Vec<_> = items.iter().filter(|item| keys.iter().any(|key| key["pk"] == item["pk"])).collect();
            let spent = json!([{"TableName": table, "CapacityUnits": 0.5}]);
            return (200, json!({"Responses": {table: found}, "ConsumedCapacity": spent}).to_string());
        }
        _ => return describe_stacks(&String::from_utf8_lossy(&request.body)),
    };
    let spent = json!({"TableName": "ledger", "CapacityUnits": 0.5});
    let count = found.len();
    (200, json!({"Items": found, "Count": count, "ScannedCount": count, "ConsumedCapacity": spent}).to_string())
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

/// What was asked of DynamoDB.
fn calls(server: &Server) -> Vec<String> {
    let target = |request: &Request| request.headers.get("x-amz-target").cloned();
    let all = server.requests().iter().filter_map(target).collect::<Vec<_>>();
    all.iter().map(|target| target.trim_start_matches("DynamoDB_20120810.").to_owned()).collect()
}

fn ids(ended: &Ended) -> Vec<String> {
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["webhook_id"].as_str().unwrap().to_owned();
    ended.stdout.lines().map(id).collect()
}

#[test]
fn events_are_listed_the_newest_first_with_what_it_took() {
    let server = Server::start(aws());
    let ended = local(&server, &["list"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines[0].starts_with("RECEIVED"), "{lines:?}");
    assert!(lines[1].ends_with(NEW) && lines[2].ends_with(OLD), "{lines:?}");
    assert!(
        ended.stderr.starts_with("2 events of the last 24 h (--since says otherwise); 4 items read in "),
        "{}",
        ended.stderr
    );
    assert!(!calls(&server).contains(&"Scan".to_owned()));
}

#[test]
fn a_list_holds_what_was_asked_for() {
    let server = Server::start(aws());
    for (filter, expected) in [
        (&["--state", "failed"][..], Some("old")),
        (&["--outcome", "failed"], Some("old")),
        (&["--outcome", "done"], Some("new")),
        (&["--error", "NOT json"], Some("old")),
        (&["--error", "timed out"], None),
        (&["--topic", "orders/paid"], Some("new")),
        (&["--resource", "orders/7", "--shop", "north.myshopify.com"], Some("old")),
        (&["--shop", "mill.myshopify.com"], Some("new")),
        (&["--since", "10m"], Some("new")),
        (&["--until", "10m"], Some("old")),
        (&["--limit", "1"], Some("new")),
        (&["--lane", "urgent"], None),
        (&["--app", "loyalty"], None),
        (&["--state", "leased"], None),
    ] {
        let ended = local(&server, &[&["list", "--json"], filter].concat());
        assert_eq!(ids(&ended), Vec::from_iter(expected), "{filter:?}: {}", ended.stderr);
    }
}

#[test]
fn a_shop_is_read_from_two_buckets_a_day_and_what_failed_from_an_index_of_its_own() {
    let server = Server::start(aws());
    // 24 hours are of two days; of three, in the last minutes of the second.
    let days = || {
        let now = UnixMillis::now();
        2 + usize::from(day(UnixMillis(now.0 + 5 * MINUTE)) != day(now))
    };
    let before = days();
    local(&server, &["list", "--shop", "mill.myshopify.com"]);
    let after = days();
    let calls = calls(&server);
    let count = |name: &str| calls.iter().filter(|call| *call == name).count();
    // Midnight, or the last minutes before it, may have come meanwhile.
    let queries = count("Query");
    assert!([before, after].map(|days| 2 * days).contains(&queries), "{queries} queries of {before} or {after} days");
    assert_eq!((count("BatchGetItem"), calls.len()), (1, queries + 1));

    let server = Server::start(aws());
    local(&server, &["list", "--shop", "north.myshopify.com", "--state", "failed"]);
    let queries: Vec<Request> = server.requests();
    assert_eq!(queries.len(), 3, "two buckets, and the records");
    assert!(String::from_utf8_lossy(&queries[0].body).contains("by_unsettled"));
}

#[test]
fn a_page_tells_where_the_next_one_begins() {
    let server = Server::start(aws());
    let first = local(&server, &["list", "--json", "--limit", "1"]);
    let footer: Value = serde_json::from_str(&first.stderr).unwrap();
    assert_eq!((&footer["shown"], footer["read_units"].is_number()), (&1.into(), true), "{footer}");
    let second = local(&server, &["list", "--json", "--limit", "1", "--after", footer["after"].as_str().unwrap()]);
    assert_eq!((ids(&first), ids(&second)), (vec!["new".into()], vec!["old".into()]));
}

#[test]
fn a_scan_reads_every_page_of_the_table() {
    let server = Server::start(aws());
    let ended = local(&server, &["list", "--json", "--scan"]);
    assert_eq!(ids(&ended), ["new", "old"]);
    assert_eq!(calls(&server), ["Scan", "Scan"]);
}

#[test]
fn a_ledger_without_indexes_is_told_with_what_to_do() {
    let server = Server::start(|_| {
        let error = "The table does not have the specified index: by_day";
        (400, json!({"__type": "com.amazon.coral.validate#ValidationException", "message": error}).to_string())
    });
    let ended = local(&server, &["list"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("give --scan"), "{}", ended.stderr);
}

#[test]
fn invalid_range_or_place_is_refused() {
    let server = Server::start(aws());
    for line in [
        &["list", "--since", "yesterday"][..],
        &["list", "--since", "1h", "--until", "2h"],
        &["list", "--after", "somewhere"],
        &["list", "--lane", "fast"],
        &["list", "--state", "done", "--outcome", "done"],
        &["list", "--shop", "north"],
        &["show", "1", "--shop", "north"],
    ] {
        assert_eq!(local(&server, line).status, 2, "{line:?}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn an_event_is_shown_by_its_name_or_by_its_id_alone() {
    let server = Server::start(aws());
    for line in [&["show", OLD][..], &["show", "old"], &["show", "old", "--shop", "north.myshopify.com"]] {
        let ended = local(&server, line);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        assert!(ended.stdout.starts_with("north.myshopify.com#old\n"), "{}", ended.stdout);
        assert!(ended.stdout.contains("last error    the body is not JSON"), "{}", ended.stdout);
        let attempt = "attempt 1 (receive 1): failed after 120 ms: timed out; comes back after 5.2 s";
        assert!(ended.stdout.contains(attempt), "{}", ended.stdout);
    }
    let ended = local(&server, &["show", "missing", "--json"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("no event missing") && ended.stderr.contains("--shop"), "{}", ended.stderr);
}

#[test]
fn a_stack_on_aws_is_asked_for_its_ledger() {
    let server = Server::start(aws());
    let on_aws = |stack: &str| {
        run(weir(&["events", "list", "--stack", stack, "--region", "eu-west-1"])
            .env("AWS_ENDPOINT_URL", server.url())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test"))
    };
    let ended = on_aws("mine");
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains(NEW), "{}", ended.stdout);
    let asked: Vec<Request> =
        server.requests().into_iter().filter(|r| r.headers.contains_key("x-amz-target")).collect();
    assert!(asked.iter().all(|one| String::from_utf8_lossy(&one.body).contains("the-table")));
    assert!(asked.iter().all(|one| one.headers["authorization"].contains("eu-west-1")));

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
