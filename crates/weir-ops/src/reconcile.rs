//! Reconciliation of one shop, as an operator asks for it.

use std::time::Duration;

use resilience::{Clock, UnixMillis};
use shopify_client::Client;
use shopify_webhook::{ShopDomain, Topic};
use tokio::time::Instant;
use weir_aws::LaneUrls;
use weir_core::Lane;
use weir_shops::{Shop, ShopState, registry::RegistryError};
use weir_subscriptions::Desired;

pub use weir_reconcile::{Kind, KindProgress, ReconcileTopic, Report, RunError, Since, SkippedTopic, Unfinished};

use crate::{Stack, StackError, shops::Shops};

/// A run ends before that. One of a large shop takes minutes.
const RUN_TIMEOUT: Duration = Duration::from_secs(6 * 3_600);

/// What is asked for.
#[derive(Debug, Clone)]
pub struct ReconcileRequest {
    /// The shop.
    pub shop: ShopDomain,
    /// The app.
    pub app: String,
    /// Where to begin.
    pub since: Since,
    /// Where to end.
    pub until: Option<UnixMillis>,
    /// What the shop's subscriptions ask for.
    pub topics: Vec<ReconcileTopic>,
    /// Whether nothing is sent.
    pub dry_run: bool,
    /// How many points of the shop's budget it may use; `None` for as many as it takes.
    pub points: Option<u32>,
}

/// Topics can't be reconciled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicsError {
    /// A name is neither a kind nor a topic whose lost events can be found.
    #[error("weir can't find lost events of {0:?}")]
    Unknown(String),
    /// Of what was named, nothing is desired.
    #[error("no such subscription is desired for app {app} in {shop}")]
    NotDesired {
        /// The app.
        app: String,
        /// The shop.
        shop: ShopDomain,
    },
}

/// A shop whose Admin API can't be called.
#[derive(Debug, thiserror::Error)]
pub enum ShopStateError {
    /// It is not registered for the app.
    #[error("{shop} is not registered for app {app}")]
    NotRegistered {
        /// The shop.
        shop: ShopDomain,
        /// The app.
        app: String,
    },
    /// It uninstalled the app.
    #[error("{0} uninstalled the app: its Admin API can't be called")]
    Uninstalled(ShopDomain),
    /// Shopify refuses calls until its account is settled.
    #[error("{0} is frozen: Shopify refuses calls until its account is settled")]
    Frozen(ShopDomain),
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// What is desired of the topics and kinds that are named. A topic that is named by itself is wanted in any case.
///
/// # Errors
/// If a name is unknown, or nothing is desired of what was named.
pub fn topics(
    desired: &Desired,
    named: &[String],
    app: &str,
    shop: &ShopDomain,
) -> Result<Vec<ReconcileTopic>, TopicsError> {
    let all = ReconcileTopic::desired(desired, app, shop);
    let mut topics: Vec<ReconcileTopic> = Vec::new();
    for name in named.iter().map(|name| name.trim()) {
        if let Ok(kind) = name.parse::<Kind>() {
            // Beside its own topics those that stand beside them, so that the report tells what it leaves out.
            let is_of = |topic: &str| Kind::of(topic) == Some(kind);
            topics.extend(all.iter().filter(|one| is_of(&one.topic)).cloned());
        } else if Topic::parse(name).is_some() && Kind::of(name).is_some() {
            let of_it: Vec<ReconcileTopic> = all.iter().filter(|one| one.topic == name).cloned().collect();
            topics.extend(if of_it.is_empty() { vec![ReconcileTopic::topic(name)] } else { of_it });
        } else {
            return Err(TopicsError::Unknown(name.to_owned()));
        }
    }
    topics.dedup();
    if topics.is_empty() {
        return Err(TopicsError::NotDesired { app: app.to_owned(), shop: shop.clone() });
    }
    Ok(topics)
}

/// A shop whose Admin API can be called, as far as the registry knows.
///
/// # Errors
/// If it can't be called, or the registry can't be read.
pub async fn callable_shop(shops: &Shops, shop: &ShopDomain, app: &str) -> Result<Shop, ShopStateError> {
    let known = shops.registry.get(shop, app).await?;
    let known = known.ok_or_else(|| ShopStateError::NotRegistered { shop: shop.clone(), app: app.to_owned() })?;
    match known.state {
        ShopState::Installed => Ok(known),
        ShopState::Uninstalled => Err(ShopStateError::Uninstalled(shop.clone())),
        ShopState::Frozen => Err(ShopStateError::Frozen(shop.clone())),
    }
}

/// Reconciles shops of a stack.
pub struct Reconciler(weir_reconcile::Reconciler<weir_reconcile::StackStore>);

impl Reconciler {
    /// Of the shops that this client calls.
    ///
    /// # Errors
    /// If the stack lacks an output.
    pub fn new(stack: &Stack, client: Client) -> Result<Self, StackError> {
        let lanes = stack.lanes()?;
        let url =
            |lane: Lane| lanes.iter().find(|urls| urls.lane == lane).map(|urls| urls.queue.clone()).unwrap_or_default();
        let names = weir_reconcile::StackNames {
            fence_table: stack.output("FenceTable")?,
            ledger_table: stack.output("LedgerTable")?,
            lanes: LaneUrls::each(url),
            bodies_bucket: stack.output("BodiesBucket")?,
            operations_table: stack.output("OperationsTable")?,
        };
        let store = weir_reconcile::StackStore::new(&stack.config, names);
        Ok(Self(weir_reconcile::Reconciler::new(client, store, Clock::Wall)))
    }

    /// Finds what weir never saw, and sends it. `progress` is called after each page. Dropping the future ends the run; what
    /// was sent stays sent.
    ///
    /// # Errors
    /// When Shopify will not answer for this shop, or the stack does not.
    pub async fn run(
        &self,
        shop: &Shop,
        request: &ReconcileRequest,
        progress: &(dyn Fn(&Report) + Send + Sync),
    ) -> Result<Report, RunError> {
        let request = weir_reconcile::Request {
            shop: &request.shop,
            app: &request.app,
            installed_at: Some(shop.installed_at),
            since: request.since,
            until: request.until,
            grace: weir_reconcile::GRACE,
            wanted: &request.topics,
            dry_run: request.dry_run,
            points: request.points.map_or(u64::MAX, u64::from),
            deadline: Instant::now() + RUN_TIMEOUT,
        };
        self.0.run(&request, progress).await
    }
}
