//! The shops of a stack: their registry, and a client of the Admin API that shares their budgets with the functions.

mod check;

use std::{sync::Arc, time::Duration};

use resilience::{Backoff, Breaker, Clock, shared::SharedStateError};
use shopify_client::{
    Client, Endpoint, Parts, RetryPolicy, Settings,
    budget::Budget,
    tokens::App,
    transport::{Https, Transport, TransportError},
};
use shopify_webhook::ShopDomain;
use weir_aws::{AppSecrets, SdkConfig};
use weir_shops::{
    DynamoState, DynamoTokens, Registry, Shop, ShopState,
    registry::RegistryError,
    seal::{KeyError, KeyRing},
};

pub use weir_aws::SecretError;

pub use check::{ApiVersion, CostBucket, ShopCheck, ShopReport, check};

use crate::{Stack, StackError};

/// An operator waits for the answer: an error within seconds is worth more than a success within minutes.
const INTERACTIVE_RETRIES: RetryPolicy =
    RetryPolicy { attempts: 3, backoff: Backoff { base: Duration::from_millis(500), cap: Duration::from_secs(5) } };

/// The registry of shops, what processes share, and what calls of the Admin API need.
#[derive(Debug, Clone)]
pub struct Shops {
    /// The shops and their tokens.
    pub registry: Registry,
    /// What processes share: cost budgets, circuits.
    pub state: DynamoState,
    /// Whether the stack runs on an emulator.
    pub is_emulated: bool,
    table: String,
    token_key: String,
    secret_prefix: String,
    shopify: Option<Endpoint>,
    config: SdkConfig,
}

/// There is no client for an app.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The stack is one of tests, and no Shopify runs beside it.
    #[error("the local stack has no Shopify")]
    NoShopify,
    /// The app's client id or secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The key that seals tokens.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The HTTP client.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// A shop can't be forgotten.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// What processes share.
    #[error(transparent)]
    State(#[from] SharedStateError),
}

impl Shops {
    /// Forgets a shop with its token, its cost budget and its circuit. `false` if it was not there.
    ///
    /// # Errors
    /// If a table can't be written. If that was the second one, the shop is gone, and its budget and circuit expire by
    /// themselves.
    pub async fn remove(&self, shop: &ShopDomain, app: &str) -> Result<bool, RemoveError> {
        let was_there = self.registry.remove(shop, app).await?;
        self.state.delete(&Budget::key(app, shop)).await?;
        self.state.delete(&Breaker::key(&format!("shop/{app}/{shop}"))).await?;
        Ok(was_there)
    }

    /// Those of a stack.
    ///
    /// # Errors
    /// If the stack lacks an output.
    pub fn of(stack: &Stack) -> Result<Self, StackError> {
        let table = stack.output("ShopsTable")?;
        Ok(Self {
            registry: Registry::new(&stack.config, table.clone()),
            state: DynamoState::new(&stack.config, stack.output("StateTable")?, Clock::Wall),
            is_emulated: stack.is_emulated,
            table,
            token_key: stack.output("TokenKeyId")?,
            secret_prefix: stack.output("SecretPrefix")?,
            shopify: stack.shopify.clone(),
            config: stack.config.clone(),
        })
    }

    /// All shops, or those of an app and a state, in no order. `progress` is called with how many were read and how many of
    /// them were found so far; how many were read in all is returned beside the shops.
    ///
    /// # Errors
    /// If the registry can't be read.
    pub async fn list(
        &self,
        app: Option<&str>,
        state: Option<ShopState>,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<(Vec<Shop>, usize), RegistryError> {
        let (mut shops, mut read, mut after) = (Vec::new(), 0, None);
        loop {
            let mut page = self.registry.list(app, state, after).await?;
            read += page.read;
            shops.append(&mut page.shops);
            if !page.has_more() {
                return Ok((shops, read));
            }
            progress(read, shops.len());
            after = Some(page);
        }
    }

    /// The keys that seal tokens.
    ///
    /// # Errors
    /// If there is none, or it can't be fetched.
    pub async fn keys(&self) -> Result<KeyRing, KeyError> {
        KeyRing::load(&self.config, self.token_key.clone()).await
    }

    /// A client that shares tokens, budgets and circuits with the stack's functions. `process` tells it from other
    /// processes, on whatever machine.
    ///
    /// # Errors
    /// When the app has no client id or secret, the key of its tokens can't be fetched, or there is no Shopify.
    pub async fn client(&self, app: &str, process: String) -> Result<Client, ClientError> {
        let endpoint = self.shopify.clone().ok_or(ClientError::NoShopify)?;
        let credentials = AppSecrets::new(&self.config, self.secret_prefix.clone()).credentials(app).await?;
        let keys = Arc::new(self.keys().await?);
        let transport: Arc<dyn Transport> = Arc::new(Https::new()?);
        let parts = Parts {
            app: App {
                name: app.to_owned(),
                client_id: credentials.client_id,
                client_secret: credentials.client_secret,
            },
            endpoint,
            transport,
            tokens: Arc::new(DynamoTokens::new(&self.config, self.table.clone(), app.to_owned(), keys)),
            state: Arc::new(self.state.clone()),
            clock: Clock::Wall,
            process,
        };
        Ok(Client::new(parts, Settings { retry: INTERACTIVE_RETRIES, ..Settings::default() }))
    }
}
