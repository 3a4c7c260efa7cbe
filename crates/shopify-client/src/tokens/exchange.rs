//! Getting a token from Shopify: `POST /admin/oauth/access_token`.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, StatusCode, header};
use resilience::Clock;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use shopify_webhook::ShopDomain;

use super::{Renewal, StoredToken};
use crate::transport::{Endpoint, Payload, Transport, TransportError, exchange};

/// An app, as Shopify knows it.
#[derive(Clone)]
pub struct App {
    /// weir's name for it, as in `/webhooks/{app}`.
    pub name: String,
    /// Its client id.
    pub client_id: String,
    /// Its client secret.
    pub client_secret: SecretString,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("name", &self.name).field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// No token came. Shows no part of what was sent.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Shopify refused.
    #[error("Shopify refused to renew the token (HTTP {status}{})", reason.as_ref().map(|r| format!(", {r}")).unwrap_or_default())]
    Refused {
        /// The status.
        status: u16,
        /// Shopify's word for it, such as `invalid_grant`.
        reason: Option<String>,
    },
    /// Shopify failed, or asked to come later.
    #[error("Shopify could not renew the token (HTTP {0})")]
    Failed(u16),
    /// No whole reply.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The reply has no token.
    #[error("Shopify's reply to the renewal of a token can't be read")]
    Malformed,
    /// The reply has a token whose time is over.
    #[error("Shopify gave a token that ends at once")]
    Ended,
}

impl ExchangeError {
    /// Whether it may go well in a while.
    pub fn may_pass(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }
}

/// Asks Shopify for tokens.
#[derive(Clone)]
pub struct Exchange {
    app: App,
    endpoint: Endpoint,
    transport: Arc<dyn Transport>,
}

const LIMIT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Reply {
    access_token: SecretString,
    #[serde(default)]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<SecretString>,
    #[serde(default)]
    refresh_token_expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    error: Option<String>,
}

impl Exchange {
    /// Asks for tokens of `app`.
    pub fn new(app: App, endpoint: Endpoint, transport: Arc<dyn Transport>) -> Self {
        Self { app, endpoint, transport }
    }

    /// The token that follows `old`.
    pub async fn renew(
        &self,
        shop: &ShopDomain,
        old: &StoredToken,
        clock: Clock,
    ) -> Result<StoredToken, ExchangeError> {
        // Built apart: the serializer is not `Send`, and would make no future of the client be.
        let form = self.form(&old.renewal);
        // Before the request: a token that seems to end early is renewed early.
        let asked_at = clock.now();
        let after = |seconds: u64| asked_at + Duration::from_secs(seconds);
        let reply = self.post(shop, form).await?;
        let renewal = match (&old.renewal, reply.refresh_token) {
            (Renewal::Refresh { .. }, Some(token)) => {
                Renewal::Refresh { token, expires_at: reply.refresh_token_expires_in.map(after) }
            }
            (Renewal::Refresh { .. }, None) => return Err(ExchangeError::Malformed),
            (other, _) => other.clone(),
        };
        Ok(StoredToken {
            access: reply.access_token,
            expires_at: reply.expires_in.map(after),
            renewal,
            version: old.version + 1,
        })
    }

    fn form(&self, renewal: &Renewal) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", &self.app.client_id);
        form.append_pair("client_secret", self.app.client_secret.expose_secret());
        match renewal {
            Renewal::Refresh { token, .. } => {
                form.append_pair("grant_type", "refresh_token");
                form.append_pair("refresh_token", token.expose_secret());
            }
            Renewal::ClientCredentials | Renewal::Never => {
                form.append_pair("grant_type", "client_credentials");
            }
        }
        form.finish()
    }

    async fn post(&self, shop: &ShopDomain, form: String) -> Result<Reply, ExchangeError> {
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(self.endpoint.url(shop, "/admin/oauth/access_token"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Payload::from(Bytes::from(form)))
            .map_err(|_| ExchangeError::Malformed)?;
        let reply = exchange(&*self.transport, request, LIMIT).await?;
        let status = reply.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(ExchangeError::Failed(status.as_u16()));
        }
        if !status.is_success() {
            let refusal: Option<Refusal> = serde_json::from_slice(reply.body()).ok();
            // A word of Shopify's vocabulary, not a sentence that may quote what was sent.
            let is_word = |text: &String| text.len() <= 40 && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let reason = refusal.and_then(|refusal| refusal.error).filter(is_word);
            return Err(ExchangeError::Refused { status: status.as_u16(), reason });
        }
        let reply: Reply = serde_json::from_slice(reply.body()).map_err(|_| ExchangeError::Malformed)?;
        let mut tokens = std::iter::once(&reply.access_token).chain(&reply.refresh_token);
        if tokens.all(is_token) { Ok(reply) } else { Err(ExchangeError::Malformed) }
    }
}

/// Whether it can be sent: what is stored in place of a good token must be one.
fn is_token(text: &SecretString) -> bool {
    let text = text.expose_secret();
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}
