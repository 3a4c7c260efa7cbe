//! Sending spans to a collector.

use std::{
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use tokio::time::{Instant, timeout};

/// How long a collector that failed is left alone: else each invocation would wait for it.
const LEFT_ALONE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Exporter {
    url: String,
    /// Made with the first export: a function's start does not wait for it.
    connector: OnceLock<Connector>,
    alone_until: Mutex<Option<Instant>>,
}

impl Exporter {
    pub(super) fn to(endpoint: &str) -> Self {
        let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        Self { url, connector: OnceLock::new(), alone_until: Mutex::default() }
    }

    pub(super) async fn export(&self, document: Value, within: Duration) {
        if self.alone_until().is_some_and(|until| Instant::now() < until) {
            return;
        }
        let sent = timeout(within, self.send(document.to_string())).await;
        let problem = match sent {
            Ok(Ok(())) => return *self.alone_until() = None,
            Ok(Err(problem)) => problem,
            Err(_elapsed) => format!("no answer within {} ms", within.as_millis()),
        };
        *self.alone_until() = Some(Instant::now() + LEFT_ALONE);
        tracing::warn!(reason = problem, "Spans are not exported for ten seconds");
    }

    /// Errors do not show the URL, because it may hold a token.
    async fn send(&self, document: String) -> Result<(), String> {
        let mut request = HttpRequest::new(SdkBody::from(document));
        request.set_method("POST").map_err(|_| "the request can't be built")?;
        request.set_uri(self.url.as_str()).map_err(|_| "the endpoint is no URL")?;
        request.headers_mut().insert("content-type", "application/json");
        let connector = self.connector.get_or_init(|| connector(&self.url));
        let response = connector.call(request).await.map_err(|_| "the collector can't be reached")?;
        if response.status().is_success() { Ok(()) } else { Err(format!("HTTP {}", response.status().as_u16())) }
    }

    fn alone_until(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.alone_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The AWS SDK's, as its own clients have it: TLS by rustls with ring, and none for an `http:` address, such as that of a
/// collector beside the function.
fn connector(url: &str) -> Connector {
    match url.starts_with("http:") {
        true => Connector::builder().build_http(),
        false => Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).build(),
    }
}
