//! Posting deliveries over HTTP.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::{Client, Url};
use secrecy::SecretString;
use serde::Deserialize;

use crate::{delivery::Delivery, problem::Usage};

/// Shopify waits 5 s. A function that starts cold under a debug build may take longer, and its answer is of interest.
const PATIENCE: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(5);

/// What the endpoint said to one delivery.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) took: Duration,
    /// From the problem document of an answer that is not 2xx.
    pub(crate) detail: Option<String>,
}

impl Answer {
    pub(crate) fn is_accepted(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// A delivery as it goes over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    pub(crate) headers: [(&'static str, String); 8],
    pub(crate) body: Bytes,
}

impl Signed {
    pub(crate) fn new(delivery: &Delivery, secret: &SecretString) -> Self {
        Self { headers: delivery.headers(secret), body: delivery.body.clone() }
    }
}

/// There was no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostError {
    #[error("nothing answers at {url}: {reason}\nhint: {hint}")]
    NoConnection { url: Url, reason: String, hint: &'static str },
    #[error("{url} did not answer: {reason}")]
    NoAnswer { url: Url, reason: String },
}

/// An endpoint that deliveries are posted to.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    client: Client,
    url: Url,
}

#[derive(Deserialize)]
struct ProblemDocument {
    title: Option<String>,
    detail: Option<String>,
}

impl Endpoint {
    pub(crate) fn new(url: Url) -> anyhow::Result<Self> {
        let client = client(&url)?;
        Ok(Self { client, url })
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Whether what is posted stays on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Posts a delivery and waits for the whole answer.
    pub(crate) async fn post(&self, delivery: &Delivery, secret: &SecretString) -> Result<Answer, PostError> {
        self.post_signed(&Signed::new(delivery, secret)).await
    }

    /// The same with a delivery that was signed beforehand.
    pub(crate) async fn post_signed(&self, signed: &Signed) -> Result<Answer, PostError> {
        let mut request = self.client.post(self.url.clone()).body(signed.body.clone());
        for (name, value) in &signed.headers {
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

    fn no_answer(&self, error: reqwest::Error) -> PostError {
        let (url, reason) = (self.url.clone(), root_cause(&error));
        if error.is_connect() {
            let hint = if is_loopback(&url) {
                "start `cargo dev` in another terminal and wait until it prints its webhook URL"
            } else {
                "check the URL, and that this machine can reach it"
            };
            return PostError::NoConnection { url, reason, hint };
        }
        PostError::NoAnswer { url, reason }
    }
}

/// The address of an endpoint that deliveries can be posted to.
pub(crate) fn web_url(text: &str) -> Result<Url, Usage> {
    let wrong =
        || Usage::new(format!("{text:?} is not a URL of a webhook endpoint"), "it looks like https://HOST/webhooks");
    let url: Url = text.parse().map_err(|_| wrong())?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err(wrong()) }
}

/// Fails if nothing answers at the endpoint, whatever it says.
pub(crate) async fn reachable(endpoint: &Endpoint) -> Result<(), PostError> {
    let asked = endpoint.client.get(endpoint.url.clone()).send().await;
    asked.map(drop).map_err(|error| endpoint.no_answer(error))
}

/// Whether an HTTP server answers at `url`, whatever it says.
pub(crate) async fn answers(url: &str) -> bool {
    let Ok(url) = url.parse::<Url>() else { return false };
    match client(&url) {
        Ok(client) => client.get(url).send().await.is_ok(),
        Err(_) => false,
    }
}

pub(crate) fn client(url: &Url) -> reqwest::Result<Client> {
    // An error says that one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(PATIENCE);
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
