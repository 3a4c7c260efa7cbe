//! What a stack costs without an event, as `bench/counted.json` has it for `weir cost`.

use serde_json::Value;

use crate::{
    alarms::Alarm,
    model::{Template, at, entries},
};

#[test]
fn the_cost_model_knows_what_stands_in_the_template() {
    let template = Template::read();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../bench/counted.json");
    let counted: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let fixed = &counted["weir"]["fixed"];
    let of_type = |kind| template.of_type(kind).count();
    // Orders and stock are not there by default: the guides say what they cost.
    let is_optional = |id: &str| ["HasOrders", "HasStock"].iter().any(|one| template.resource(id)["Condition"] == *one);
    let alarms = Alarm::all(&template);
    let alarms = alarms.iter().filter(|alarm| !is_optional(alarm.id));
    let alarm_metrics: usize = alarms.map(|alarm| alarm.metrics().len()).sum();
    assert_eq!(fixed["alarm_metrics"], alarm_metrics);
    assert_eq!(fixed["composite_alarms"], of_type("AWS::CloudWatch::CompositeAlarm"));
    assert_eq!(fixed["dashboards"], of_type("AWS::CloudWatch::Dashboard"));
    // The one of ForwardUrl is there only with it.
    let secrets = template.of_type("AWS::SecretsManager::Secret");
    let always = secrets.filter(|(id, _)| template.resource(id).get("Condition").is_none());
    assert_eq!(fixed["secrets"], always.count());
    // A queue of a function that is there by default, which neither notifier nor orders nor stock are.
    let functions = template.of_type("AWS::Serverless::Function");
    let polled = functions
        .filter(|(id, _)| template.resource(id)["Condition"] != "HasSlack" && !is_optional(id))
        .flat_map(|(_, function)| entries(&function["Events"]).filter(|(_, event)| event["Type"] == "SQS"));
    assert_eq!(fixed["polled_queues"], polled.count());
    let default = |name: &str| at(template.parameter(name), &["Default"]).as_u64();
    assert_eq!(fixed["retention_days"].as_u64(), default("LedgerRetentionDays"));
    assert_eq!(fixed["ingest_memory_mb"].as_u64(), default("IngestMemoryMb"));
    assert_eq!(fixed["worker_memory_mb"].as_u64(), default("WorkerMemoryMb"));
    let batch = &template.lanes()[0].event_source["BatchSize"];
    assert_eq!(&fixed["most_a_batch"], batch);
}
