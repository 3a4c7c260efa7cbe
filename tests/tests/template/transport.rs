//! Nothing is taken without TLS.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{Template, at, items, refers_to};

#[test]
fn queues_topic_and_bucket_refuse_what_comes_without_tls() {
    let template = Template::read();
    let mut covered = BTreeSet::new();
    for (kind, of) in
        [("AWS::SQS::QueuePolicy", "Queues"), ("AWS::SNS::TopicPolicy", "Topics"), ("AWS::S3::BucketPolicy", "Bucket")]
    {
        for (_, policy) in template.of_type(kind) {
            let statements = items(at(policy, &["PolicyDocument", "Statement"]));
            if statements.into_iter().any(refuses_plain_text) {
                covered.extend(items(&policy[of]).into_iter().map(refers_to));
            }
        }
    }
    for kind in ["AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket"] {
        let needed = template.of_type(kind).map(|(id, _)| id);
        for id in needed.filter(|id| template.resource(id)["Condition"] != "IsLocal") {
            assert!(covered.contains(id), "{id} takes what comes without TLS");
        }
    }
}

/// The topic's own policy, which this one replaces, let the account's alarms publish.
#[test]
fn alarms_of_this_account_may_publish_on_the_topic_and_nobody_elses() {
    let template = Template::read();
    let statements = items(at(template.resource("AlarmsPolicy"), &["Properties", "PolicyDocument", "Statement"]));
    let allowed: Vec<_> = statements.into_iter().filter(|statement| statement["Effect"] == "Allow").collect();
    let [statement] = &allowed[..] else { panic!("{allowed:?}") };
    assert_eq!(statement["Principal"]["Service"], "cloudwatch.amazonaws.com");
    assert_eq!(refers_to(at(statement, &["Condition", "StringEquals", "aws:SourceAccount"])), "AWS::AccountId");
}

fn refuses_plain_text(statement: &Value) -> bool {
    let whoever = statement["Effect"] == "Deny" && statement["Principal"] == "*";
    whoever && statement["Condition"] == serde_json::json!({ "Bool": { "aws:SecureTransport": "false" } })
}
