//! Objects of the Admin API, shared by all processes for some minutes.
//!
//! An item is either an object (`fetched_at_ms`, and it as `json` or compressed) or a tombstone (`invalidated_at_ms`).
//! Both give way only to what is later, so that a slow reader can't put back what changed meanwhile.

mod key;
#[cfg(feature = "client")]
mod read;
mod tombstone;
#[cfg(feature = "client")]
mod value;
#[cfg(feature = "client")]
mod write;

use aws_sdk_dynamodb::Client;
use weir_aws::SdkConfig;

pub use key::{CACHED_FOR, Kind, key};

const FETCHED_AT_MS: &str = "fetched_at_ms";
const INVALIDATED_AT_MS: &str = "invalidated_at_ms";

/// Cached objects in one table.
#[derive(Debug, Clone)]
pub struct DynamoCache {
    client: Client,
    table: String,
}

impl DynamoCache {
    /// The cached objects of a table.
    pub fn new(config: &SdkConfig, table: String) -> Self {
        Self { client: Client::new(config), table }
    }
}

/// DynamoDB did not take what was written. Its source says why.
#[derive(Debug, thiserror::Error)]
#[error("the cache of Shopify's objects could not be written")]
pub struct CacheError(#[source] pub(crate) Box<dyn std::error::Error + Send + Sync>);
