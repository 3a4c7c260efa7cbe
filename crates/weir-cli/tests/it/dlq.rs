//! What AWS refuses `weir dlq`, against canned answers: what it does is tested on a whole stack elsewhere.

use serde_json::json;

use crate::server::{Request, Server};
use crate::{Ended, checkout, run, weir};

const OUTPUTS: [&str; 8] = [
    "UrgentQueueUrl",
    "UrgentDlqUrl",
    "StandardQueueUrl",
    "StandardDlqUrl",
    "BulkQueueUrl",
    "BulkDlqUrl",
    "LedgerTable",
    "OperationsTable",
];

fn stack() -> (u16, String) {
    let output = |name: &&str| {
        format!("<member><OutputKey>{name}</OutputKey><OutputValue>http://q/1/{name}</OutputValue></member>")
    };
    let outputs: String = OUTPUTS.iter().map(output).collect();
    let stack = format!(
        "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeStacksResult>\
         <Stacks><member><StackName>weir-dev</StackName><CreationTime>2026-11-27T05:00:00Z</CreationTime>\
         <StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{outputs}</Outputs></member></Stacks>\
         </DescribeStacksResult></DescribeStacksResponse>"
    );
    (200, stack)
}

fn target(request: &Request) -> &str {
    request.headers.get("x-amz-target").map_or("DescribeStacks", String::as_str)
}

fn refused(code: &str, said: &str) -> (u16, String) {
    (400, json!({"__type": format!("com.amazonaws.sqs#{code}"), "message": said}).to_string())
}

/// A queue that has a message.
fn one_message() -> (u16, String) {
    (200, json!({"Attributes": {"ApproximateNumberOfMessages": "1"}}).to_string())
}

fn dlq(server: &Server, arguments: &[&str]) -> Ended {
    let checkout = checkout(&server.url());
    run(weir(&["dlq"]).args(arguments).current_dir(checkout.path()))
}

const ALL: [&[&str]; 4] = [&["list"], &["show", "7"], &["replay", "--yes"], &["drop", "--all", "--yes"]];

#[test]
fn denied_queue_read_names_the_missing_action() {
    let server = Server::start(|request| match target(request) {
        "DescribeStacks" => stack(),
        "AmazonSQS.GetQueueAttributes" => one_message(),
        "AmazonSQS.ReceiveMessage" => refused("AccessDenied", "not authorized to perform: sqs:receivemessage"),
        other => panic!("{other}"),
    });
    for line in ALL {
        let ended = dlq(&server, line);
        assert_eq!((ended.status, ended.stdout.as_str()), (1, ""), "{line:?}");
        assert!(ended.stderr.contains("sqs:ReceiveMessage failed on"), "{}", ended.stderr);
        assert!(
            ended.stderr.lines().last().unwrap().starts_with("hint: these credentials may not"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn expired_credentials_are_told_as_such_and_nothing_is_asked_further() {
    let expired = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included \
                   in the request is expired</Message></Error></ErrorResponse>";
    let server = Server::start(|_| (403, expired.to_owned()));
    for line in ALL.into_iter().chain([&["history"][..]]) {
        let ended = dlq(&server, line);
        assert_eq!(ended.status, 1, "{line:?}");
        assert!(ended.stderr.lines().last().unwrap().contains("aws sso login"), "{}", ended.stderr);
    }
    assert!(server.requests().iter().all(|request| target(request) == "DescribeStacks"));
}

#[test]
fn an_unknown_stack_is_told_with_what_to_check() {
    let unknown = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id weir-dev \
                   does not exist</Message></Error></ErrorResponse>";
    let server = Server::start(|_| (400, unknown.to_owned()));
    let ended = dlq(&server, &["list"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("does not exist") && ended.stderr.contains("\nhint: "), "{}", ended.stderr);
}

#[test]
fn contradictory_options_are_refused_before_any_request() {
    let server = Server::start(|_| panic!("nothing is asked"));
    for (line, hint) in [
        (&["list", "--shop", "north"][..], "it looks like north.myshopify.com"),
        (&["list", "--until", "2h", "--since", "1h"], "between"),
        (&["show", "north#7"], "north.myshopify.com"),
        (&["replay", "--event", "#7"], "it looks like"),
        (&["replay", "--event", "7", "--file", "/nowhere"], "check the path"),
        (&["drop"], "--all"),
        (&["drop", "--yes"], "--all"),
    ] {
        let ended = dlq(&server, line);
        assert_eq!(ended.status, 2, "{line:?}: {}", ended.stderr);
        assert!(ended.stderr.lines().last().unwrap().contains(hint), "{line:?}: {}", ended.stderr);
    }
    for line in [
        &["replay", "--lane", "slow"][..],
        &["replay", "--rate", "0"],
        &["replay", "--file", "x"],
        &["replay", "--resume", "x", "--topic", "orders/create"],
        &["replay", "--yes", "--dry-run"],
        &["list", "--since", "soon"],
        &["drop", "--resume", "x", "--all"],
    ] {
        assert_eq!(dlq(&server, line).status, 2, "{line:?}");
    }
    assert!(server.requests().is_empty());
}
