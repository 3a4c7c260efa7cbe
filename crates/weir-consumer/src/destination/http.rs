//! A destination that is reached over HTTP, and what its answers mean.

use std::{str::FromStr, time::Duration};

use reqwest::{
    Body, Client, Response, StatusCode, Url,
    header::{HeaderMap, RETRY_AFTER},
    redirect::Policy,
};
use weir_core::Failure;
use weir_telemetry::traces;

use super::{CallError, Destination};
use crate::router::Event;

/// To connect; the whole call has the time of every destination.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The longest wait that a service may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// A destination with an address. Cheap to clone.
#[derive(Clone)]
pub struct HttpDestination {
    destination: Destination,
    /// `None` if its setting can't be used: the function then never starts.
    target: Option<(Client, HttpUrl)>,
}

/// The address of a service: `http` or `https`. Nothing prints it, because it may hold a token.
#[derive(Clone)]
pub struct HttpUrl(Url);

/// The text is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an http or https URL")]
pub struct BadUrl;

impl FromStr for HttpUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.map(Self).ok_or(BadUrl)
    }
}

impl HttpDestination {
    pub(crate) fn new(destination: Destination, target: Option<(Client, HttpUrl)>) -> Self {
        Self { destination, target }
    }

    /// Posts a body to the address, with these headers and the trace of the event.
    ///
    /// # Errors
    /// What [`Destination::call`] makes of it: a switch, an open circuit, a spent rate, no answer in time, or a status
    /// other than 2xx, which [`classify`] judges.
    pub async fn post(
        &self,
        event: &Event,
        headers: &[(&str, &str)],
        body: impl Into<Body> + Send,
    ) -> Result<Response, Failure> {
        let Some((client, HttpUrl(url))) = &self.target else {
            return Err(Failure::misconfigured(format!("{} has no address", self.destination.name())));
        };
        let mut request = client.post(url.clone()).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(place) = traces::current() {
            request = request.header("traceparent", place.to_string());
        }
        self.destination
            .call(event, async {
                match request.send().await {
                    Ok(response) => classify(response.status(), response.headers()).map(|()| response),
                    // Without the URL, which may hold a token.
                    Err(error) => Err(CallError::Down(weir_aws::reason(&error.without_url()))),
                }
            })
            .await
    }
}

/// What a status says: 2xx is taken, another 4xx than 408, 425 and 429 is refused for good, and the rest passes.
///
/// # Errors
/// For every status but 2xx. A 429 or 503 that names its wait in `Retry-After` is [`CallError::Throttled`].
pub fn classify(status: StatusCode, headers: &HeaderMap) -> Result<(), CallError> {
    let reason = format!("HTTP {}", status.as_u16());
    let retry_after = || {
        let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
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

/// A client for calls of services.
///
/// # Errors
/// If the client can't be made, as without certificates that the machine trusts.
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    // Without a provider rustls has none; an error says that one is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
    // A redirect could lead a merchant's data anywhere.
    Client::builder().connect_timeout(CONNECT_TIMEOUT).redirect(Policy::none()).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, retry_after: Option<&str>, expected: Result<(), CallError>) {
        let mut headers = HeaderMap::new();
        headers.extend(retry_after.map(|text| (RETRY_AFTER, text.parse().unwrap())));
        assert_eq!(classify(StatusCode::from_u16(status).unwrap(), &headers), expected, "{status} {retry_after:?}");
    }

    #[test]
    fn status_says_whether_the_destination_the_event_or_nobody_is_to_blame() {
        let down = |reason: &str| Err(CallError::Down(reason.to_owned()));
        check(204, None, Ok(()));
        check(400, None, Err(CallError::Refused("HTTP 400".into())));
        check(301, None, down("HTTP 301"));
        for status in [408, 425, 429, 500, 503] {
            check(status, None, down(&format!("HTTP {status}")));
        }
    }

    #[test]
    fn wait_that_a_service_asks_for_is_kept_up_to_an_hour() {
        let throttled = |reason: &str, seconds| {
            Err(CallError::Throttled { reason: reason.to_owned(), retry_after: Duration::from_secs(seconds) })
        };
        check(429, Some("77"), throttled("HTTP 429", 77));
        check(503, Some(" 86400 "), throttled("HTTP 503", 3600));
        check(429, Some("soon"), Err(CallError::Down("HTTP 429".into())));
        check(500, Some("77"), Err(CallError::Down("HTTP 500".into())));
    }

    #[test]
    fn address_is_of_http_and_others_are_refused() {
        assert!("https://erp.example.com/hook?token=1".parse::<HttpUrl>().is_ok());
        for text in ["", "erp.example.com", "ftp://erp.example.com", "http://"] {
            assert_eq!(text.parse::<HttpUrl>().map(|_| ()), Err(BadUrl), "{text}");
        }
    }
}
