//! Clients of the Admin API for a function: one for each app, made when the first of its shops comes up.

use std::{collections::HashMap, sync::Arc};

use resilience::Clock;
use shopify_client::{
    Client, Endpoint, Parts, Settings,
    tokens::App,
    transport::{Https, NotAnEndpoint, Transport, TransportError},
};
use tokio::sync::Mutex;
use weir_aws::{AppSecrets, SdkConfig};
use weir_lambda::settings::Reader;
use weir_telemetry::Telemetry;

use crate::{
    DynamoState, DynamoTokens, instrument,
    seal::{KeyError, KeyRing},
};

/// The names of what a client needs, as template.yaml sets them.
#[derive(Debug, Clone)]
pub struct ClientNames {
    /// `WEIR_SHOPIFY_URL`: a simulated Shopify on this machine, for a local stack; the real one if it is empty.
    pub shopify_url: Option<String>,
    /// `WEIR_SECRET_PREFIX`: the secrets of apps are `{prefix}/{app}`.
    pub secret_prefix: String,
    /// `WEIR_SHOPS_TABLE`: shops and their tokens.
    pub shops_table: String,
    /// `WEIR_TOKEN_KEY`: the secret that seals tokens.
    pub token_key: String,
    /// `WEIR_STATE_TABLE`: budgets and circuits.
    pub state_table: String,
}

impl ClientNames {
    /// Reads them from the environment of a function.
    pub fn read<E: Fn(&str) -> Option<String>>(reader: &mut Reader<E>) -> Self {
        Self {
            shopify_url: reader.optional("WEIR_SHOPIFY_URL"),
            secret_prefix: reader.text("WEIR_SECRET_PREFIX"),
            shops_table: reader.text("WEIR_SHOPS_TABLE"),
            token_key: reader.text("WEIR_TOKEN_KEY"),
            state_table: reader.text("WEIR_STATE_TABLE"),
        }
    }
}

/// The clients of a function. They are kept from one invocation to the next.
pub struct Clients {
    config: SdkConfig,
    endpoint: Endpoint,
    names: ClientNames,
    process: String,
    telemetry: Telemetry,
    made: Mutex<HashMap<String, Client>>,
}

/// An app can't call Shopify.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The app's client id or secret.
    #[error(transparent)]
    Secret(#[from] weir_aws::SecretError),
    /// The key that seals tokens.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The HTTP client.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl Clients {
    /// The clients of a process, whose name tells it from every other one: two of a name would take each other's right to
    /// renew a token for their own.
    ///
    /// # Errors
    /// If the address of a simulated Shopify is neither https nor on this machine.
    pub fn new(
        config: SdkConfig,
        names: ClientNames,
        process: String,
        telemetry: Telemetry,
    ) -> Result<Self, NotAnEndpoint> {
        let endpoint = match &names.shopify_url {
            Some(url) => Endpoint::at(url)?,
            None => Endpoint::Shopify,
        };
        Ok(Self { config, endpoint, names, process, telemetry, made: Mutex::default() })
    }

    /// The client of an app.
    ///
    /// # Errors
    /// When the app has no client id or secret, or the key that seals tokens can't be fetched.
    pub async fn of(&self, app: &str) -> Result<Client, ClientError> {
        let mut made = self.made.lock().await;
        if let Some(client) = made.get(app) {
            return Ok(client.clone());
        }
        let names = &self.names;
        let credentials = AppSecrets::new(&self.config, names.secret_prefix.clone()).credentials(app).await?;
        let keys = Arc::new(KeyRing::load(&self.config, names.token_key.clone()).await?);
        let transport: Arc<dyn Transport> = Arc::new(Https::new()?);
        let tokens = DynamoTokens::new(&self.config, names.shops_table.clone(), app.to_owned(), keys);
        let parts = Parts {
            app: App {
                name: app.to_owned(),
                client_id: credentials.client_id,
                client_secret: credentials.client_secret,
            },
            endpoint: self.endpoint.clone(),
            transport,
            tokens: Arc::new(tokens),
            state: Arc::new(DynamoState::new(&self.config, names.state_table.clone(), Clock::Wall)),
            clock: Clock::Wall,
            process: self.process.clone(),
        };
        let client = Client::new(parts, Settings::default());
        instrument(&client, &self.telemetry);
        made.insert(app.to_owned(), client.clone());
        Ok(client)
    }
}
