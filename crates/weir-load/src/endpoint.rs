//! Where deliveries are posted.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::{Client, Url};
use secrecy::SecretString;
use serde::Deserialize;

use crate::{Delivery, Headers};

/// Shopify waits 5 s. A function that starts cold under a debug build may take longer, and its answer is of interest.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What the endpoint said to one delivery.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// From the request to the whole answer.
    pub took: Duration,
    /// From the problem document of an answer that is not 2xx.
    pub detail: Option<String>,
}

impl Answer {
    /// Whether weir holds the delivery.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// A delivery as it goes over the wire.
#[derive(Debug, Clone)]
pub(crate) struct SignedDelivery {
    pub(crate) headers: Headers,
    pub(crate) body: Bytes,
}

impl SignedDelivery {
    pub(crate) fn new(delivery: &Delivery, secret: &SecretString) -> Self {
        Self { headers: delivery.headers(secret), body: delivery.body.clone() }
    }
}

/// There was no answer.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The connection was refused or timed out.
    #[error("nothing answers at {url}: {reason}")]
    NoConnection {
        /// The endpoint.
        url: Url,
        /// What the system said.
        reason: String,
        /// Whether the endpoint is on this machine.
        is_loopback: bool,
    },
    /// The connection broke, or the answer did not come in time.
    #[error("{url} did not answer: {reason}")]
    NoAnswer {
        /// The endpoint.
        url: Url,
        /// What the system said.
        reason: String,
    },
}

/// There is no HTTP client for an endpoint.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct EndpointError(#[from] reqwest::Error);

/// A text that is no address of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a URL of a webhook endpoint")]
pub struct InvalidUrl(pub String);

/// An endpoint that deliveries are posted to.
#[derive(Debug, Clone)]
pub struct Endpoint {
    client: Client,
    url: Url,
}

#[derive(Deserialize)]
struct ProblemDocument {
    title: Option<String>,
    detail: Option<String>,
}

impl Endpoint {
    /// The endpoint at this address.
    ///
    /// # Errors
    /// If TLS can't be set up.
    pub fn new(url: Url) -> Result<Self, EndpointError> {
        let client = client(&url)?;
        Ok(Self { client, url })
    }

    /// The same, called by this client.
    #[must_use]
    pub fn with_client(client: Client, url: Url) -> Self {
        Self { client, url }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether what is posted stays on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Posts a delivery and waits for the whole answer.
    ///
    /// # Errors
    /// If there is none.
    pub async fn post(&self, delivery: &Delivery, secret: &SecretString) -> Result<Answer, PostError> {
        self.post_signed(&SignedDelivery::new(delivery, secret)).await
    }

    /// The same with a delivery that was signed beforehand.
    pub(crate) async fn post_signed(&self, signed: &SignedDelivery) -> Result<Answer, PostError> {
        self.post_raw(&signed.headers, signed.body.clone()).await
    }

    /// Posts a request with these headers and this body, whatever they are, and waits for the whole answer.
    ///
    /// # Errors
    /// If there is none.
    pub async fn post_raw(&self, headers: &Headers, body: Bytes) -> Result<Answer, PostError> {
        let mut request = self.client.post(self.url.clone()).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let started = Instant::now();
        let exchange = async {
            let response = request.send().await?;
            Ok((response.status().as_u16(), response.bytes().await?))
        };
        let (status, body) = exchange.await.map_err(|error| self.no_answer(error))?;
        let took = started.elapsed();
        let problem = serde_json::from_slice::<ProblemDocument>(&body).ok();
        let detail = problem.and_then(|problem| problem.detail.or(problem.title)).filter(|_| status >= 300);
        Ok(Answer { status, took, detail })
    }

    /// Fails if nothing answers here, whatever it says.
    ///
    /// # Errors
    /// If nothing does.
    pub async fn reach(&self) -> Result<(), PostError> {
        let asked = self.client.get(self.url.clone()).send().await;
        asked.map(drop).map_err(|error| self.no_answer(error))
    }

    fn no_answer(&self, error: reqwest::Error) -> PostError {
        let (url, reason) = (self.url.clone(), root_cause(&error));
        if error.is_connect() {
            let is_loopback = is_loopback(&url);
            return PostError::NoConnection { url, reason, is_loopback };
        }
        PostError::NoAnswer { url, reason }
    }
}

/// The address of an endpoint that deliveries can be posted to.
///
/// # Errors
/// If the text is none.
pub fn web_url(text: &str) -> Result<Url, InvalidUrl> {
    let wrong = || InvalidUrl(text.to_owned());
    let url: Url = text.parse().map_err(|_| wrong())?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err(wrong()) }
}

/// Whether an HTTP server answers at `url`, whatever it says.
pub async fn is_answering(url: &str) -> bool {
    let Ok(url) = url.parse::<Url>() else { return false };
    match client(&url) {
        Ok(client) => client.get(url).send().await.is_ok(),
        Err(_) => false,
    }
}

/// An HTTP client for an address: it follows no redirect, and takes no proxy to this machine.
///
/// # Errors
/// If TLS can't be set up.
pub fn client(url: &Url) -> reqwest::Result<Client> {
    // An error says that one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT);
    if url.scheme() == "http" {
        // Reading the system's certificates takes longer than a local answer.
        builder = builder.tls_certs_only([]);
    }
    if is_loopback(url) {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// What the system said: the layers above it only say that a request failed.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_from_the_rest_of_the_world() {
        let check = |url: &str| is_loopback(&url.parse().unwrap());
        assert!(check("http://127.0.0.1:4566/x") && check("http://localhost/") && check("http://[::1]:1/"));
        assert!(!check("https://abc.execute-api.eu-west-1.amazonaws.com/webhooks"));
    }

    #[test]
    fn only_web_addresses_are_posted_to() {
        assert!(web_url("https://abc.example.com/webhooks").is_ok());
        for text in ["", "abc", "file:///etc/passwd", "localhost:4566/x", "http://"] {
            assert!(web_url(text).is_err(), "{text}");
        }
    }
}
