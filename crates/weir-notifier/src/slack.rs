//! Posting to a Slack incoming webhook.
//!
//! Slack answers 200 `ok`; 429 with `Retry-After` beyond about a message a second; 400, 403, 404 or 410 when the message
//! or the webhook is not taken (its "Error handling" of incoming webhooks). Whoever speaks the same (Mattermost, Rocket.Chat)
//! will do.

use std::{fmt, time::Duration};

use reqwest::{Client, Response, StatusCode, Url, header::RETRY_AFTER, redirect::Policy};
use resilience::Backoff;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

/// For one attempt.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Attempts in one invocation; after that the queue hands the changes out again, minutes later.
const ATTEMPTS: u32 = 4;

/// Where messages are posted. Whoever knows it may post: it is a secret as a whole, and shown by nobody.
#[derive(Clone)]
pub struct WebhookUrl(Url);

/// The secret holds no address that may be posted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret of the Slack webhook holds no https address: store the address that Slack shows, and nothing else")]
pub struct NoWebhookUrl;

/// Slack did not take a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// It never will: the message, or the webhook, is not accepted.
    #[error("Slack refused the message (HTTP {0}): if it is 403, 404 or 410, the webhook was revoked: make another")]
    Refused(u16),
    /// It asks to come back later than this invocation can.
    #[error("Slack takes no more messages for {} s", .0.as_secs())]
    Throttled(Duration),
    /// It can't be reached, or failed.
    #[error("Slack can't be reached: {0}")]
    Down(String),
}

impl WebhookUrl {
    /// Reads a secret's text. Plain http is for a receiver on this machine only.
    ///
    /// # Errors
    /// When it is none; which text it is, is not shown.
    pub fn read(secret: &SecretString) -> Result<Self, NoWebhookUrl> {
        let url = Url::parse(secret.expose_secret().trim()).map_err(|_| NoWebhookUrl)?;
        let is_here = matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
        let fits = url.scheme() == "https" || (url.scheme() == "http" && is_here);
        if fits { Ok(Self(url)) } else { Err(NoWebhookUrl) }
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookUrl")
    }
}

/// A client of Slack's webhooks.
#[derive(Debug, Clone)]
pub struct Slack {
    client: Client,
    backoff: Backoff,
}

impl Slack {
    /// A client that waits so between attempts.
    ///
    /// # Errors
    /// When the HTTP client can't be made.
    pub fn new(backoff: Backoff) -> Result<Self, reqwest::Error> {
        // Without a provider rustls has none; an error says that one is installed already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder().timeout(ATTEMPT).redirect(Policy::none()).build()?;
        Ok(Self { client, backoff })
    }

    /// Posts a text, again if that may help, and ends by `end`.
    ///
    /// # Errors
    /// When Slack did not take it. A message whose answer was lost may be there all the same.
    pub async fn post(&self, url: &WebhookUrl, text: &str, end: Instant) -> Result<(), PostError> {
        let body = serde_json::json!({ "text": text }).to_string();
        let mut attempt = 1;
        loop {
            let error = match self.attempt(url, &body).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let wait = match &error {
                PostError::Refused(_) => return Err(error),
                PostError::Throttled(wait) => *wait,
                PostError::Down(_) => self.backoff.delay(attempt, &mut fastrand::Rng::new()),
            };
            // Another attempt must have its whole time, and none is begun that Slack asked not to make.
            if attempt == ATTEMPTS || Instant::now() + wait + ATTEMPT > end {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, url: &WebhookUrl, body: &str) -> Result<(), PostError> {
        let request = self.client.post(url.0.clone()).header("content-type", "application/json").body(body.to_owned());
        match request.send().await {
            Ok(response) => judge(&response),
            // Without the URL, which is the secret.
            Err(error) => Err(PostError::Down(weir_aws::reason(&error.without_url()))),
        }
    }
}

fn judge(response: &Response) -> Result<(), PostError> {
    let status = response.status();
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::TOO_MANY_REQUESTS => Err(PostError::Throttled(retry_after(response))),
        StatusCode::REQUEST_TIMEOUT => Err(PostError::Down("HTTP 408".to_owned())),
        status if status.is_client_error() => Err(PostError::Refused(status.as_u16())),
        status => Err(PostError::Down(format!("HTTP {}", status.as_u16()))),
    }
}

/// What Slack asks for; without it, its usual second.
fn retry_after(response: &Response) -> Duration {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_posted_to_and_no_error_or_debug_shows_the_address() {
        for (text, fits) in [
            ("https://hooks.slack.com/services/T0/B0/hush\n", true),
            ("http://127.0.0.1:8080/hush", true),
            ("http://hooks.slack.com/services/T0/B0/hush", false),
            ("http://127.0.0.1.example.com/hush", false),
            ("ftp://127.0.0.1/hush", false),
            ("hush", false),
            ("", false),
        ] {
            let read = WebhookUrl::read(&SecretString::from(text));
            assert_eq!(read.is_ok(), fits, "{text}");
            let shown = format!("{read:?}{}", read.as_ref().err().map(ToString::to_string).unwrap_or_default());
            assert!(!shown.contains("hush"), "{shown}");
        }
    }
}
