//! What a reconciliation needs of the stack.

use shopify_webhook::ShopDomain;
use weir_core::{
    Lane,
    envelope::Meta,
    fence,
    ledger::{Key, Record},
};

use crate::{Cursor, Kind, Report};

/// Something outside did not do what was asked, or can't be known to have. The text is for the log and the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// Whose changes a cursor is about.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Whose.
    pub shop: &'a ShopDomain,
    /// For which app.
    pub app: &'a str,
    /// Of what.
    pub kind: Kind,
}

/// The stack's fence, ledger, lanes, bucket and durable documents.
pub trait Outside: Send + Sync {
    /// What the fence knows of each of these resources, in their order.
    fn resources(
        &self,
        keys: &[String],
    ) -> impl Future<Output = Result<Vec<Option<fence::Record>>, Unavailable>> + Send;

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
    fn store(&self, meta: &Meta, body: Vec<u8>) -> impl Future<Output = Result<String, Unavailable>> + Send;

    /// The cursor, and the version of its document.
    fn cursor(&self, place: Place<'_>) -> impl Future<Output = Result<Option<(u64, Cursor)>, Unavailable>> + Send;

    /// Writes the cursor if its document still has this version (`None`: is not there). The new version, or `None` if
    /// somebody else wrote in between.
    fn set_cursor(
        &self,
        place: Place<'_>,
        expected: Option<u64>,
        cursor: &Cursor,
    ) -> impl Future<Output = Result<Option<u64>, Unavailable>> + Send;

    /// Keeps a report.
    fn keep(&self, report: &Report) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
