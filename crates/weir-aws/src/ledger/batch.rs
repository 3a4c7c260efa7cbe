//! Many records at once, by their keys.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::KeysAndAttributes;
use weir_core::ledger::{Key, Record};

use super::{DynamoLedger, ReadError, item};
use crate::reason::reason;

/// `BatchGetItem` takes so many keys a call.
const MAX_KEYS: usize = 100;

/// DynamoDB leaves keys out of its answer when it is throttled; so often they are asked for again.
const ROUNDS: usize = 10;

/// The first pause before that; each is twice the one before.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

impl DynamoLedger {
    /// The records of these keys that are there, in no order, read consistently: one read unit each.
    ///
    /// # Errors
    /// If DynamoDB does not answer, refuses, or leaves some out again and again.
    pub async fn get_many(&self, keys: &[Key]) -> Result<Vec<Record>, ReadError> {
        // One that is named twice fails the call.
        let keys: Vec<&Key> = keys.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let mut records = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(MAX_KEYS) {
            let asked = KeysAndAttributes::builder().consistent_read(true);
            let asked = asked.set_keys(Some(chunk.iter().map(|key| item::key(key)).collect())).build();
            let asked = asked.map_err(|error| ReadError::Unavailable(reason(&error)))?;
            let mut left = HashMap::from([(self.table.clone(), asked)]);
            for round in 0.. {
                let request = self.client.batch_get_item().set_request_items(Some(left));
                let reply = request.send().await.map_err(|error| ReadError::Unavailable(reason(&error)))?;
                let items = reply.responses().and_then(|tables| tables.get(&self.table));
                for item in items.into_iter().flatten() {
                    records.push(item::record(item)?);
                }
                left = reply.unprocessed_keys.unwrap_or_default();
                if left.is_empty() {
                    break;
                }
                if round == ROUNDS {
                    return Err(ReadError::Unavailable("DynamoDB is throttled".to_owned()));
                }
                tokio::time::sleep(PAUSE * (1 << round)).await;
            }
        }
        Ok(records)
    }
}
