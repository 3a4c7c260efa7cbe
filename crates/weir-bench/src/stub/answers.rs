//! What the stubs answer: the least that AWS's own SDKs take for a success. Nothing is stored, every condition holds.

use md5::{Digest, Md5};
use serde_json::{Value, json};

/// The secret that every app has here.
pub(crate) const CLIENT_SECRET: &str = "shpss_bench";

/// An operation's name without its service, its status and its answer. `None` for what nobody answers here.
pub(super) fn answer(target: &str, body: &[u8]) -> Option<Value> {
    let (service, operation) = target.split_once('.')?;
    let request: Value = serde_json::from_slice(body).ok()?;
    let answer = match (service, operation) {
        ("AmazonSQS", "SendMessage") => {
            let body = request["MessageBody"].as_str()?;
            // Node's SDK compares it.
            json!({ "MessageId": "00000000-0000-4000-8000-000000000001", "MD5OfMessageBody": md5(body) })
        }
        ("AmazonSQS", "GetQueueAttributes") => json!({ "Attributes": { "QueueArn": super::QUEUE_ARN } }),
        ("AmazonSQS", "ChangeMessageVisibilityBatch") => {
            let ids = request["Entries"].as_array()?.iter().map(|entry| json!({ "Id": entry["Id"] }));
            json!({ "Successful": ids.collect::<Vec<_>>(), "Failed": [] })
        }
        // A first attempt, whatever is written.
        ("DynamoDB_20120810", "UpdateItem") if request["ReturnValues"].is_string() => {
            json!({ "Attributes": { "attempts": { "N": "1" } } })
        }
        ("DynamoDB_20120810", _) => json!({}),
        ("AWSEvents", "PutEvents") => {
            let entries = request["Entries"].as_array()?.iter().map(|_| json!({ "EventId": "e" }));
            json!({ "FailedEntryCount": 0, "Entries": entries.collect::<Vec<_>>() })
        }
        ("secretsmanager", "GetSecretValue") => json!({
            "Name": request["SecretId"],
            "VersionId": "00000000-0000-4000-8000-000000000002",
            "SecretString": json!({ "client_secrets": [CLIENT_SECRET] }).to_string(),
        }),
        ("AmazonSSM", "GetParameter") => json!({
            "Parameter": { "Name": request["Name"], "Type": "String", "Value": "{}", "Version": 1 },
        }),
        _ => return None,
    };
    Some(answer)
}

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What counts as a write of the ledger.
pub(super) fn is_write(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_taken_with_the_checksum_of_what_came() {
        let answer = answer("AmazonSQS.SendMessage", br#"{"MessageBody":"hello"}"#).unwrap();
        assert_eq!(answer["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");
    }

    #[test]
    fn every_entry_of_the_bus_is_answered() {
        let answer = answer("AWSEvents.PutEvents", br#"{"Entries":[{},{},{}]}"#).unwrap();
        assert_eq!(answer["Entries"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn stub_refuses_unknown_requests() {
        assert_eq!(answer("AmazonSQS.PurgeQueue", b"{}"), None);
        assert_eq!(answer("nothing", b"{}"), None);
        assert_eq!(answer("AmazonSQS.SendMessage", b"not JSON"), None);
    }
}
