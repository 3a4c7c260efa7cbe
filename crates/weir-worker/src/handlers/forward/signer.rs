//! The keys of the stack's secret, read when they are needed and again every few minutes.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use resilience::{Clock, UnixMillis};
use secrecy::SecretString;
use weir_aws::{SecretText, SecretTextError};
use weir_core::Failure;

use super::signature::SigningKeys;

/// How old the keys of a process may be.
const REFRESH: Duration = Duration::from_secs(300);

/// How long keys that could not be read again are used on before the next try.
const RETRY: Duration = Duration::from_secs(30);

/// Where the keys come from.
pub trait KeySource: Send + Sync + 'static {
    /// The text of the secret.
    fn read(&self) -> impl Future<Output = Result<SecretString, SecretTextError>> + Send;
}

impl KeySource for SecretText {
    fn read(&self) -> impl Future<Output = Result<SecretString, SecretTextError>> + Send {
        self.read()
    }
}

/// Signs what is forwarded.
pub struct Signer<S> {
    source: S,
    clock: Clock,
    known: Mutex<Option<(Arc<SigningKeys>, UnixMillis)>>,
}

impl<S: KeySource> Signer<S> {
    /// By the keys of a secret.
    pub fn new(source: S, clock: Clock) -> Self {
        Self { source, clock, known: Mutex::default() }
    }

    /// The time of an attempt, in seconds, and the signature that goes with it.
    ///
    /// # Errors
    /// While no keys were ever read: nothing leaves unsigned.
    pub(super) async fn sign(&self, id: &str, body: &str) -> Result<(i64, String), Failure> {
        let keys = self.keys().await?;
        let timestamp = self.clock.now().as_seconds();
        Ok((timestamp, keys.sign(id, timestamp, body)))
    }

    async fn keys(&self) -> Result<Arc<SigningKeys>, Failure> {
        let (now, known) = (self.clock.now(), self.known());
        if let Some((keys, until)) = &known
            && now < *until
        {
            return Ok(Arc::clone(keys));
        }
        let (keys, until) = match (self.read().await, known) {
            (Ok(keys), _) => (Arc::new(keys), now + REFRESH),
            (Err(failure), Some((keys, _))) => {
                tracing::warn!(reason = failure.reason(), "The forwarding keys could not be read again");
                (keys, now + RETRY)
            }
            (Err(failure), None) => return Err(failure),
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(&keys), until));
        Ok(keys)
    }

    async fn read(&self) -> Result<SigningKeys, Failure> {
        match self.source.read().await {
            Ok(text) => SigningKeys::parse(&text)
                .map_err(|error| Failure::misconfigured(format!("the secret of ForwardUrl can't be used: {error}"))),
            Err(SecretTextError::Failed(call)) => Err(call.failure()),
            Err(missing @ SecretTextError::Missing(_)) => Err(Failure::misconfigured(missing)),
        }
    }

    fn known(&self) -> Option<(Arc<SigningKeys>, UnixMillis)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
