//! A Shopify client for a stack's shops: the one place where commands get theirs.

use shopify_client::Client;
use weir_ops::shops::{ClientError, Shops};

/// A client that shares tokens, budgets and circuits with the stack's functions.
///
/// # Errors
/// When the app has no client id or secret, the key of its tokens can't be had, or there is no Shopify.
pub(crate) async fn client(shops: &Shops, app: &str) -> anyhow::Result<Client> {
    // Two commands at once are two processes, on two machines perhaps.
    let client = shops.client(app, format!("weir-cli-{}", uuid::Uuid::new_v4())).await;
    client.map_err(|error| match error {
        ClientError::NoShopify => {
            anyhow::anyhow!("{error}\nhint: `cargo dev` of this version brings one: start it again")
        }
        other => other.into(),
    })
}
