//! What the code takes for granted of the tables and of the key.

use serde_json::{Value, json};

use crate::model::{self, Template, at, items, text};

const TABLE: &str = "AWS::DynamoDB::Table";

#[test]
fn irreplaceable_resources_outlive_the_stack() {
    let template = Template::read();
    let lanes = template.lanes();
    let queues = lanes.iter().flat_map(|lane| [lane.queue_id, lane.dlq_id]);
    for id in [
        "Ledger",
        "Fence",
        "Shops",
        "Operations",
        "TokenKey",
        "DefaultAppSecret",
        "Bodies",
        "ArchiveBucket",
        "Orders",
        "Stock",
    ]
    .into_iter()
    .chain(queues)
    {
        let resource = template.resource(id);
        let policies = (text(at(resource, &["DeletionPolicy"])), text(at(resource, &["UpdateReplacePolicy"])));
        assert_eq!(policies, ("RetainExceptOnCreate", "Retain"), "{id}");
    }
    let key = at(template.resource("TokenKey"), &["Properties", "GenerateSecretString", "PasswordLength"]);
    assert!(key.as_u64().is_some_and(|length| length >= 32), "{key}");
}

#[test]
fn every_table_has_dynamodbs_own_key_is_billed_by_use_and_forgets_what_has_run_out() {
    let template = Template::read();
    let mut forgetful = Vec::new();
    for (id, table) in template.of_type(TABLE) {
        assert_eq!(table["BillingMode"], "PAY_PER_REQUEST", "{id}");
        // DynamoDB encrypts each by its own key. This property asks for KMS, which is billed and can fail.
        assert!(table["SSESpecification"].is_null(), "{id}");
        if table["TimeToLiveSpecification"] == json!({"AttributeName": "expires_at_s", "Enabled": true}) {
            forgetful.push(id);
        } else {
            assert_eq!(id, "Shops", "{id} grows without end");
        }
    }
    forgetful.sort_unstable();
    assert_eq!(forgetful, ["Cache", "Fence", "Ledger", "Operations", "Orders", "State", "Stock"]);
}

#[test]
fn a_worker_can_wipe_tokens_and_read_none() {
    let template = Template::read();
    let actions = |template: &_, id: &str| actions_of_workers(template, id);
    assert_eq!(actions(&template, "Shops"), ["dynamodb:UpdateItem"]);
    assert_eq!(actions(&template, "Cache"), ["dynamodb:PutItem"]);
    assert_eq!(actions(&template, "TokenKey"), [""; 0]);
    // Each transition is one conditional write, and brings back what it met: nothing is read or put unconditionally.
    assert_eq!(actions(&template, "Ledger"), ["dynamodb:UpdateItem"]);
    assert_eq!(actions(&template, "Fence"), ["dynamodb:UpdateItem"]);
}

#[test]
fn an_index_of_the_ledger_holds_only_what_costs_no_later_write() {
    let template = Template::read();
    let ledger = template.resource("Ledger");
    let indexes = items(at(ledger, &["Properties", "GlobalSecondaryIndexes"]));
    let held = |name: &str| {
        let index = indexes.iter().find(|index| index["IndexName"] == name).unwrap();
        let keys: Vec<&str> = items(&index["KeySchema"]).iter().map(|key| text(&key["AttributeName"])).collect();
        assert_eq!(index["Projection"]["ProjectionType"], "INCLUDE");
        (keys, items(&index["Projection"]["NonKeyAttributes"]).into_iter().map(text).collect::<Vec<_>>())
    };
    // Nothing here changes after the claim: neither the state, nor a count, nor a time.
    let unchanging = ["topic", "app", "lane", "resource_id"];
    // The last one changes when an event comes under another webhook id.
    let looked_for_by = ["event_id", "webhook_id", "last_webhook_id"];
    assert_eq!(held("by_day"), (vec!["day_bucket", "received_at_ms"], [&unchanging[..], &looked_for_by].concat()));
    let with_error = [&unchanging[..], &["last_error"]].concat();
    assert_eq!(held("by_unsettled"), (vec!["unsettled", "received_at_ms"], with_error));
    assert_eq!(indexes.len(), 2);
}

/// All that a worker may do with a resource: by what workers share, and by their lanes' roles.
fn actions_of_workers(template: &Template, id: &str) -> Vec<String> {
    let is_of = |resource: &&Value| {
        resource["Ref"] == id || resource["Fn::GetAtt"][0] == id || resource.to_string().contains(&format!("${{{id}"))
    };
    let holders = ["WorkerPolicy", "UrgentWorkerRole", "StandardWorkerRole", "BulkWorkerRole"];
    let allowed = holders.into_iter().flat_map(|holder| model::allowed(template.resource(holder)));
    let statements = allowed.filter(|statement| items(&statement["Resource"]).iter().any(is_of));
    let actions = statements.flat_map(|statement| items(&statement["Action"]).into_iter().map(text).map(str::to_owned));
    actions.collect()
}
