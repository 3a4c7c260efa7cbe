//! A Shopify client for each app, made when the first of its shops comes up.

use std::{collections::HashMap, sync::Arc};

use resilience::Clock;
use shopify_client::{
    Client, Endpoint, Parts, Settings,
    tokens::App,
    transport::{Https, Transport, TransportError},
};
use tokio::sync::Mutex;
use weir_aws::{AppSecrets, SdkConfig};
use weir_shops::{
    DynamoState, DynamoTokens,
    seal::{KeyError, KeyRing},
};
use weir_telemetry::Telemetry;

/// Where clients come from. Kept from one invocation to the next.
pub struct Clients {
    /// For AWS.
    pub config: SdkConfig,
    /// Where Shopify is.
    pub endpoint: Endpoint,
    /// Where the apps' secrets are.
    pub secret_prefix: String,
    /// The table of shops and their tokens.
    pub shops_table: String,
    /// The secret that seals them.
    pub token_key: String,
    /// The table of budgets and circuits.
    pub state_table: String,
    /// Tells this process from others.
    pub process: String,
    /// What calls are told to.
    pub telemetry: Telemetry,
    /// Those that were made.
    pub made: Mutex<HashMap<String, Client>>,
}

/// An app can't call Shopify.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Its id or secret can't be had.
    #[error(transparent)]
    Secret(#[from] weir_aws::SecretError),
    /// The key of the tokens can't be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// TLS can't be set up.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl Clients {
    /// The app's client.
    ///
    /// # Errors
    /// When the app has no client id or secret, or the key of its tokens can't be had.
    pub async fn of(&self, app: &str) -> Result<Client, ClientError> {
        let mut made = self.made.lock().await;
        if let Some(client) = made.get(app) {
            return Ok(client.clone());
        }
        let credentials = AppSecrets::new(&self.config, self.secret_prefix.clone()).credentials(app).await?;
        let keys = Arc::new(KeyRing::load(&self.config, self.token_key.clone()).await?);
        let transport: Arc<dyn Transport> = Arc::new(Https::new()?);
        let tokens = DynamoTokens::new(&self.config, self.shops_table.clone(), app.to_owned(), keys);
        let parts = Parts {
            app: App {
                name: app.to_owned(),
                client_id: credentials.client_id,
                client_secret: credentials.client_secret,
            },
            endpoint: self.endpoint.clone(),
            transport,
            tokens: Arc::new(tokens),
            state: Arc::new(DynamoState::new(&self.config, self.state_table.clone(), Clock::Wall)),
            clock: Clock::Wall,
            process: self.process.clone(),
        };
        let client = Client::new(parts, Settings::default());
        weir_shops::instrument(&client, &self.telemetry);
        made.insert(app.to_owned(), client.clone());
        Ok(client)
    }
}
