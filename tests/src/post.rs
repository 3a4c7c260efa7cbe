//! Deliveries as Shopify posts them.

use secrecy::SecretString;
use shopify_webhook::sign;
use weir_load::HeaderValues;

/// An HTTP client of the test's own runtime.
///
/// # Panics
/// Never: it asks nothing of the system.
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
pub fn http() -> reqwest::Client {
    // An error says that a provider is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
    // Nothing here speaks TLS: the system's certificates need not be read for each test.
    reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("an HTTP client")
}

/// One delivery, ready to be bent.
#[derive(Clone)]
pub struct Delivery {
    /// Without the signature.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
    /// The signature over the body.
    pub signature: Option<String>,
}

/// What the endpoint answered.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body; `null` if it is not JSON.
    pub body: serde_json::Value,
    /// `Retry-After`, if it was sent.
    pub retry_after: Option<String>,
}

impl Delivery {
    /// A correctly signed delivery.
    pub fn signed(topic: &str, id: &str, body: impl Into<Vec<u8>>, secret: &SecretString) -> Self {
        let body = body.into();
        // Each is an event of its own, unless a test says otherwise.
        let event_id = format!("event-of-{id}");
        let values = HeaderValues {
            topic,
            shop: "north.myshopify.com",
            webhook_id: id,
            event_id: Some(&event_id),
            triggered_at: Some("2026-11-22T12:00:00.123456789Z"),
        };
        let headers = values.unsigned().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { headers, signature: Some(sign(&body, secret)), body }
    }

    /// The same with another value of a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Posts it.
    ///
    /// # Panics
    /// If the endpoint can't be reached at all.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn post(&self, http: &reqwest::Client, url: &str) -> Reply {
        let mut request = http.post(url).body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(signature) = &self.signature {
            request = request.header("X-Shopify-Hmac-Sha256", signature);
        }
        let response = request.send().await.expect("the endpoint can't be reached");
        let retry_after =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let status = response.status().as_u16();
        Reply { status, retry_after, body: response.json().await.unwrap_or_default() }
    }
}
