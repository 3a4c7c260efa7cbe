//! Shared documents in DynamoDB.

use std::time::Duration;

use aws_sdk_dynamodb::{Client, operation::put_item::PutItemError, types::ReturnValuesOnConditionCheckFailure};
use futures_util::future::BoxFuture;
use resilience::{
    Clock, SharedState, UnixMillis,
    shared::{SharedStateError, Swap, Versioned},
};
use weir_aws::SdkConfig;

use crate::attribute::{self, BadItem, EXPIRES_AT_S, Item, PK, Reader, number, text};

const VERSION: &str = "version";
const JSON: &str = "json";

/// Documents in one table. A read costs half a unit for each 2 KB, a swap one unit a KB, refused or not.
#[derive(Debug, Clone)]
pub struct DynamoState {
    client: Client,
    table: String,
    clock: Clock,
}

impl DynamoState {
    /// The documents of a table. `clock` tells which of them have run out: DynamoDB's TTL deletes up to days late.
    pub fn new(config: &SdkConfig, table: String, clock: Clock) -> Self {
        Self { client: Client::new(config), table, clock }
    }

    async fn read_now(&self, key: &str) -> Result<Option<Versioned>, SharedStateError> {
        let failed = |source| SharedStateError { key: key.to_owned(), action: "read", source };
        let request = self.client.get_item().table_name(&self.table).set_key(Some(attribute::key(key)));
        let reply = request.consistent_read(true).send().await.map_err(|error| failed(error.into()))?;
        document(reply.item(), self.clock.now()).map_err(|error| failed(error.into()))
    }

    /// All documents whose names begin with one of `prefixes`, by name. Reads, and pays for, the whole table: half a unit
    /// for each 4 KB of it.
    pub async fn list(&self, prefixes: &[&str]) -> Result<Vec<(String, Versioned)>, SharedStateError> {
        let failed = |source| SharedStateError { key: format!("{}*", prefixes.join("*, ")), action: "listed", source };
        let (now, mut documents) = (self.clock.now(), Vec::new());
        let mut pages = self.client.scan().table_name(&self.table).into_paginator().send();
        while let Some(page) = pages.next().await {
            for item in page.map_err(|error| failed(error.into()))?.items() {
                let Some(name) = Reader(item).text(PK).filter(|name| prefixes.iter().any(|one| name.starts_with(one)))
                else {
                    continue;
                };
                let read = document(Some(item), now).map_err(|error| failed(error.into()))?;
                documents.extend(read.map(|document| (name.to_owned(), document)));
            }
        }
        documents.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(documents)
    }

    /// Forgets a document, whatever its version: that of a shop which is gone.
    ///
    /// # Errors
    /// If the table can't be written.
    pub async fn delete(&self, key: &str) -> Result<(), SharedStateError> {
        let failed = |source| SharedStateError { key: key.to_owned(), action: "deleted", source };
        let request = self.client.delete_item().table_name(&self.table).set_key(Some(attribute::key(key)));
        request.send().await.map(drop).map_err(|error| failed(error.into()))
    }

    /// A write whose reply was lost is repeated by the SDK, and loses against itself: the caller is told `Lost` with
    /// its own value, and decides anew on that. It counts one change twice at worst; a change is never lost.
    async fn swap_now(
        &self,
        key: &str,
        expected: Option<u64>,
        value: &str,
        keep: Duration,
    ) -> Result<Swap, SharedStateError> {
        let failed = |source| SharedStateError { key: key.to_owned(), action: "written", source };
        let now = self.clock.now();
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(PK, text(key))
            .item(VERSION, number(expected.map_or(1, |version| version.saturating_add(1))))
            .item(JSON, text(value))
            .item(EXPIRES_AT_S, number(expiry(now, keep)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .expression_attribute_names("#expires", EXPIRES_AT_S)
            .expression_attribute_values(":now", number(now.as_seconds()));
        // What has run out is not there, for both.
        let request = match expected {
            None => request
                .condition_expression("attribute_not_exists(#pk) OR #expires <= :now")
                .expression_attribute_names("#pk", PK),
            Some(version) => request
                .condition_expression("#version = :expected AND #expires > :now")
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":expected", number(version)),
        };
        match request.send().await {
            Ok(_) => Ok(Swap::Written),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    document(refused.item(), now).map(Swap::Lost).map_err(|error| failed(error.into()))
                }
                _ => Err(failed(error.into())),
            },
        }
    }
}

impl SharedState for DynamoState {
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Versioned>, SharedStateError>> {
        Box::pin(self.read_now(key))
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<u64>,
        value: &'a str,
        keep: Duration,
    ) -> BoxFuture<'a, Result<Swap, SharedStateError>> {
        Box::pin(self.swap_now(key, expected, value, keep))
    }
}

/// The second at which what is written now has been kept for `keep`, rounded up.
pub(crate) fn expiry(now: UnixMillis, keep: Duration) -> i64 {
    (now + keep).as_seconds().saturating_add(1)
}

/// The document of an item, unless it has run out.
fn document(item: Option<&Item>, now: UnixMillis) -> Result<Option<Versioned>, BadItem> {
    let Some(item) = item.map(Reader) else { return Ok(None) };
    let expires: i64 = item.number(EXPIRES_AT_S).ok_or(BadItem(EXPIRES_AT_S))?;
    if expires <= now.as_seconds() {
        return Ok(None);
    }
    let version = item.number(VERSION).ok_or(BadItem(VERSION))?;
    let value = item.text(JSON).ok_or(BadItem(JSON))?.to_owned();
    Ok(Some(Versioned { version, value }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_there_until_its_time_is_up_and_not_a_second_less() {
        let now = UnixMillis(1_795_755_600_999);
        let keep = Duration::from_secs(60);
        let item = Item::from([
            (VERSION.to_owned(), number(3)),
            (JSON.to_owned(), text("{}")),
            (EXPIRES_AT_S.to_owned(), number(expiry(now, keep))),
        ]);
        let there = Some(Versioned { version: 3, value: "{}".into() });
        assert_eq!(document(Some(&item), now + keep), Ok(there));
        assert_eq!(document(Some(&item), now + keep + Duration::from_secs(2)), Ok(None));
        assert_eq!(document(None, now), Ok(None));
    }

    #[test]
    fn a_foreign_item_names_the_attribute_at_fault() {
        let item = Item::from([(EXPIRES_AT_S.to_owned(), number(i64::MAX)), (VERSION.to_owned(), text("1"))]);
        assert_eq!(document(Some(&item), UnixMillis(0)), Err(BadItem(VERSION)));
    }
}
