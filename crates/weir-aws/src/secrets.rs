//! The apps' client secrets, in Secrets Manager.

use crate::reason::reason;
use aws_sdk_secretsmanager::{Client, operation::get_secret_value::GetSecretValueError};
use aws_types::SdkConfig;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use shopify_webhook::ClientSecrets;

/// Why an app's secrets can't be had. Never shows any part of them.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is no secret of that name.
    #[error("there is no secret named {0}: create it as README.md, \"Several apps\", says")]
    Missing(String),
    /// It holds something else.
    #[error(
        "the secret {0} can't be read: expected {{\"client_secrets\": [\"…\"]}} with one or more secrets, none empty"
    )]
    Malformed(String),
    /// Secrets Manager did not answer.
    #[error("the secret {name} can't be fetched: {reason}")]
    Unavailable {
        /// Its name.
        name: String,
        /// What the SDK said.
        reason: String,
    },
}

/// Reads `{prefix}/{app}`.
#[derive(Debug, Clone)]
pub struct AppSecrets {
    client: Client,
    prefix: String,
}

#[derive(Deserialize)]
struct Value {
    client_secrets: Vec<SecretString>,
}

impl AppSecrets {
    /// Secrets below a prefix such as `weir/apps`.
    pub fn new(config: &SdkConfig, prefix: String) -> Self {
        Self { client: Client::new(config), prefix }
    }

    /// The secrets that are valid now.
    pub async fn read(&self, app: &str) -> Result<ClientSecrets, SecretError> {
        let name = format!("{}/{app}", self.prefix);
        let reply = match self.client.get_secret_value().secret_id(&name).send().await {
            Ok(reply) => reply,
            Err(error) => {
                return Err(match error.as_service_error() {
                    Some(GetSecretValueError::ResourceNotFoundException(_)) => SecretError::Missing(name),
                    _ => SecretError::Unavailable { name, reason: reason(&error) },
                });
            }
        };
        let text = reply.secret_string.map(SecretString::from);
        text.as_ref().and_then(parse).ok_or(SecretError::Malformed(name))
    }
}

fn parse(text: &SecretString) -> Option<ClientSecrets> {
    let value: Value = serde_json::from_str(text.expose_secret()).ok()?;
    ClientSecrets::new(value.client_secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_or_more_secrets_are_read_and_anything_else_is_refused() {
        for (text, valid) in [
            (r#"{"client_secrets":["a"]}"#, true),
            (r#"{"client_secrets":["new","old"],"note":"rotated"}"#, true),
            (r#"{"client_secrets":[]}"#, false),
            (r#"{"client_secrets":[""]}"#, false),
            (r#"{"client_secrets":"a"}"#, false),
            ("a", false),
            ("", false),
        ] {
            assert_eq!(parse(&SecretString::from(text)).is_some(), valid, "{text}");
        }
    }
}
