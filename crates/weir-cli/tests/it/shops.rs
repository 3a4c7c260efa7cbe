//! Against canned answers of AWS: the registry's own adapter is tested with a real wire elsewhere.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::server::{NOBODY, Request, Server};
use crate::{Ended, checkout, run, weir};

const TOKEN: &str = "shpat_very_secret";

fn item(domain: &str, state: &str) -> Value {
    json!({
        "pk": {"S": domain}, "sk": {"S": "default"}, "state": {"S": state}, "plan": {"S": "plus"},
        "installed_at_ms": {"N": "1795755600120"}, "updated_at_ms": {"N": "1795755600120"},
        "token_kind": {"S": "expiring"}, "token_version": {"N": "3"}, "token_expires_at_ms": {"N": "1795755600120"},
    })
}

/// A registry with `north` and `mill` on two pages, a circuit that is open, and the key that seals tokens.
fn aws(request: &Request) -> (u16, String) {
    let asked: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let key = |name: &str| asked["Key"][name]["S"].as_str().unwrap_or_default().to_owned();
    let reply = match request.headers.get("x-amz-target").map(String::as_str) {
        Some("secretsmanager.GetSecretValue") if asked["VersionStage"] == "AWSCURRENT" => {
            json!({"ARN": "a", "Name": "token-key", "SecretString": "k".repeat(64)})
        }
        Some("secretsmanager.GetSecretValue") => {
            return (400, json!({"__type": "ResourceNotFoundException", "Message": "none"}).to_string());
        }
        Some("DynamoDB_20120810.Scan") if asked["ExclusiveStartKey"].is_null() => json!({
            "Items": [item("north.myshopify.com", "installed")], "ScannedCount": 1, "Count": 1,
            "LastEvaluatedKey": {"pk": {"S": "north.myshopify.com"}, "sk": {"S": "default"}},
        }),
        Some("DynamoDB_20120810.Scan") => {
            json!({"Items": [item("mill.myshopify.com", "uninstalled")], "ScannedCount": 1, "Count": 1})
        }
        Some("DynamoDB_20120810.GetItem") if key("pk") == "north.myshopify.com" => {
            json!({"Item": item("north.myshopify.com", "installed")})
        }
        Some("DynamoDB_20120810.GetItem") if key("pk") == "breaker/shop/default/north.myshopify.com" => {
            let circuit = json!({"phase": {"is": "open", "until_ms": 1_795_755_600_120_i64}, "failed_probes": 2,
                                 "opened_at_ms": 1_795_755_600_120_i64, "reason": "HTTP 503"});
            json!({"Item": {"version": {"N": "1"}, "json": {"S": circuit.to_string()}, "expires_at_s": {"N": "99999999999"}}})
        }
        Some("DynamoDB_20120810.GetItem") => json!({}),
        Some("DynamoDB_20120810.PutItem") if asked["Item"]["pk"]["S"] == "north.myshopify.com" => {
            let refused = json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
                                 "message": "refused", "Item": item("north.myshopify.com", "installed")});
            return (400, refused.to_string());
        }
        Some("DynamoDB_20120810.PutItem" | "DynamoDB_20120810.UpdateItem") => json!({}),
        Some("DynamoDB_20120810.DeleteItem") => json!({"Attributes": item("north.myshopify.com", "installed")}),
        other => panic!("{other:?}"),
    };
    (200, reply.to_string())
}

fn local(server: &Server, arguments: &[&str]) -> Ended {
    let checkout = checkout(&server.url());
    run(weir(&["shops"]).args(arguments).current_dir(checkout.path()).env("TOKEN", TOKEN))
}

/// The DynamoDB calls of a kind.
fn calls(server: &Server, operation: &str) -> Vec<Value> {
    let target = format!("DynamoDB_20120810.{operation}");
    let requests = server.requests().into_iter().filter(|r| r.headers.get("x-amz-target") == Some(&target));
    requests.map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

#[test]
fn a_token_goes_from_the_environment_into_the_table_sealed() {
    let server = Server::start(aws);
    let ended = local(&server, &["add", "New.myshopify.com", "--token-env", "TOKEN", "--plan", "plus", "--json"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let outcome: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&outcome["domain"], &outcome["outcome"]), (&"new.myshopify.com".into(), &"added".into()));
    let [put] = &calls(&server, "PutItem")[..] else { panic!("one write") };
    assert_eq!(put["TableName"], "shops");
    assert!(put["Item"]["token_access"]["S"].as_str().unwrap().starts_with("v1."), "{put}");
    let all: Vec<u8> = server.requests().into_iter().flat_map(|request| request.body).collect();
    let shown = format!("{}{}{}", String::from_utf8_lossy(&all), ended.stdout, ended.stderr);
    assert!(!shown.contains(TOKEN), "{shown}");
}

#[test]
fn a_token_goes_in_by_stdin() {
    let server = Server::start(aws);
    let checkout = checkout(&server.url());
    let add = |line: &'static str| {
        let mut command = weir(&["shops", "add", "new.myshopify.com", "--token-stdin"]);
        let command = command.current_dir(checkout.path()).stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(add("shpat_very_secret\n").0, Some(0));
    let (status, said) = add("no token at all: very_secret\n");
    assert!(status == Some(2) && said.contains("stdin holds no token") && !said.contains("very_secret"), "{said}");
    assert_eq!(add("").0, Some(2));
    assert_eq!(calls(&server, "PutItem").len(), 1);
}

#[test]
fn a_shop_that_is_there_is_left_alone_unless_it_is_to_be_replaced() {
    let server = Server::start(aws);
    let ended = local(&server, &["add", "north.myshopify.com", "--client-credentials"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("registered already") && ended.stderr.contains("--replace"), "{}", ended.stderr);
    let ended = local(&server, &["add", "north.myshopify.com", "--replace", "--tier", "gold"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let [update] = &calls(&server, "UpdateItem")[..] else { panic!("one update") };
    assert!(!update.to_string().contains("token_access"), "the token stays: {update}");
}

#[test]
fn all_pages_are_listed() {
    let server = Server::start(aws);
    let ended = local(&server, &["list"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(
        lines[0].starts_with("SHOP ") && lines[1].starts_with("mill.") && lines[2].starts_with("north."),
        "{lines:?}"
    );
    assert!(ended.stderr.ends_with("2 of 2 shops\n"), "{}", ended.stderr);
    let listed: Vec<Value> = serde_json::from_str(&local(&server, &["list", "--json"]).stdout).unwrap();
    assert_eq!((&listed[1]["domain"], &listed[1]["token"]["version"]), (&"north.myshopify.com".into(), &3.into()));
    local(&server, &["list", "--state", "frozen", "--app", "loyalty"]);
    let scan = calls(&server, "Scan").pop().unwrap();
    assert_eq!(scan["FilterExpression"], "#sk = :app AND #state = :state", "{scan}");
    assert!(!scan["ExpressionAttributeNames"].to_string().contains("token_access"), "tokens are not read: {scan}");
}

#[test]
fn one_shop_is_shown_with_its_circuit() {
    let server = Server::start(aws);
    let ended = local(&server, &["show", "north.myshopify.com"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    for said in
        ["state           installed", "circuit", "reason  HTTP 503", "budget          full", "2026-11-27T05:00:00.120Z"]
    {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    let shown: Value =
        serde_json::from_str(&local(&server, &["show", "north.myshopify.com", "--json"]).stdout).unwrap();
    assert_eq!((&shown["circuit"]["phase"]["is"], &shown["budget"]), (&"open".into(), &Value::Null));
}

#[test]
fn a_shop_is_removed_only_after_a_yes() {
    let server = Server::start(aws);
    let preview = local(&server, &["remove", "north.myshopify.com"]);
    assert_eq!(preview.status, 0, "{}", preview.stderr);
    assert!(
        preview.stdout.starts_with("This would be removed") && preview.stderr.contains("--yes"),
        "{}",
        preview.stdout
    );
    assert!(calls(&server, "DeleteItem").is_empty());
    let done = local(&server, &["remove", "north.myshopify.com", "--yes"]);
    assert!(done.status == 0 && done.stdout.starts_with("Removed"), "{}", done.stdout);
    // The shop, its budget and its circuit.
    assert_eq!(calls(&server, "DeleteItem").len(), 3);
}

#[test]
fn invalid_shops_options_are_refused_before_any_request() {
    let server = Server::start(aws);
    for (line, hint) in [
        (&["show", "north"][..], "it looks like north.myshopify.com"),
        (&["show", "north.myshopify.com", "--app", "A#b"], "default"),
        (&["add", "new.myshopify.com"], "--token-env VAR"),
        (&["add", "new.myshopify.com", "--token-env", "NOPE"], "export"),
    ] {
        let ended = local(&server, line);
        assert_eq!(ended.status, 2, "{line:?}: {}", ended.stderr);
        let last = ended.stderr.lines().last().unwrap();
        assert!(last.starts_with("hint: ") && last.contains(hint), "{line:?}: {}", ended.stderr);
    }
    for line in
        [&["add", "x", "--plan", "golden"][..], &["list", "--region", "eu-west-1"], &["list", "--state", "gone"]]
    {
        assert_eq!(local(&server, line).status, 2, "{line:?}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_shop_that_nobody_knows_is_told_with_what_to_do() {
    let server = Server::start(aws);
    for command in ["show", "remove"] {
        let ended = local(&server, &[command, "nobody.myshopify.com"]);
        assert_eq!(ended.status, 1, "{command}");
        assert!(ended.stderr.contains("nobody.myshopify.com is not registered for app default"), "{}", ended.stderr);
        assert!(ended.stderr.contains("\nhint: `weir shops list`"), "{}", ended.stderr);
    }
}

#[test]
fn a_registry_that_does_not_answer_is_told_with_what_to_check() {
    let checkout = checkout(NOBODY);
    let ended = run(weir(&["shops", "list"]).current_dir(checkout.path()));
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.starts_with("error: the registry of shops could not be read\n"), "{}", ended.stderr);
    assert!(ended.stderr.lines().last().unwrap().starts_with("hint: does `cargo dev` still run?"), "{}", ended.stderr);
}
