//! What an account lets a stack have: the defaults fit the smallest.

use serde_json::Value;
use weir_tests::Document;

use crate::model::{Template, at, entries, items, refers_to};

/// As new accounts have.
const CONCURRENT_EXECUTIONS: u64 = 10;

/// API Gateway's default quotas of an account in the regions that have the least.
const SMALL_REGION: (u64, u64) = (2_500, 1_250);

#[test]
fn defaults_leave_ingest_room_in_ten_concurrent_executions() {
    let template = Template::read();
    let value = |value: &Value| {
        // A local stack runs fewer.
        let value = value["Fn::If"].as_array().map_or(value, |choice| &choice[2]);
        value.as_u64().or_else(|| template.parameter(value["Ref"].as_str()?)["Default"].as_u64())
    };
    let (mut always, mut by_condition) = (template.parameter("MonitorShards")["Default"].as_u64().unwrap(), Vec::new());
    for (id, function) in template.of_type("AWS::Serverless::Function") {
        for (_, event) in entries(&function["Events"]) {
            let most = value(&event["Properties"]["ScalingConfig"]["MaximumConcurrency"]);
            let most = most.unwrap_or_else(|| panic!("{id} may use all of the account"));
            match template.resource(id)["Condition"].as_str() {
                Some(condition) => by_condition.push((condition, most)),
                None => always += most,
            }
        }
    }
    by_condition.sort_unstable();
    assert_eq!(
        by_condition.iter().map(|(condition, _)| *condition).collect::<Vec<_>>(),
        ["HasBodyArchive", "HasOrders", "HasSlack", "HasStock"]
    );
    // By default there is an archive, and neither a notifier nor orders nor stock. With two of them, ArchiveDays says what to do.
    for (condition, most) in by_condition {
        let others = always + most;
        assert!(
            others < CONCURRENT_EXECUTIONS,
            "{condition}: {others} of {CONCURRENT_EXECUTIONS}, and none for ingest"
        );
    }
    assert_eq!(template.parameter("SlackWebhookSecretArn")["Default"], "");
    assert_eq!(template.parameter("OrderDays")["Default"], 0);
    assert_eq!(template.parameter("StockSweepMinutes")["Default"], 0);
}

/// What reserves nothing by default can be deployed anywhere. A lane reserves what it may use: with less, Lambda would throttle
/// batches, and each event of them would lose a try.
#[test]
fn reserved_concurrency_is_a_choice_and_never_less_than_a_lane_uses() {
    let template = Template::read();
    assert_eq!(template.parameter("ReserveWorkers")["Default"], "false");
    for lane in template.lanes() {
        let reserved = &at(lane.worker, &["ReservedConcurrentExecutions", "Fn::If"]);
        let used = &at(lane.event_source, &["ScalingConfig", "MaximumConcurrency", "Fn::If"])[2];
        assert_eq!((&reserved[0], &reserved[1]), (&"ReservesForWorkers".into(), used), "{}", lane.queue_id);
    }
    let ingest = template.parameter("IngestReservedConcurrency");
    assert_eq!(ingest["Default"], 0);
    let allowed: Vec<u64> = items(&ingest["AllowedValues"]).into_iter().filter_map(Value::as_u64).collect();
    assert!(allowed.iter().all(|most| *most == 0 || *most >= 20), "{allowed:?}: ingest would answer 5xx");
}

#[test]
fn throttling_fits_the_quotas_of_a_small_region_and_lets_a_flash_sale_in() {
    let template = Template::read();
    for (name, most) in [("ThrottleRate", SMALL_REGION.0), ("ThrottleBurst", SMALL_REGION.1)] {
        let parameter = template.parameter(name);
        let default = parameter["Default"].as_u64().unwrap();
        assert!((1_000..=most).contains(&default), "{name}: {default}");
        assert!(parameter["MinValue"].as_u64().is_some_and(|least| least >= 100), "{name}");
    }
}

/// A write of an event goes to the ledger, to its index and to the fence: the slowest of them is the limit.
#[test]
fn tables_and_indexes_that_each_event_writes_to_are_warmed_together() {
    let template = Template::read();
    let warm = serde_json::json!({ "Fn::If": [
        "IsWarm", { "WriteUnitsPerSecond": { "Ref": "WarmWritesPerSecond" } }, { "Ref": "AWS::NoValue" }
    ] });
    for id in ["Ledger", "Fence"] {
        let table = at(template.resource(id), &["Properties"]);
        assert_eq!(table["WarmThroughput"], warm, "{id}");
        for index in table["GlobalSecondaryIndexes"].as_array().into_iter().flatten() {
            assert_eq!(index["WarmThroughput"], warm, "{id} {}", index["IndexName"]);
        }
    }
    let parameter = template.parameter("WarmWritesPerSecond");
    assert_eq!(parameter["Default"], 0);
    // DynamoDB refuses what is less than a new table has.
    let allowed = items(&parameter["AllowedValues"]);
    assert!(allowed.into_iter().filter_map(Value::as_u64).all(|writes| writes == 0 || writes > 4_000));
}

/// What SQS takes as the name of a queue.
const MAX_QUEUE_NAME: usize = 80;

/// The longest name of a stack: it is found out only when some of its resources exist.
#[test]
fn stack_name_of_the_length_that_guides_name_fits_every_queue() {
    let template = Template::read();
    let added = template.of_type("AWS::SQS::Queue").map(|(_, queue)| {
        let name = queue["QueueName"]["Fn::Sub"].as_str().unwrap();
        name.strip_prefix("${AWS::StackName}").unwrap().len()
    });
    let longest = MAX_QUEUE_NAME - added.max().unwrap();
    for guide in ["guides/deploy.md", "guides/new-account.md"] {
        let text: String = Document::read(guide).parts().iter().map(|section| section.text.as_str()).collect();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&format!("has at most {longest} characters")), "{guide}: {longest}");
    }
}

#[test]
fn every_queue_that_a_function_drains_has_a_limit() {
    let template = Template::read();
    for (id, function) in template.of_type("AWS::Serverless::Function") {
        for (_, event) in entries(&function["Events"]).filter(|(_, event)| event["Type"] == "SQS") {
            let queue = refers_to(&event["Properties"]["Queue"]);
            assert!(event["Properties"]["ScalingConfig"].is_object(), "{id} takes {queue} without a limit");
        }
    }
}
