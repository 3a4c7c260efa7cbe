//! Secrets of the stack: that of an app, with its client id, and the one that signs what is forwarded.

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::Client;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    cloudformation::{AwsError, aws_error},
    deployed::Deployed,
    sdk::sdk_config,
};

impl Deployed {
    /// Gives the app a client id beside the client secret that the stack was deployed with.
    ///
    /// # Errors
    /// If the emulator does not take it.
    pub async fn put_client_id(&self, app: &str, client_id: &str) -> Result<(), AwsError> {
        let secret = serde_json::json!({
            "client_id": client_id, "client_secrets": [self.client_secret.expose_secret()],
        });
        let put = Client::new(&sdk_config(&self.endpoint)).put_secret_value();
        let put = put.secret_id(format!("{}/{app}", self.secret_prefix)).secret_string(secret.to_string());
        put.send().await.map(drop).map_err(aws_error("add the client id to the app's secret".to_owned()))
    }

    /// The key that signs what is posted to `ForwardUrl`, as libraries of Standard Webhooks take it: `whsec_` and base64.
    ///
    /// # Errors
    /// If the stack has no such secret, or the emulator does not give it out.
    pub async fn forward_secret(&self, outputs: &BTreeMap<String, String>) -> Result<SecretString, AwsError> {
        let id = outputs.get("ForwardSecret").cloned().unwrap_or_default();
        let read = Client::new(&sdk_config(&self.endpoint)).get_secret_value().secret_id(id).send().await;
        let read = read.map_err(aws_error("read the secret that signs what is forwarded".to_owned()))?;
        Ok(format!("whsec_{}", read.secret_string().unwrap_or_default()).into())
    }
}
