//! A Shopify client for a stack's shops: the one place where commands get theirs.

use std::sync::Arc;

use resilience::{Backoff, Clock};
use shopify_client::{
    Client, Parts, RetryPolicy, Settings,
    tokens::App,
    transport::{Https, Transport},
};
use std::time::Duration;
use weir_aws::AppSecrets;
use weir_shops::{DynamoTokens, seal::KeyRing};

use crate::target::ShopsTarget;

/// Somebody sits before the screen: an error within seconds is worth more than a success within minutes.
const PATIENCE: RetryPolicy =
    RetryPolicy { attempts: 3, backoff: Backoff { base: Duration::from_millis(500), cap: Duration::from_secs(5) } };

/// A client that shares tokens, budgets and circuits with the stack's functions.
///
/// # Errors
/// When the app has no client id or secret, the key of its tokens can't be had, or there is no Shopify.
pub(crate) async fn client(target: &ShopsTarget, app: &str) -> anyhow::Result<Client> {
    let endpoint = target.shopify.clone().ok_or_else(|| {
        anyhow::anyhow!("the local stack has no Shopify\nhint: `cargo dev` of this version brings one: start it again")
    })?;
    let credentials = AppSecrets::new(&target.config, target.secret_prefix.clone()).credentials(app).await?;
    let keys = Arc::new(KeyRing::load(&target.config, target.token_key.clone()).await?);
    let transport: Arc<dyn Transport> = Arc::new(Https::new()?);
    let parts = Parts {
        app: App { name: app.to_owned(), client_id: credentials.client_id, client_secret: credentials.client_secret },
        endpoint,
        transport,
        tokens: Arc::new(DynamoTokens::new(&target.config, target.table.clone(), app.to_owned(), keys)),
        state: Arc::new(target.state.clone()),
        clock: Clock::Wall,
        // Two commands at once are two processes, on two machines perhaps.
        process: format!("weir-cli-{}", uuid::Uuid::new_v4()),
    };
    Ok(Client::new(parts, Settings { retry: PATIENCE, ..Settings::default() }))
}
