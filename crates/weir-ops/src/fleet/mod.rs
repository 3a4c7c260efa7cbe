//! The subscriptions of many shops: compared with what is desired, and changed.

mod apply;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use shopify_client::{Call, Client};
use shopify_webhook::ShopDomain;
use weir_aws::{DocumentStore, documents::DocumentError};
use weir_shops::{Shop, ShopState, registry::RegistryError};
use weir_subscriptions::{
    Desired, Plan, address,
    drift::{self, Drift},
    plan, shopify,
};

pub use apply::{Applied, ChangeError};

use crate::{
    Stack, StackError,
    shops::{ClientError, Shops},
};

/// Shops at once. Each has a budget of its own at Shopify; this bounds what one process does.
const MAX_CONCURRENCY: usize = 8;

/// For a shop's calls, with their waits for its budget.
const SHOP_TIMEOUT: Duration = Duration::from_secs(60);

/// Documents of shops that differ: more than these are not told apart from those that do not.
const MAX_DRIFTS: usize = 10_000;

/// Which shops are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// This one; `None` for all.
    pub shop: Option<ShopDomain>,
    /// Those of this app; `None` for all apps.
    pub app: Option<String>,
}

/// Shops of a stack, and clients that call Shopify for them.
pub struct Fleet {
    webhook_url: String,
    /// By app; an app's error is each of its shops'.
    clients: BTreeMap<String, Result<Client, Arc<ClientError>>>,
    shops: Vec<Shop>,
}

/// A shop whose subscriptions were compared with what is desired, or could not be.
#[derive(Debug)]
pub struct Comparison {
    /// The shop.
    pub shop: Shop,
    /// What came of it.
    pub outcome: ComparisonOutcome,
}

/// What came of comparing a shop.
#[derive(Debug)]
pub enum ComparisonOutcome {
    /// What would make it as desired.
    Planned(Plan),
    /// Shopify was not asked, because the registry has the shop in this state.
    Skipped(ShopState),
    /// Shopify did not answer.
    Failed(ShopError),
}

/// A shop's subscriptions can't be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    /// There is no client for its app.
    #[error(transparent)]
    Client(Arc<ClientError>),
    /// Its app was not asked for a client.
    #[error("app {0} has no client")]
    NoClient(String),
    /// Shopify.
    #[error(transparent)]
    Shopify(Box<shopify_client::Error>),
}

impl From<shopify_client::Error> for ShopError {
    fn from(error: shopify_client::Error) -> Self {
        Self::Shopify(error.into())
    }
}

/// The shops can't be found.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The stack lacks an output.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The shop that was named is not registered, for the app that was named.
    #[error("{shop} is not registered{}", app.as_ref().map(|app| format!(" for app {app}")).unwrap_or_default())]
    NotRegistered {
        /// The shop.
        shop: ShopDomain,
        /// The app.
        app: Option<String>,
    },
}

impl Fleet {
    /// Finds the shops in the registry. `process` names this process to others; `progress` is called with how many were
    /// found so far.
    ///
    /// # Errors
    /// If the registry can't be read, or the shop that was named is not in it.
    pub async fn find(
        stack: &Stack,
        selection: &Selection,
        process: impl Fn() -> String,
        mut progress: impl FnMut(usize),
    ) -> Result<Self, FleetError> {
        let registered = Shops::of(stack)?;
        let (mut shops, _read) =
            registered.list(selection.app.as_deref(), None, |_read, found| progress(found)).await?;
        if let Some(domain) = &selection.shop {
            shops.retain(|shop| shop.domain == *domain);
            if shops.is_empty() {
                return Err(FleetError::NotRegistered { shop: domain.clone(), app: selection.app.clone() });
            }
        }
        shops.sort_by(|a, b| (&a.domain, &a.app).cmp(&(&b.domain, &b.app)));
        let mut clients = BTreeMap::new();
        for shop in shops.iter().filter(|shop| shop.state == ShopState::Installed) {
            if !clients.contains_key(&shop.app) {
                let client = registered.client(&shop.app, process()).await;
                clients.insert(shop.app.clone(), client.map_err(Arc::new));
            }
        }
        Ok(Self { webhook_url: stack.webhook_url()?, clients, shops })
    }

    /// Compares each shop with what is desired. `progress` is called with how many are done, and of how many.
    pub async fn compare(&self, desired: &Desired, prune: bool, progress: impl FnMut(usize, usize)) -> Vec<Comparison> {
        let compared = each(&self.shops, async |shop| {
            let outcome = self.compared(shop, desired, prune).await;
            Comparison { shop: shop.clone(), outcome }
        });
        let mut compared = collected(compared, self.shops.len(), progress).await;
        compared.sort_by(|a, b| (&a.shop.domain, &a.shop.app).cmp(&(&b.shop.domain, &b.shop.app)));
        compared
    }

    async fn compared(&self, shop: &Shop, desired: &Desired, prune: bool) -> ComparisonOutcome {
        if shop.state != ShopState::Installed {
            return ComparisonOutcome::Skipped(shop.state);
        }
        let client = match self.client(shop) {
            Ok(client) => client,
            Err(error) => return ComparisonOutcome::Failed(error),
        };
        let wanted = desired.wanted(&shop.app, &shop.domain);
        match shopify::read(client, &shop.domain, &call()).await {
            Ok(actual) => {
                let plan = plan(&wanted, &actual, &self.address(shop));
                ComparisonOutcome::Planned(if prune { plan } else { plan.without_deletions() })
            }
            Err(error) => ComparisonOutcome::Failed(error.into()),
        }
    }

    fn client(&self, shop: &Shop) -> Result<&Client, ShopError> {
        match self.clients.get(&shop.app) {
            Some(client) => client.as_ref().map_err(|error| ShopError::Client(Arc::clone(error))),
            None => Err(ShopError::NoClient(shop.app.clone())),
        }
    }

    fn address(&self, shop: &Shop) -> String {
        address(&self.webhook_url, &shop.app)
    }
}

/// What the monitor noted of shops that differ.
#[derive(Debug, thiserror::Error)]
pub enum DriftsError {
    /// The stack lacks an output.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The table of operations.
    #[error(transparent)]
    Operations(#[from] DocumentError),
}

/// What the monitor noted of the shops that differ, by [`drift::name`].
///
/// # Errors
/// If the table of operations can't be read.
pub async fn drifts(stack: &Stack) -> Result<BTreeMap<String, Drift>, DriftsError> {
    let operations = DocumentStore::new(&stack.config, stack.output("OperationsTable")?);
    let noted = operations.list::<Drift>(drift::COLLECTION, false, MAX_DRIFTS).await?;
    Ok(noted.into_iter().map(|one| (one.name, one.value)).collect())
}

/// Does the same for many, some at once.
fn each<'a, I, T, F>(items: &'a [I], work: F) -> impl Stream<Item = T> + use<'a, I, T, F>
where
    F: AsyncFnMut(&'a I) -> T + Clone + 'a,
    T: 'a,
{
    stream::iter(items)
        .map(move |item| {
            let mut work = work.clone();
            async move { work(item).await }
        })
        .buffer_unordered(MAX_CONCURRENCY)
}

async fn collected<T>(work: impl Stream<Item = T>, of: usize, mut progress: impl FnMut(usize, usize)) -> Vec<T> {
    let mut results = Vec::new();
    let mut work = std::pin::pin!(work);
    while let Some(result) = work.next().await {
        results.push(result);
        progress(results.len(), of);
    }
    results
}

/// Nobody waits for a single one of many: they leave a quarter of each budget to the workers.
fn call() -> Call {
    Call::background(SHOP_TIMEOUT)
}
