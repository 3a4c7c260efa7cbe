//! What weir itself does with an event before it is published: the registry of shops and the cache of Shopify's objects
//! follow what the webhooks say.
//!
//! Both writes bear being repeated. They fail as DynamoDB does, which passes: the event comes back. A body that does not
//! say what it should is no reason to keep the event from the bus: it is noted, and the cache's time limit mends the rest.

use std::sync::Arc;

use crate::shops::Shops;
use serde::Deserialize;
use shopify_webhook::{ShopDomain, TriggeredAt};
use weir_consumer::router::{Event, Router};
use weir_core::{Failure, UnixMillis};
use weir_shops::cache::{Kind, key};

/// The handlers that every deployment has.
pub fn router<S: Shops>(shops: Arc<S>) -> Router {
    let on = |handle: Handle| {
        let shops = shops.clone();
        move |event: Event| {
            let shops = shops.clone();
            async move {
                let meta = event.meta();
                let domain =
                    ShopDomain::parse(meta.shop.as_str()).ok_or_else(|| Failure::permanent("it is of no shop"))?;
                match handle {
                    Handle::Uninstalled => uninstalled(&*shops, &event, &domain).await,
                    Handle::Product => product(&*shops, &event, &domain).await,
                    Handle::Shop => shops.invalidate(&key(&domain, Kind::Shop, SETTINGS)).await,
                }
            }
        }
    };
    Router::new()
        .on("app/uninstalled", on(Handle::Uninstalled))
        .on("products/create", on(Handle::Product))
        .on("products/update", on(Handle::Product))
        .on("products/delete", on(Handle::Product))
        .on("shop/update", on(Handle::Shop))
}

#[derive(Clone, Copy)]
enum Handle {
    Uninstalled,
    Product,
    Shop,
}

/// A shop has its settings once.
const SETTINGS: &str = "settings";

/// Only what is needed of the body.
#[derive(Deserialize)]
struct Product {
    id: Option<u64>,
}

/// The shop itself is the body of `app/uninstalled`.
#[derive(Deserialize)]
struct Uninstall {
    myshopify_domain: Option<String>,
}

async fn product<S: Shops>(shops: &S, event: &Event, shop: &ShopDomain) -> Result<(), Failure> {
    match serde_json::from_slice(event.body()) {
        Ok(Product { id: Some(id) }) => shops.invalidate(&key(shop, Kind::Product, id)).await,
        // A subscription with `includeFields` may leave it out.
        Ok(Product { id: None }) | Err(_) => {
            tracing::warn!(%shop, topic = event.meta().topic.as_str(), "Nothing invalidated: the body has no id");
            Ok(())
        }
    }
}

/// Shopify signs the body only: the header alone must not wipe a shop's tokens.
async fn uninstalled<S: Shops>(shops: &S, event: &Event, shop: &ShopDomain) -> Result<(), Failure> {
    let meta = event.meta();
    let named = serde_json::from_slice(event.body()).ok().and_then(|body: Uninstall| body.myshopify_domain);
    if named.as_deref().and_then(ShopDomain::parse).as_ref() != Some(shop) {
        tracing::warn!(%shop, app = meta.app.as_str(), "Not marked uninstalled: the body does not name the shop of the header");
        return Ok(());
    }
    let triggered_at = meta.triggered_at.as_deref().and_then(TriggeredAt::parse);
    let triggered_at = triggered_at.map_or(meta.received_at, |at| UnixMillis(at.instant().as_millisecond()));
    if shops.uninstalled(shop, &meta.app, triggered_at).await? {
        tracing::info!(%shop, app = meta.app.as_str(), "Uninstalled: the shop's tokens are wiped");
    }
    Ok(())
}
