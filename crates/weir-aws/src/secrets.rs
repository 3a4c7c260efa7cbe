//! The apps' client secrets, in Secrets Manager.

use std::collections::BTreeMap;

use crate::{call_error::CallError, reason::reason};
use aws_sdk_secretsmanager::{Client, operation::get_secret_value::GetSecretValueError};
use aws_types::SdkConfig;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use shopify_webhook::ClientSecrets;

/// Why an app's secrets can't be had. Never shows any part of them.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is no secret of that name.
    #[error("there is no secret named {0}: docs/guides/apps-and-secrets.md says how to create it")]
    Missing(String),
    /// It holds something else.
    #[error(
        "the secret {0} can't be read: expected {{\"client_secrets\": [\"…\"]}} with one or more secrets, none empty, \
         and shop_keys, if any, by shop domain"
    )]
    Malformed(String),
    /// It lacks what renewing tokens needs.
    #[error("the secret {0} has no client id")]
    NoClientId(String),
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

/// A secret that is one text.
#[derive(Debug, Clone)]
pub struct SecretText {
    client: Client,
    id: String,
}

/// Why such a text can't be had. Never shows any part of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretTextError {
    /// There is no such secret, or it holds no text.
    #[error("there is no text in a secret {0}")]
    Missing(String),
    /// Secrets Manager did not answer, or refused.
    #[error("the secret can't be fetched: {0}")]
    Failed(#[from] CallError),
}

impl SecretText {
    /// The secret of this name or ARN.
    pub fn new(config: &SdkConfig, id: String) -> Self {
        Self { client: Client::new(config), id }
    }

    /// Its current text.
    pub async fn read(&self) -> Result<SecretString, SecretTextError> {
        let missing = || SecretTextError::Missing(name_of(&self.id).to_owned());
        match self.client.get_secret_value().secret_id(&self.id).send().await {
            Ok(reply) => reply.secret_string.map(SecretString::from).ok_or_else(missing),
            Err(error) => match error.as_service_error() {
                Some(GetSecretValueError::ResourceNotFoundException(_)) => Err(missing()),
                _ => Err(CallError::of("GetSecretValue", name_of(&self.id), &error).into()),
            },
        }
    }
}

/// What an app shows Shopify to get tokens.
#[derive(Debug, Clone)]
pub struct AppCredentials {
    /// Its client id: no secret.
    pub client_id: String,
    /// The newest of its client secrets.
    pub client_secret: SecretString,
}

#[derive(Deserialize)]
struct Value {
    #[serde(default)]
    client_id: Option<String>,
    client_secrets: Vec<SecretString>,
    /// Keys of shops, by their domains: those that sign webhooks made in a shop's admin.
    #[serde(default)]
    shop_keys: BTreeMap<String, Vec<SecretString>>,
}

impl AppSecrets {
    /// Secrets below a prefix such as `weir/apps`.
    pub fn new(config: &SdkConfig, prefix: String) -> Self {
        Self { client: Client::new(config), prefix }
    }

    /// The secrets that are valid now.
    pub async fn read(&self, app: &str) -> Result<ClientSecrets, SecretError> {
        let (name, text) = self.fetch(app).await?;
        text.as_ref().and_then(parse).ok_or(SecretError::Malformed(name))
    }

    /// The secret that stands first, which is the newest: a delivery that is signed with it must be accepted.
    pub async fn newest(&self, app: &str) -> Result<SecretString, SecretError> {
        let (name, text) = self.fetch(app).await?;
        text.as_ref().and_then(newest).ok_or(SecretError::Malformed(name))
    }

    /// What renewing tokens needs: the client id, and the secret that stands first, which is the newest.
    pub async fn credentials(&self, app: &str) -> Result<AppCredentials, SecretError> {
        let (name, text) = self.fetch(app).await?;
        credentials(name, text.as_ref())
    }

    /// The secret's name and its text.
    async fn fetch(&self, app: &str) -> Result<(String, Option<SecretString>), SecretError> {
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
        Ok((name, reply.secret_string.map(SecretString::from)))
    }
}

/// A secret's name, without the account that its ARN has.
fn name_of(id: &str) -> &str {
    id.rsplit(':').next().unwrap_or(id)
}

fn parse(text: &SecretString) -> Option<ClientSecrets> {
    let value: Value = serde_json::from_str(text.expose_secret()).ok()?;
    ClientSecrets::new(value.client_secrets)?.with_shop_keys(value.shop_keys)
}

fn newest(text: &SecretString) -> Option<SecretString> {
    let value: Value = serde_json::from_str(text.expose_secret()).ok()?;
    value.client_secrets.into_iter().next().filter(|secret| !secret.expose_secret().is_empty())
}

fn credentials(name: String, text: Option<&SecretString>) -> Result<AppCredentials, SecretError> {
    let value: Option<Value> = text.and_then(|text| serde_json::from_str(text.expose_secret()).ok());
    let Some(value) = value else { return Err(SecretError::Malformed(name)) };
    let Some(client_secret) = value.client_secrets.into_iter().next().filter(|s| !s.expose_secret().is_empty()) else {
        return Err(SecretError::Malformed(name));
    };
    match value.client_id.filter(|id| !id.is_empty()) {
        Some(client_id) => Ok(AppCredentials { client_id, client_secret }),
        None => Err(SecretError::NoClientId(name)),
    }
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
            (r#"{"client_secrets":["a"],"shop_keys":{"north.myshopify.com":["k"]}}"#, true),
            (r#"{"client_secrets":["a"],"shop_keys":{"north.myshopify.com":[""]}}"#, false),
            (r#"{"client_secrets":["a"],"shop_keys":{"north":["k"]}}"#, false),
            ("a", false),
            ("", false),
        ] {
            assert_eq!(parse(&SecretString::from(text)).is_some(), valid, "{text}");
        }
    }
    #[test]
    fn the_client_id_and_the_newest_secret_renew_tokens() {
        let read = |text: &str| credentials("weir/apps/default".into(), Some(&SecretString::from(text)));
        let app = read(r#"{"client_id":"id","client_secrets":["new","old"]}"#).unwrap();
        assert_eq!((app.client_id.as_str(), app.client_secret.expose_secret()), ("id", "new"));
        assert!(!format!("{app:?}").contains("new"));
        for text in [r#"{"client_secrets":["new"]}"#, r#"{"client_id":"","client_secrets":["new"]}"#] {
            let error = read(text).unwrap_err();
            assert!(matches!(error, SecretError::NoClientId(_)), "{error}");
            assert!(error.to_string().contains("weir/apps/default has no client id"), "{error}");
        }
        assert!(matches!(read(r#"{"client_id":"id","client_secrets":[]}"#), Err(SecretError::Malformed(_))));
        let first = |text: &str| newest(&SecretString::from(text)).map(|secret| secret.expose_secret().to_owned());
        assert_eq!(first(r#"{"client_secrets":["new","old"]}"#).as_deref(), Some("new"));
        assert_eq!((first(r#"{"client_secrets":[""]}"#), first("new")), (None, None));
        // Where only signatures are verified, an id is neither needed nor in the way.
        assert!(parse(&SecretString::from(r#"{"client_id":"id","client_secrets":["new"]}"#)).is_some());
    }
}
