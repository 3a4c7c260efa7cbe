//! How large what an event leaves in DynamoDB is, by the rules that AWS bills by.

use std::collections::HashMap;

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use serde_json::{Value, json};
use weir_tests::World;

/// What an index holds of an event beside its own and the table's keys, as the template projects it.
const PROJECTED: [&str; 8] =
    ["day_bucket", "received_at_ms", "pk", "generation", "topic", "app", "lane", "resource_id"];

pub(super) struct Stored {
    ledger: usize,
    index: usize,
    fence: usize,
}

impl Stored {
    /// Of an event that is done.
    pub(super) async fn read(world: &World, id: &str) -> Self {
        let client = Client::new(&world.aws);
        let key = |name: &str, value| HashMap::from([(name.to_owned(), value)]);
        let mut of_event = key("pk", AttributeValue::S(format!("north.myshopify.com#{id}")));
        of_event.extend(key("generation", AttributeValue::N("0".to_owned())));
        let get = client.get_item().table_name(&world.deployed.ledger_table).set_key(Some(of_event));
        let ledger = get.send().await.unwrap().item.unwrap();
        let AttributeValue::S(resource) = &ledger["resource_id"] else { panic!("no text") };
        let of_resource = key("pk", AttributeValue::S(format!("north.myshopify.com#default#{resource}")));
        let get = client.get_item().table_name(&world.deployed.fence_table).set_key(Some(of_resource));
        let fence = get.send().await.unwrap().item.unwrap();
        let index = ledger.iter().filter(|(name, _)| PROJECTED.contains(&name.as_str()));
        Self { index: index.map(attribute).sum(), ledger: size(&ledger), fence: size(&fence) }
    }

    pub(super) fn json(&self) -> Value {
        let Self { ledger, index, fence } = self;
        json!({ "ledger": ledger, "index": index, "fence": fence })
    }
}

fn size(item: &HashMap<String, AttributeValue>) -> usize {
    item.iter().map(attribute).sum()
}

/// Names and texts by their bytes; a number takes a byte for two digits, and one more.
fn attribute((name, value): (&String, &AttributeValue)) -> usize {
    name.len()
        + match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
            AttributeValue::Bool(_) => 1,
            other => panic!("{other:?} is not kept in these tables"),
        }
}
