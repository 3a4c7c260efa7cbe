//! How long a body in S3 is there.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{Template, at, entries, items, seconds};

const DAY: Duration = Duration::from_secs(86_400);

/// S3 counts the days from when the body was stored, and rounds up to midnight. The ledger counts from its last write on
/// the event, but just before that the worker stores a body again that the bus can't carry. An event that was never
/// published is known for longer than its body is there; then no message refers to that any more, see below.
#[test]
fn a_body_is_there_for_as_long_as_the_ledger_knows_its_event() {
    let template = Template::read();
    let rules = lifecycle(&template);
    let [rule] = &rules[..] else { panic!("one rule expires bodies, not {rules:?}") };
    assert_eq!(rule["Status"], "Enabled");
    assert_eq!(rule["ExpirationInDays"], json!({ "Ref": "LedgerRetentionDays" }));
    for lane in template.lanes() {
        let retention = at(lane.worker, &["Environment", "Variables", "WEIR_LEDGER_RETENTION_DAYS"]);
        assert_eq!(rule["ExpirationInDays"], *retention, "{}", lane.queue_id);
    }
}

#[test]
fn nothing_else_takes_a_body_away_or_keeps_it_longer() {
    let template = Template::read();
    let rules = lifecycle(&template);
    // With a filter it would miss bodies; with transitions or versions, "expired" would not mean gone.
    let known = ["Id", "Status", "ExpirationInDays", "AbortIncompleteMultipartUpload"];
    for (key, _) in rules.iter().flat_map(|rule| entries(rule)) {
        assert!(known.contains(&key), "{key}");
    }
    assert!(template.resource("Bodies")["Properties"]["VersioningConfiguration"].is_null());
    for statement in template.allowed() {
        let may_delete = items(&statement["Action"]).iter().any(|action| action.to_string().contains("s3:Delete"));
        assert!(!may_delete, "{statement}");
    }
}

#[test]
fn a_body_outlives_every_message_that_refers_to_it() {
    let template = Template::read();
    let kept = at(template.parameter("LedgerRetentionDays"), &["MinValue"]).as_u64().unwrap();
    for lane in template.lanes() {
        let retention = |queue| seconds(at(queue, &["MessageRetentionPeriod"]));
        let messages = retention(lane.queue) + retention(lane.dlq);
        assert!(DAY * u32::try_from(kept).unwrap() > messages, "{}: {kept} days < {messages:?}", lane.queue_id);
    }
}

/// S3 says that an object is not there only to those who may list its bucket; others are forbidden to know.
#[test]
fn a_worker_can_tell_that_a_body_is_gone() {
    let template = Template::read();
    let may_list = |statement: &&Value| statement["Action"] == "s3:ListBucket";
    let statements = template.allowed();
    let listing: Vec<_> = statements.iter().filter(|statement| may_list(statement)).collect();
    let [one] = &listing[..] else { panic!("{listing:?}") };
    assert_eq!(one["Resource"], json!({ "Fn::GetAtt": ["Bodies", "Arn"] }));
    let worker = statements_of(template.resource("WorkerPolicy"));
    assert!(worker.contains(one), "the statement is not the worker's");
}

fn statements_of(policy: &Value) -> Vec<&Value> {
    items(at(policy, &["Properties", "PolicyDocument", "Statement"]))
}

fn lifecycle(template: &Template) -> Vec<&Value> {
    items(at(template.resource("Bodies"), &["Properties", "LifecycleConfiguration", "Rules"]))
}
