//! What follows a repair: the events that a lost subscription did not deliver.

use shopify_client::Client;
use shopify_webhook::ShopDomain;
use tokio::time::Instant;
use weir_core::UnixMillis;
use weir_subscriptions::Wanted;

/// A shop that can be called.
pub struct Subject<'a> {
    /// Whose.
    pub shop: &'a ShopDomain,
    /// By weir's name for it.
    pub app: &'a str,
    /// The app's client.
    pub client: &'a Client,
    /// When the app was installed.
    pub installed_at: UnixMillis,
    /// What is desired in the shop, all of it.
    pub wanted: &'a Wanted<'a>,
    /// When it must have ended.
    pub deadline: Instant,
}

/// A loss that was repaired.
pub struct Loss<'a> {
    /// Where.
    pub subject: Subject<'a>,
    /// When all was surely well: nothing is missing from before.
    pub since: UnixMillis,
    /// When the subscriptions were back: what happened later is delivered.
    pub repaired_at: UnixMillis,
    /// The topics of which events may be missing.
    pub topics: Vec<&'a str>,
}

/// How far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovery {
    /// All that was missing was sent: so many events.
    Whole(u64),
    /// Not all: it is asked again with the next run.
    Unfinished(String),
}

/// Finds events that were not delivered, and sends them. May be asked twice for one loss.
pub trait Recover: Send + Sync {
    /// Recovers what one loss cost.
    fn recover(&self, loss: &Loss<'_>) -> impl Future<Output = Result<Recovery, String>> + Send;
    /// Looks for events that were missed though no subscription was lost: Shopify does not promise to deliver.
    fn keep_up(&self, subject: &Subject<'_>) -> impl Future<Output = Result<Recovery, String>> + Send;
}
