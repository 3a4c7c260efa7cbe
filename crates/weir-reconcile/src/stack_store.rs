//! The stack's own tables, queues and bucket.

use shopify_webhook::ShopDomain;
use std::time::Duration;
use weir_aws::{
    Bodies, DocumentStore, DynamoFence, DynamoLedger, LaneSender, LaneUrls, SdkConfig,
    documents::Stored,
    ledger::{Entry, Listing, Range},
};
use weir_core::{
    Lane, UnixMillis,
    envelope::Meta,
    fence,
    ledger::{
        Key, Record,
        index::{Bucket, Unsettled},
    },
};

use crate::{Cursor, CursorKey, ReconcileStore, Report, Unavailable, store::UnsettledEvent};

/// Where cursors are: `{shop}/{app}/{kind}/{wanted}`.
const CURSORS: &str = "cursors";

/// Where reports are: `{began at}/{shop}/{app}`.
pub const REPORTS: &str = "reconciliations";

/// How long a cursor is kept that nobody moves: longer than an outage of weir's own, and not for good, for other topics have
/// another.
const CURSOR_RETENTION: Duration = Duration::from_secs(90 * 86_400);

/// How long a report is kept.
const REPORT_RETENTION: Duration = Duration::from_secs(400 * 86_400);

/// A stack.
#[derive(Debug, Clone)]
pub struct StackStore {
    fence: DynamoFence,
    ledger: DynamoLedger,
    lanes: LaneSender,
    bodies: Bodies,
    operations: DocumentStore,
}

/// The names of what a stack has.
#[derive(Debug, Clone)]
pub struct StackNames {
    /// The fence's table.
    pub fence_table: String,
    /// The ledger's table.
    pub ledger_table: String,
    /// The lanes' queues.
    pub lanes: LaneUrls,
    /// The bucket for large bodies.
    pub bodies_bucket: String,
    /// The table of operations.
    pub operations_table: String,
}

impl StackStore {
    /// The stack of these names.
    pub fn new(config: &SdkConfig, names: StackNames) -> Self {
        // Ledger and fence are only read: how long items are kept is of no use here.
        Self {
            fence: DynamoFence::new(config, names.fence_table, Duration::ZERO),
            ledger: DynamoLedger::new(config, names.ledger_table, Duration::ZERO),
            lanes: LaneSender::new(config, names.lanes),
            bodies: Bodies::new(config, names.bodies_bucket),
            operations: DocumentStore::new(config, names.operations_table),
        }
    }
}

fn name(key: &CursorKey<'_>) -> String {
    format!("{}/{}/{}/{}", key.shop, key.app, key.kind, key.wanted)
}

fn unavailable(error: impl std::error::Error) -> Unavailable {
    Unavailable(error.to_string())
}

impl ReconcileStore for StackStore {
    async fn resources(&self, keys: &[String]) -> Result<Vec<Option<fence::Record>>, Unavailable> {
        self.fence.records(keys).await.map_err(unavailable)
    }

    async fn unsettled(&self, shop: &ShopDomain, since: UnixMillis) -> Result<Vec<UnsettledEvent>, Unavailable> {
        let range = Range { since, until: UnixMillis(i64::MAX) };
        let buckets = Bucket::of_shop(shop);
        let mut listing = Listing::by_unsettled(&self.ledger, &Unsettled::ALL, &buckets, range, 100);
        let (mut found, of_shop) = (Vec::new(), format!("{shop}#"));
        while let Some(Entry { key, topic, app, resource, .. }) = listing.next().await.map_err(unavailable)? {
            // Other shops are in the same buckets.
            if let (true, Some(topic), Some(app), Some(resource)) =
                (key.event.starts_with(&of_shop), topic, app, resource)
            {
                found.push(UnsettledEvent { key, topic, app, resource });
            }
        }
        Ok(found)
    }

    async fn event(&self, key: &Key) -> Result<Option<Record>, Unavailable> {
        self.ledger.get(key).await.map_err(unavailable)
    }

    async fn send(&self, lane: Lane, message: String, shop: &ShopDomain) -> Result<(), Unavailable> {
        self.lanes.send(lane, message, shop.as_str()).await.map_err(unavailable)
    }

    async fn store_body(&self, meta: &Meta, body: Vec<u8>) -> Result<String, Unavailable> {
        self.bodies.put(meta, body).await.map_err(unavailable)
    }

    async fn cursor(&self, key: &CursorKey<'_>) -> Result<Option<(u64, Cursor)>, Unavailable> {
        let found = self.operations.get::<Cursor>(CURSORS, &name(key)).await.map_err(unavailable)?;
        Ok(found.map(|document| (document.version, document.value)))
    }

    async fn set_cursor(
        &self,
        key: &CursorKey<'_>,
        expected: Option<u64>,
        cursor: &Cursor,
    ) -> Result<Option<u64>, Unavailable> {
        match self
            .operations
            .put(CURSORS, &name(key), expected, cursor, Some(UnixMillis::now() + CURSOR_RETENTION))
            .await
            .map_err(unavailable)?
        {
            Stored::Written(version) => Ok(Some(version)),
            Stored::Lost(_) => Ok(None),
        }
    }

    async fn keep(&self, report: &Report) -> Result<(), Unavailable> {
        let expires_at: UnixMillis = report.ended_at + REPORT_RETENTION;
        // A name is used once: what stands there is this report, whose reply was lost.
        self.operations
            .put(REPORTS, &report.name(), None, report, Some(expires_at))
            .await
            .map(drop)
            .map_err(unavailable)
    }
}
