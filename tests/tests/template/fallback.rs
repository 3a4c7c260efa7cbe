//! What the code takes for granted of the second region.

use serde_json::{Value, json};

use crate::model::{Template, at, items, refers_to, text};

#[test]
fn a_stack_without_a_second_region_is_allowed_nothing_there() {
    let template = Template::read();
    for parameter in ["FallbackRegion", "FallbackBodiesBucket"] {
        assert_eq!(template.parameter(parameter)["Default"], "", "{parameter}");
    }
    let policy = template.resource("FallbackPolicy");
    assert_eq!(policy["Condition"], "HasFallback");
    let names_the_fallback = |statement: &&Value| statement.to_string().contains("${Fallback");
    let all = template.allowed().into_iter().filter(names_the_fallback).count();
    assert_eq!(all, statements(policy).len(), "another policy reaches there too");
}

#[test]
fn ingest_may_send_to_the_three_lanes_there_and_store_bodies_and_no_more() {
    let template = Template::read();
    let policy = template.resource("FallbackPolicy");
    let role = refers_to(at(ingest(&template), &["Role"]));
    let roles = items(at(policy, &["Properties", "Roles"]));
    assert_eq!(roles.into_iter().map(refers_to).collect::<Vec<_>>(), [role]);

    let [send, store] = &statements(policy)[..] else { panic!("{policy}") };
    assert_eq!(send["Action"], "sqs:SendMessage");
    let queue = |lane: weir_core::Lane| {
        format!("arn:${{AWS::Partition}}:sqs:${{FallbackRegion}}:${{AWS::AccountId}}:${{AWS::StackName}}-{lane}")
    };
    let mut allowed: Vec<_> = items(&send["Resource"]).into_iter().map(sub).collect();
    allowed.sort_unstable();
    let mut lanes = weir_core::Lane::ALL.map(queue);
    lanes.sort_unstable();
    assert_eq!(allowed, lanes);
    assert_eq!(store["Action"], "s3:PutObject");
    assert_eq!(sub(&store["Resource"]), "arn:${AWS::Partition}:s3:::${FallbackBodiesBucket}/*");
}

/// Ingest makes the URLs there from the names that this template gives the queues here.
#[test]
fn a_queue_is_named_by_its_stack_and_its_lane() {
    let template = Template::read();
    let prefix = &at(ingest(&template), &["Environment", "Variables", "WEIR_FALLBACK_QUEUE_PREFIX"])["Fn::If"];
    assert_eq!((&prefix[0], &prefix[2]), (&json!("HasFallback"), &json!("")));
    let prefix = sub(&prefix[1]);
    assert_eq!(prefix, "https://sqs.${FallbackRegion}.${AWS::URLSuffix}/${AWS::AccountId}/${AWS::StackName}-");
    for lane in template.lanes() {
        let name = sub(at(lane.queue, &["QueueName"]));
        let lane_name = text(at(lane.worker, &["Environment", "Variables", "WEIR_LANE"]));
        assert!(format!("{prefix}{lane_name}").ends_with(&format!("/{name}")), "{}", lane.queue_id);
    }
}

fn ingest(template: &Template) -> &Value {
    &template.resource("IngestFunction")["Properties"]
}

fn statements(policy: &Value) -> Vec<&Value> {
    items(at(policy, &["Properties", "PolicyDocument", "Statement"]))
}

#[track_caller]
fn sub(value: &Value) -> &str {
    text(at(value, &["Fn::Sub"]))
}
