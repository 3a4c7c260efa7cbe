//! A Shopify client for a stack's shops.

use shopify_client::Client;
use weir_ops::shops::{ClientError, Shops};

use crate::hints;

/// What to do where no Shopify runs beside the local stack.
pub(crate) const NO_SHOPIFY_HINT: &str = "`cargo dev` of this version brings one: start it again";

/// A client that shares tokens, budgets and circuits with the stack's functions.
///
/// # Errors
/// When the app has no client id or secret, the key of its tokens can't be had, or there is no Shopify.
pub(crate) async fn client(shops: &Shops, app: &str) -> anyhow::Result<Client> {
    shops.client(app, process()).await.map_err(|error| match error {
        ClientError::NoShopify => hints::with(NO_SHOPIFY_HINT, error),
        other => other.into(),
    })
}

/// Names this process to others: two commands at once are two processes, on two machines perhaps.
pub(crate) fn process() -> String {
    format!("weir-cli-{}", uuid::Uuid::new_v4())
}
