//! Storing objects.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use shopify_client::cache::Entry;

use super::{CacheError, DynamoCache, FETCHED_AT_MS, INVALIDATED_AT_MS, value};
use crate::{
    attribute::{EXPIRES_AT_S, PK, number, text},
    state::expiry,
};

/// Writes at once: each is a call of its own, since `BatchWriteItem` takes no conditions.
const AT_ONCE: usize = 8;

impl DynamoCache {
    pub(super) async fn put_all(&self, entries: &[Entry], ttl: Duration) -> Result<(), CacheError> {
        let puts: Vec<_> = entries.iter().map(|entry| self.put_one(entry, ttl)).collect();
        stream::iter(puts).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn put_one(&self, entry: &Entry, ttl: Duration) -> Result<(), CacheError> {
        let Some((name, value)) = value::pack(&entry.value) else {
            tracing::debug!(key = entry.key, bytes = entry.value.len(), "Too large for the shared cache");
            return Ok(());
        };
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(PK, text(entry.key.as_str()))
            .item(name, value)
            .item(FETCHED_AT_MS, number(entry.fetched_at.0))
            .item(EXPIRES_AT_S, number(expiry(entry.fetched_at, ttl)))
            .condition_expression(
                "(attribute_not_exists(#invalidated) OR #invalidated < :fetched) \
                 AND (attribute_not_exists(#fetched) OR #fetched <= :fetched)",
            )
            .expression_attribute_names("#fetched", FETCHED_AT_MS)
            .expression_attribute_names("#invalidated", INVALIDATED_AT_MS)
            .expression_attribute_values(":fetched", number(entry.fetched_at.0));
        match request.send().await {
            Ok(_) => Ok(()),
            // Invalidated meanwhile, or a later one is there.
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(()),
            Err(error) => Err(CacheError(error.into())),
        }
    }
}
