//! What Shopify says of a shop.

use std::time::Duration;

use resilience::UnixMillis;
use serde::Serialize;
use shopify_client::{
    Call, Client, Error, Kind, Reply,
    budget::ThrottleStatus,
    operations::{AccessScopes, ShopInfo, WebhookSubscriptionsPage, access_scopes, shop_info},
};
use shopify_webhook::ShopDomain;
use weir_shops::{Shop, ShopState, registry::RegistryError};

use super::Shops;

/// For all calls together: longer than a token's renewal by a process that died takes to be taken over.
const CHECK_TIMEOUT: Duration = Duration::from_secs(45);

/// Subscriptions a page: the most that one query may ask for.
const PAGE_SIZE: i64 = 250;

/// A check of a shop.
#[derive(Debug)]
pub struct ShopCheck {
    /// What Shopify said.
    pub result: Result<ShopReport, Error>,
    /// The state that the registry has now, if the check changed it.
    pub marked: Option<ShopState>,
}

/// What Shopify says of a shop.
#[derive(Debug, Serialize)]
pub struct ShopReport {
    /// Its domain.
    pub domain: String,
    /// The app.
    pub app: String,
    /// Its name.
    pub name: String,
    /// Its plan.
    pub plan: String,
    /// What the registry says now.
    pub state: &'static str,
    /// What it said before, if that was something else.
    pub was: Option<&'static str>,
    /// What the app may do.
    pub scopes: Vec<String>,
    /// The version of the API.
    pub api_version: ApiVersion,
    /// The shop's cost budget.
    pub bucket: Option<CostBucket>,
    /// Made through the API; those of the app's TOML are not listed.
    pub subscriptions: usize,
}

/// The version of the API that answers.
#[derive(Debug, Serialize)]
pub struct ApiVersion {
    /// The one that was asked for.
    pub asked: &'static str,
    /// `None` if Shopify did not say.
    pub answered: Option<String>,
    /// Whether the one that was asked for is retired.
    pub fell_forward: bool,
}

/// The cost budget as Shopify counts it, in points.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CostBucket {
    /// What is left.
    pub available: f64,
    /// The most that there can be.
    pub max: f64,
    /// What comes back a second.
    pub restore: f64,
}

/// Asks Shopify about a shop, and marks the registry if its account is frozen, or is not any more.
///
/// # Errors
/// If the registry does not take the mark.
pub async fn check(shops: &Shops, client: &Client, known: &Shop) -> Result<ShopCheck, RegistryError> {
    let mut result = ask(client, known, &Call::foreground(CHECK_TIMEOUT)).await;
    let says = match &result {
        Ok(_) => ShopState::Installed,
        Err(error) if matches!(error.kind, Kind::Frozen) => ShopState::Frozen,
        // Whatever else went wrong says nothing about the shop's account.
        Err(_) => known.state,
    };
    let is_to_be_marked = says != known.state && known.state != ShopState::Uninstalled;
    if is_to_be_marked {
        shops.registry.set_state(&known.domain, &known.app, says, UnixMillis::now()).await?;
    }
    if let Ok(report) = &mut result
        && says != known.state
    {
        report.was = Some(known.state.as_str());
    }
    Ok(ShopCheck { result, marked: is_to_be_marked.then_some(says) })
}

async fn ask(client: &Client, shop: &Shop, call: &Call) -> Result<ShopReport, Error> {
    let domain = &shop.domain;
    let info = client.run::<ShopInfo>(domain, shop_info::Variables, call).await?;
    let scopes = client.run::<AccessScopes>(domain, access_scopes::Variables, call).await?;
    let (subscriptions, bucket) = subscriptions(client, domain, call).await?;
    let mut granted: Vec<String> =
        scopes.data.current_app_installation.access_scopes.into_iter().map(|scope| scope.handle).collect();
    granted.sort_unstable();
    Ok(ShopReport {
        domain: domain.to_string(),
        app: shop.app.clone(),
        name: info.data.shop.name,
        plan: info.data.shop.plan.public_display_name,
        state: ShopState::Installed.as_str(),
        was: None,
        scopes: granted,
        api_version: ApiVersion {
            asked: shopify_schema::API_VERSION,
            answered: info.version,
            fell_forward: client.fell_forward(),
        },
        bucket,
        subscriptions,
    })
}

/// How many there are, and the bucket after the last call.
async fn subscriptions(client: &Client, shop: &ShopDomain, call: &Call) -> Result<(usize, Option<CostBucket>), Error> {
    use shopify_client::operations::webhook_subscriptions_page::Variables;
    let (mut count, mut after) = (0, None);
    loop {
        let variables = Variables { first: PAGE_SIZE, after };
        let Reply { data, cost, .. } = client.run::<WebhookSubscriptionsPage>(shop, variables, call).await?;
        let page = data.webhook_subscriptions;
        count += page.nodes.len();
        match page.page_info.end_cursor.filter(|_| page.page_info.has_next_page) {
            Some(cursor) => after = Some(cursor),
            None => return Ok((count, cost.map(|cost| cost.throttle_status.into()))),
        }
    }
}

impl From<ThrottleStatus> for CostBucket {
    fn from(status: ThrottleStatus) -> Self {
        Self { available: status.currently_available, max: status.maximum_available, restore: status.restore_rate }
    }
}
