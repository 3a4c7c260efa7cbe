//! The keys, as Secrets Manager has them.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_sdk_secretsmanager::{Client, operation::get_secret_value::GetSecretValueError};
use secrecy::SecretString;
use tokio::time::Instant;
use weir_aws::SdkConfig;

use super::{Keys, OpenError, Place};

/// The key can't be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no such secret.
    #[error("there is no secret {0} with the key that seals tokens")]
    Missing(String),
    /// It holds something else.
    #[error("the secret {0} holds no key: expected 32 characters or more")]
    TooShort(String),
    /// Secrets Manager did not answer.
    #[error("the secret {name} with the key that seals tokens can't be fetched")]
    Unavailable {
        /// Its name or ARN.
        name: String,
        /// What the SDK said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A key that is unknown is looked for in Secrets Manager no more often than this: a text that no key opens must not
/// cost a call each time.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The keys in use. They are read once, and again when a token turns up that was sealed with a newer one: by another
/// process, after a rotation.
pub struct KeyRing {
    source: Option<(Client, String)>,
    held: RwLock<Held>,
}

struct Held {
    keys: Arc<Keys>,
    /// When newer ones were looked for.
    looked_at: Option<Instant>,
}

impl Held {
    fn new(keys: Keys) -> RwLock<Self> {
        RwLock::new(Self { keys: Arc::new(keys), looked_at: None })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyRing").field(&self.keys()).finish()
    }
}

impl KeyRing {
    /// These keys and no others.
    pub fn fixed(keys: Keys) -> Self {
        Self { source: None, held: Held::new(keys) }
    }

    /// The keys of a secret, by its name or ARN: one call, or two where it was rotated before.
    ///
    /// # Errors
    /// When there is none, or it can't be fetched.
    pub async fn load(config: &SdkConfig, secret: String) -> Result<Self, KeyError> {
        let client = Client::new(config);
        let keys = fetch(&client, &secret).await?;
        Ok(Self { source: Some((client, secret)), held: Held::new(keys) })
    }

    /// The keys as they were read last.
    pub fn keys(&self) -> Arc<Keys> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).keys.clone()
    }

    /// Opens a sealed token, by a newer key if need be.
    pub(crate) async fn open(&self, sealed: &str, place: Place<'_>) -> Result<SecretString, OpenError> {
        let first = self.keys().open(sealed, place);
        match first {
            Err(OpenError::UnknownKey(_)) if self.look_again().await => self.keys().open(sealed, place),
            result => result,
        }
    }

    /// Whether there may be other keys now.
    async fn look_again(&self) -> bool {
        let Some((client, secret)) = &self.source else { return false };
        {
            let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
            if held.looked_at.is_some_and(|at| at.elapsed() < LOOK_EVERY) {
                return false;
            }
            held.looked_at = Some(Instant::now());
        }
        match fetch(client, secret).await {
            Ok(keys) => {
                self.held.write().unwrap_or_else(PoisonError::into_inner).keys = Arc::new(keys);
                true
            }
            Err(error) => {
                tracing::warn!(%error, "Could not check for a newer sealing key");
                false
            }
        }
    }
}

async fn fetch(client: &Client, secret: &str) -> Result<Keys, KeyError> {
    let current = stage(client, secret, "AWSCURRENT").await?.ok_or_else(|| KeyError::Missing(secret.to_owned()))?;
    let previous = stage(client, secret, "AWSPREVIOUS").await?;
    Keys::new(&current, previous.as_ref()).ok_or_else(|| KeyError::TooShort(secret.to_owned()))
}

/// The secret's value at a stage; `None` if it has none there.
async fn stage(client: &Client, secret: &str, stage: &str) -> Result<Option<SecretString>, KeyError> {
    match client.get_secret_value().secret_id(secret).version_stage(stage).send().await {
        Ok(reply) => Ok(reply.secret_string.map(SecretString::from)),
        Err(error) => match error.as_service_error() {
            Some(GetSecretValueError::ResourceNotFoundException(_)) => Ok(None),
            _ => Err(KeyError::Unavailable { name: secret.to_owned(), source: error.into() }),
        },
    }
}
