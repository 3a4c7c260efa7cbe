//! A loss of subscriptions, and how far the recovery of its events got.

use shopify_client::Client;
use shopify_webhook::ShopDomain;
use tokio::time::Instant;
use weir_core::UnixMillis;
use weir_subscriptions::DesiredSubscriptions;

/// A shop that can be called.
pub(crate) struct Subject<'a> {
    /// Whose.
    pub(crate) shop: &'a ShopDomain,
    /// By weir's name for it.
    pub(crate) app: &'a str,
    /// The app's client.
    pub(crate) client: &'a Client,
    /// When the app was installed.
    pub(crate) installed_at: UnixMillis,
    /// What is desired in the shop, all of it.
    pub(crate) wanted: &'a DesiredSubscriptions<'a>,
    /// When it must have ended.
    pub(crate) deadline: Instant,
}

/// A loss that was repaired.
pub(crate) struct Loss<'a> {
    /// Where.
    pub(crate) subject: Subject<'a>,
    /// When all was surely well: nothing is missing from before.
    pub(crate) since: UnixMillis,
    /// When the subscriptions were back: what happened later is delivered.
    pub(crate) repaired_at: UnixMillis,
    /// The topics of which events may be missing.
    pub(crate) topics: Vec<&'a str>,
}

/// How far a recovery got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RecoveryProgress {
    /// All that was missing was sent: so many events.
    Whole(u64),
    /// Not all: it is asked again with the next run.
    Unfinished(String),
}

/// The result of reconciling a shop in which no subscription was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CatchUp {
    /// How far the recovery got.
    pub(crate) recovery: RecoveryProgress,
    /// Topics of the app's TOML of which events happened and did not come. That such a subscription is there can't be
    /// asked: this is how its loss shows, and a shop in which nothing happens raises no alarm.
    pub(crate) silent: Vec<String>,
}
