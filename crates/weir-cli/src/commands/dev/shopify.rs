//! The local stack's Shopify: a simulated one in this process, whose shops have the app installed, stand in the
//! stack's registry with tokens that expire, and send their webhooks to the stack.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::future::try_join_all;
use resilience::UnixMillis;
use secrecy::SecretString;
use shopify_client::Call;
use shopify_sim::{Clock, Installed, Options, Outlet, Serving, ShopSeed, Sim, TokenStyle};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use weir_local::{Deployed, DevFile};
use weir_ops::shops::Shops;
use weir_shops::registry::{NewShop, NewToken};
use weir_subscriptions::{Desired, plan, shopify as subscriptions};

use super::http_receiver::{HttpReceiver, Seen};
use super::plan::SHOPS;
use crate::{admin, shop_domain, target};

/// The app, as the stack and as Shopify know it.
const APP: &str = "default";
const CLIENT_ID: &str = "weir-local-client-id";

/// Shopify's own: its refresh tokens last 90 days, its access tokens an hour.
const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_secs(90 * 86_400);
const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(3_600);

/// For all of a shop's subscriptions: its budget bears them at once.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(60);

/// It serves as long as this value is there.
#[derive(Debug)]
pub(super) struct Shopify {
    pub(super) sim: Sim,
    /// What becomes of its webhooks.
    pub(super) seen: UnboundedReceiver<Seen>,
    serving: Serving,
}

/// Where it will be served.
#[derive(Debug)]
pub(super) struct ShopifyPort(TcpListener);

impl ShopifyPort {
    /// A free port of this machine.
    pub(super) async fn open() -> std::io::Result<Self> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map(Self)
    }

    /// What the template must know, so that the monitor looks after the shops: each minute, for a person waits.
    pub(super) fn parameters(&self) -> std::io::Result<[(String, String); 3]> {
        let url = format!("http://{}", self.0.local_addr()?);
        Ok([("LocalShopifyUrl", url.as_str()), ("MonitorState", "ENABLED"), ("MonitorMinutes", "1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned())))
    }
}

impl Shopify {
    /// Starts it at the port, registers its shops, and subscribes to what is desired of them.
    ///
    /// # Errors
    /// When it can't be served, or the stack does not take its shops.
    pub(super) async fn start(deployed: &Deployed, port: ShopifyPort) -> anyhow::Result<Self> {
        let now = UnixMillis::now();
        let (sender, seen) = unbounded_channel();
        let url = deployed.webhook_url.parse().context("the stack's webhook URL is none")?;
        let receiver = HttpReceiver::new(&url, sender).context("no HTTP client could be made")?;
        let sim = Sim::with_schema(Clock::new(now.0, 1.0), options(deployed, receiver))?;
        let serving = sim.serve(port.0).await?;
        // The template knows the client secret only; tokens are renewed with the client id as well.
        deployed.put_client_id(APP, CLIENT_ID).await?;
        let facts = DevFile { shopify_url: Some(serving.url()), ..deployed.dev_file() };
        let shops = Shops::of(&target::stack_in(&facts)?)?;
        register(&shops, &sim, now).await?;
        subscribe(&shops, &deployed.webhook_url).await?;
        Ok(Self { sim, seen, serving })
    }

    /// A shop's Admin API is below this, a slash and its domain.
    pub(super) fn url(&self) -> String {
        self.serving.url()
    }
}

fn options(deployed: &Deployed, receiver: HttpReceiver) -> Options {
    Options {
        client_id: CLIENT_ID.to_owned(),
        client_secret: deployed.client_secret.clone(),
        tokens: TokenStyle::Expiring,
        outlet: Outlet::Here(Arc::new(receiver)),
        ..Options::default()
    }
}

async fn register(shops: &Shops, sim: &Sim, now: UnixMillis) -> anyhow::Result<()> {
    let keys = shops.keys().await?.keys();
    for (name, _, plan) in SHOPS {
        let installed = sim.install(ShopSeed { plan, ..ShopSeed::new(shop_domain::parse(name)?) });
        shops.registry.add(registration(installed, plan, now), &keys, true, now).await?;
    }
    Ok(())
}

/// What the monitor would do within a minute: the demo does not wait for it.
async fn subscribe(shops: &Shops, webhook_url: &str) -> anyhow::Result<()> {
    let client = admin::client(shops, APP).await?;
    let desired = Desired::built_in();
    let subscribed = SHOPS.iter().map(async |(name, ..)| {
        let shop = shop_domain::parse(name)?;
        let call = Call::foreground(SUBSCRIBE_TIMEOUT);
        let actual = subscriptions::read(&client, &shop, &call).await?;
        let plan = plan(&desired.wanted(APP, &shop), &actual, webhook_url);
        for change in &plan.changes {
            subscriptions::carry_out(&client, &shop, webhook_url, change, &call).await?;
        }
        anyhow::Ok(())
    });
    try_join_all(subscribed).await.context("the simulated shops' webhooks could not be subscribed to")?;
    Ok(())
}

fn registration(installed: Installed, plan: shopify_sim::Plan, now: UnixMillis) -> NewShop {
    let token = match installed.refresh_token {
        Some(refresh) => expiring(installed.access_token, refresh, now),
        None => NewToken::Offline(installed.access_token),
    };
    let plan = match plan {
        shopify_sim::Plan::Standard => weir_shops::Plan::Standard,
        shopify_sim::Plan::Advanced => weir_shops::Plan::Advanced,
        shopify_sim::Plan::Plus => weir_shops::Plan::Plus,
        shopify_sim::Plan::Enterprise => weir_shops::Plan::Enterprise,
    };
    NewShop { domain: installed.shop, app: APP.to_owned(), plan: Some(plan), tier: None, token: Some(token) }
}

fn expiring(access: SecretString, refresh: SecretString, now: UnixMillis) -> NewToken {
    NewToken::Expiring {
        access,
        expires_at: now + ACCESS_TOKEN_LIFETIME,
        refresh,
        refresh_expires_at: Some(now + REFRESH_TOKEN_LIFETIME),
    }
}
