//! Invalidation: one write, that needs no more than the right to put items.

use std::time::Duration;

use resilience::UnixMillis;

use super::{CacheError, DynamoCache, FETCHED_AT_MS, INVALIDATED_AT_MS};
use crate::{
    attribute::{EXPIRES_AT_S, PK, number, text},
    state::expiry,
};

impl DynamoCache {
    /// Forgets an object, and keeps for `ttl` what was asked for before `now` from being stored. What was asked for
    /// later stays; so does a later tombstone.
    ///
    /// # Errors
    /// When DynamoDB can't be reached.
    pub async fn forget(&self, key: &str, now: UnixMillis, ttl: Duration) -> Result<(), CacheError> {
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(PK, text(key))
            .item(INVALIDATED_AT_MS, number(now.0))
            .item(EXPIRES_AT_S, number(expiry(now, ttl)))
            .condition_expression(
                "(attribute_not_exists(#fetched) OR #fetched <= :now) \
                 AND (attribute_not_exists(#invalidated) OR #invalidated < :now)",
            )
            .expression_attribute_names("#fetched", FETCHED_AT_MS)
            .expression_attribute_names("#invalidated", INVALIDATED_AT_MS)
            .expression_attribute_values(":now", number(now.0));
        match request.send().await {
            Ok(_) => Ok(()),
            // What is there is later.
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(()),
            Err(error) => Err(CacheError(error.into())),
        }
    }
}
