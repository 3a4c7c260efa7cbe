//! Posts each event to an HTTP service before it is published: `WEIR_FORWARD_URL`, the template's `ForwardUrl`.
//!
//! The body is the CloudEvent as it goes to the bus. Headers follow Standard Webhooks: `webhook-id` is the event's id, the
//! same on every repeat, `webhook-timestamp` the second of the attempt, and `webhook-signature` the signature of both and
//! of the body by the stack's secret. 2xx counts as taken, another 4xx than 408, 425 and 429 as refused for good.

mod signature;
mod signer;

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Response, StatusCode, Url, header::RETRY_AFTER, redirect::Policy};
use weir_consumer::{
    destination::{CallError, Destination},
    router::{Classify, Event, Router},
};
use weir_core::{Failure, envelope};
use weir_telemetry::traces;

pub use signature::{NoKeys, SigningKeys};
pub use signer::{KeySource, Signer};

/// The name of the handler and of the destination.
pub const NAME: &str = "forward";

/// To connect; the whole call has the time of every destination.
const CONNECT: Duration = Duration::from_secs(3);

/// The longest wait that a service may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// The service's address can't be used.
#[derive(Debug, thiserror::Error)]
pub enum NotForwarding {
    /// Not a URL, or of another scheme.
    #[error("WEIR_FORWARD_URL is no http or https URL")]
    Url,
    /// The HTTP client can't be made.
    #[error("the HTTP client can't be made")]
    Client(#[from] reqwest::Error),
}

/// Adds the handler: every event is posted to `url`, signed.
///
/// # Errors
/// When the URL can't be used.
pub fn route<S: KeySource>(
    router: Router,
    url: &str,
    signer: Signer<S>,
    destination: Destination,
) -> Result<Router, NotForwarding> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or(NotForwarding::Url)?;
    // Without a provider rustls has none; an error says that one is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
    // A redirect could lead a signed merchant's data anywhere.
    let client = Client::builder().connect_timeout(CONNECT).redirect(Policy::none()).build()?;
    let forward = Arc::new((client, url, signer, destination));
    Ok(router.on_as(NAME, "*", move |event: Event| {
        let forward = Arc::clone(&forward);
        async move {
            let (client, url, signer, destination) = &*forward;
            post(client, url.clone(), signer, destination, &event).await
        }
    }))
}

async fn post<S: KeySource>(
    client: &Client,
    url: Url,
    signer: &Signer<S>,
    destination: &Destination,
    event: &Event,
) -> Result<(), Failure> {
    let meta = event.meta();
    let detail = envelope::detail(meta, Ok(envelope::json(event.body()).permanent()?));
    let (timestamp, signature) = signer.sign(&meta.webhook_id, &detail).await?;
    let mut request = client
        .post(url)
        .header("content-type", "application/cloudevents+json")
        .header("webhook-id", &meta.webhook_id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature)
        .body(detail);
    if let Some(place) = traces::current() {
        request = request.header("traceparent", place.to_string());
    }
    destination
        .call(event, async {
            match request.send().await {
                Ok(response) => judge(&response),
                // Without the URL, which may hold a token.
                Err(error) => Err(CallError::Down(weir_aws::reason(&error.without_url()))),
            }
        })
        .await
}

fn judge(response: &Response) -> Result<(), CallError> {
    let status = response.status();
    let reason = format!("HTTP {}", status.as_u16());
    let retry_after = || {
        let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
    };
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE if retry_after().is_some() => {
            Err(CallError::Throttled { reason, retry_after: retry_after().unwrap_or_default() })
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Err(CallError::Down(reason))
        }
        status if status.is_client_error() => Err(CallError::Refused(reason)),
        _ => Err(CallError::Down(reason)),
    }
}
