//! A Shopify client for a stack's shops.

use shopify_client::Client;
use weir_ops::shops::{ClientError, Shops};

/// A client that shares tokens, budgets and circuits with the stack's functions.
///
/// # Errors
/// When the app has no client id or secret, the key of its tokens can't be had, or there is no Shopify.
pub(crate) async fn client(shops: &Shops, app: &str) -> Result<Client, ClientError> {
    shops.client(app, process()).await
}

/// Names this process to others: two commands at once are two processes, on two machines perhaps.
pub(crate) fn process() -> String {
    format!("weir-cli-{}", uuid::Uuid::new_v4())
}
