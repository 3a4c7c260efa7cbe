//! The stores that a reconciliation reads and writes.

use shopify_webhook::ShopDomain;
use weir_core::{
    AppName, Lane, Topic, UnixMillis,
    envelope::Meta,
    fence,
    ledger::{Key, Record},
};

use crate::{Cursor, Kind, Report};

/// A store or a queue did not answer, or its answer was lost. The text is for the log and the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// Names a cursor.
#[derive(Debug, Clone)]
pub struct CursorKey<'a> {
    /// Whose.
    pub shop: &'a ShopDomain,
    /// For which app.
    pub app: &'a str,
    /// Of what.
    pub kind: Kind,
    /// For which topics, and under which names: a short hash. What was looked at for some was not for others.
    pub wanted: String,
}

/// An event that failed or is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsettledEvent {
    /// Which.
    pub key: Key,
    /// `orders/create`
    pub topic: Topic,
    /// The app of the path.
    pub app: AppName,
    /// `orders/820982911946154508`
    pub resource: String,
}

/// The stack's fence, ledger, lanes, bucket and durable documents.
pub trait ReconcileStore: Send + Sync {
    /// What the fence knows of each of these resources, in their order.
    fn resources(
        &self,
        keys: &[String],
    ) -> impl Future<Output = Result<Vec<Option<fence::Record>>, Unavailable>> + Send;

    /// Events of a shop that failed or are parked, of those that were received since.
    fn unsettled(
        &self,
        shop: &ShopDomain,
        since: UnixMillis,
    ) -> impl Future<Output = Result<Vec<UnsettledEvent>, Unavailable>> + Send;

    /// What the ledger knows of an event.
    fn event(&self, key: &Key) -> impl Future<Output = Result<Option<Record>, Unavailable>> + Send;

    /// Returns once the lane holds the message.
    fn send(
        &self,
        lane: Lane,
        message: String,
        shop: &ShopDomain,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Stores a body that no message can carry, and returns its reference.
    fn store_body(&self, meta: &Meta, body: Vec<u8>) -> impl Future<Output = Result<String, Unavailable>> + Send;

    /// The cursor, and the version of its document.
    fn cursor(&self, key: &CursorKey<'_>) -> impl Future<Output = Result<Option<(u64, Cursor)>, Unavailable>> + Send;

    /// Writes the cursor if its document still has this version (`None`: is not there). The new version, or `None` if
    /// somebody else wrote in between.
    fn set_cursor(
        &self,
        key: &CursorKey<'_>,
        expected: Option<u64>,
        cursor: &Cursor,
    ) -> impl Future<Output = Result<Option<u64>, Unavailable>> + Send;

    /// Keeps a report.
    fn keep(&self, report: &Report) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
