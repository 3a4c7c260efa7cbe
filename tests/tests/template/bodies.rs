//! What takes a body in S3 away, and who may know that it is gone. How long it is there: see `retention.rs`.

use serde_json::{Value, json};

use crate::model::{Template, at, entries, items};

#[test]
fn bodies_are_deleted_by_the_lifecycle_rule_alone() {
    let template = Template::read();
    // With a filter it would miss bodies; with transitions or versions, "expired" would not mean gone.
    let known = ["Id", "Status", "ExpirationInDays", "AbortIncompleteMultipartUpload"];
    for bucket in ["Bodies", "ArchiveBucket"] {
        for (key, _) in lifecycle(&template, bucket).iter().flat_map(|rule| entries(rule)) {
            assert!(known.contains(&key), "{bucket}: {key}");
        }
        assert!(template.resource(bucket)["Properties"]["VersioningConfiguration"].is_null(), "{bucket}");
    }
    for statement in template.allowed() {
        let may_delete = items(&statement["Action"]).iter().any(|action| action.to_string().contains("s3:Delete"));
        assert!(!may_delete, "{statement}");
    }
}

/// S3 says that an object is not there only to those who may list its bucket; others are forbidden to know.
#[test]
fn reader_of_a_body_can_tell_that_it_is_gone() {
    let template = Template::read();
    let may_list = |statement: &&Value| statement["Action"] == "s3:ListBucket";
    let statements = template.allowed();
    let listing: Vec<_> = statements.iter().filter(|statement| may_list(statement)).collect();
    // The workers have one policy, and the projection of orders has its own.
    let [one, other] = &listing[..] else { panic!("{listing:?}") };
    assert_eq!(one, other);
    assert_eq!(one["Resource"], json!({ "Fn::GetAtt": ["Bodies", "Arn"] }));
    let worker = statements_of(template.resource("WorkerPolicy"));
    assert!(worker.contains(one), "the statement is not the worker's");
}

fn statements_of(policy: &Value) -> Vec<&Value> {
    items(at(policy, &["Properties", "PolicyDocument", "Statement"]))
}

fn lifecycle<'a>(template: &'a Template, bucket: &str) -> Vec<&'a Value> {
    items(at(template.resource(bucket), &["Properties", "LifecycleConfiguration", "Rules"]))
}
