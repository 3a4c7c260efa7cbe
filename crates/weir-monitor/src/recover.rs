//! What follows a repair: the events that a lost subscription did not deliver.

use shopify_client::Client;
use shopify_webhook::ShopDomain;
use tokio::time::Instant;
use weir_core::UnixMillis;
use weir_subscriptions::Subscription;

/// A loss that was repaired.
pub struct Loss<'a> {
    /// Whose.
    pub shop: &'a ShopDomain,
    /// By weir's name for it.
    pub app: &'a str,
    /// The app's client.
    pub client: &'a Client,
    /// When the app was installed.
    pub installed_at: UnixMillis,
    /// When all was surely well: nothing is missing from before.
    pub since: UnixMillis,
    /// What is desired in the shop, all of it.
    pub wanted: Vec<&'a Subscription>,
    /// The topics of which events may be missing.
    pub topics: Vec<&'a str>,
    /// When it must have ended.
    pub deadline: Instant,
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
}

/// Says what to do, and does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct ByHand;

impl Recover for ByHand {
    async fn recover(&self, loss: &Loss<'_>) -> Result<Recovery, String> {
        let (shop, app, topics) = (loss.shop.as_str(), loss.app, loss.topics.join(" "));
        tracing::warn!(shop, app, topics, since = %loss.since, "Events since then may be missing: weir reconcile finds them");
        Ok(Recovery::Whole(0))
    }
}
