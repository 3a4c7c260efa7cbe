//! The ledger in DynamoDB. The rules are `weir_core::ledger`'s; here each is one conditional write.
//!
//! An item stays under 1 KB, so that a write costs one unit: two units an event, claim and settle.

mod batch;
mod index;
pub(crate) mod item;
mod listing;
mod operator;
mod read;
mod write;

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::Client;
use aws_types::SdkConfig;

use crate::acceptance::Acceptance;

pub use index::{Entry, Index, IndexPage, Partition, Spent};
pub use item::BadItem;
pub use listing::{Indexes, Listing, Position, RECORDS_AT_ONCE, Range};
pub use read::{Page, ReadError};

/// The ledger in one table.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    client: Client,
    table: String,
    retention: Duration,
    acceptance: Arc<Acceptance>,
}

impl DynamoLedger {
    /// `retention`: how long an item outlives its last change. It must exceed every time that a copy of the
    /// event may hide: template.yaml computes it.
    pub fn new(config: &SdkConfig, table: String, retention: Duration) -> Self {
        Self { client: Client::new(config), table, retention, acceptance: Arc::default() }
    }
}
