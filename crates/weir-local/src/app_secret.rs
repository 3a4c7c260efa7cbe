//! The secret of an app, with its client id.

use aws_sdk_secretsmanager::Client;
use secrecy::ExposeSecret;

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
}
