//! Small JSON documents that must not be lost, in a table of their own: cursors of the reconciliation, progress of the
//! monitor, jobs. A collection has documents by name, and each document counts its versions.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use aws_types::SdkConfig;
use serde::{Serialize, de::DeserializeOwned};
use weir_core::UnixMillis;

use crate::reason::reason;

const PK: &str = "pk";
const SK: &str = "sk";
const VERSION: &str = "version";
const JSON: &str = "json";
const EXPIRES_AT_S: &str = "expires_at_s";

/// One `Query` page of this many documents at most.
const PAGE: i32 = 100;

/// The table.
#[derive(Debug, Clone)]
pub struct DocumentStore {
    client: Client,
    table: String,
}

/// A document as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document<T> {
    /// Its name in its collection.
    pub name: String,
    /// Counts its writes: what the next one expects.
    pub version: u64,
    /// What it says.
    pub value: T,
}

/// The answer to a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored<T> {
    /// Written; the document has this version now.
    Written(u64),
    /// Somebody wrote in between: nothing was written. The document as it stands, if it is there.
    Lost(Option<Document<T>>),
}

/// The table could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// DynamoDB did not answer, or refused.
    #[error("the table of operations could not be {action}: {reason}")]
    Unavailable {
        /// `read` or `written`.
        action: &'static str,
        /// What the SDK said.
        reason: String,
    },
    /// An item that this version of weir can't read.
    #[error("the document {collection}/{name} can't be read: another version of weir wrote it, or something else did")]
    Unreadable {
        /// Its collection.
        collection: String,
        /// Its name.
        name: String,
    },
}

type Item = HashMap<String, AttributeValue>;

impl DocumentStore {
    /// The documents of this table.
    pub fn new(config: &SdkConfig, table: String) -> Self {
        Self { client: Client::new(config), table }
    }

    /// One document, read consistently.
    pub async fn get<T: DeserializeOwned>(
        &self,
        collection: &str,
        name: &str,
    ) -> Result<Option<Document<T>>, DocumentError> {
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let request = request.key(PK, text(collection)).key(SK, text(name));
        let reply = request.send().await.map_err(|error| unavailable("read", &error))?;
        reply.item().map(document).transpose()
    }

    /// Writes a document if its version is still the one that was read: `None` if there was none. `expires_at` is when
    /// it may be deleted; `None` keeps it.
    ///
    /// A write whose reply was lost is repeated by the SDK and loses against itself: the caller is told `Lost` with its
    /// own value.
    pub async fn put<T: Serialize + DeserializeOwned>(
        &self,
        collection: &str,
        name: &str,
        expected: Option<u64>,
        value: &T,
        expires_at: Option<UnixMillis>,
    ) -> Result<Stored<T>, DocumentError> {
        let version = expected.map_or(1, |version| version.saturating_add(1));
        let json = serde_json::to_string(value).map_err(|error| unavailable("written", &error))?;
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(PK, text(collection))
            .item(SK, text(name))
            .item(VERSION, number(version))
            .item(JSON, text(json))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let request = match expires_at {
            Some(at) => request.item(EXPIRES_AT_S, number(at.as_seconds())),
            None => request,
        };
        let request = match expected {
            None => request.condition_expression("attribute_not_exists(#pk)").expression_attribute_names("#pk", PK),
            Some(version) => request
                .condition_expression("#version = :expected")
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":expected", number(version)),
        };
        match request.send().await {
            Ok(_) => Ok(Stored::Written(version)),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(Stored::Lost(refused.item().map(document).transpose()?))
                }
                _ => Err(unavailable("written", &error)),
            },
        }
    }

    /// The documents of a collection by name: at most `limit`, from the last name backwards if `backwards`.
    pub async fn list<T: DeserializeOwned>(
        &self,
        collection: &str,
        backwards: bool,
        limit: usize,
    ) -> Result<Vec<Document<T>>, DocumentError> {
        let (mut documents, mut start) = (Vec::new(), None);
        while documents.len() < limit {
            let request = self.client.query().table_name(&self.table).consistent_read(true).limit(PAGE);
            let request = request
                .key_condition_expression("#pk = :collection")
                .expression_attribute_names("#pk", PK)
                .expression_attribute_values(":collection", text(collection))
                .scan_index_forward(!backwards)
                .set_exclusive_start_key(start.take());
            let reply = request.send().await.map_err(|error| unavailable("read", &error))?;
            for item in reply.items() {
                documents.push(document(item)?);
            }
            start = reply.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        documents.truncate(limit);
        Ok(documents)
    }

    /// Deletes a document, whatever its version.
    pub async fn delete(&self, collection: &str, name: &str) -> Result<(), DocumentError> {
        let request = self.client.delete_item().table_name(&self.table).key(PK, text(collection)).key(SK, text(name));
        request.send().await.map(drop).map_err(|error| unavailable("written", &error))
    }
}

fn document<T: DeserializeOwned>(item: &Item) -> Result<Document<T>, DocumentError> {
    let part = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str);
    let read = || {
        let version = item.get(VERSION)?.as_n().ok()?.parse().ok()?;
        Some((part(SK)?.to_owned(), version, serde_json::from_str(part(JSON)?).ok()?))
    };
    let (name, version, value) = read().ok_or_else(|| DocumentError::Unreadable {
        collection: part(PK).unwrap_or("?").to_owned(),
        name: part(SK).unwrap_or("?").to_owned(),
    })?;
    Ok(Document { name, version, value })
}

fn unavailable(action: &'static str, error: &(dyn std::error::Error + 'static)) -> DocumentError {
    DocumentError::Unavailable { action, reason: reason(error) }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_item_is_named_and_not_read() {
        let whole = Item::from([
            (PK.to_owned(), text("cursors")),
            (SK.to_owned(), text("north")),
            (VERSION.to_owned(), number(3)),
            (JSON.to_owned(), text("[1]")),
        ]);
        let read = document::<Vec<u32>>(&whole).unwrap();
        assert_eq!(read, Document { name: "north".into(), version: 3, value: vec![1] });
        for (name, value) in [(VERSION, text("x")), (JSON, text("{")), (JSON, text("\"x\""))] {
            let mut item = whole.clone();
            item.insert(name.to_owned(), value);
            let error = document::<Vec<u32>>(&item).unwrap_err().to_string();
            assert!(error.starts_with("the document cursors/north can't be read"), "{error}");
        }
    }
}
