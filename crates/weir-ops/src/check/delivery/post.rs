//! What ingest answers.

use std::time::Duration;

use secrecy::SecretString;
use shopify_webhook::sign;
use weir_load::{Endpoint, web_url};

use super::{DeliveryFinding, events::Event};

/// Shopify repeats what is answered 503 as well.
const ATTEMPTS: u32 = 3;

/// Between two attempts: what hindered ingest may have passed.
const RETRY_DELAY: Duration = Duration::from_secs(2);

const SIGNATURE: &str = "X-Shopify-Hmac-Sha256";

/// Where webhooks are posted, and what they are signed with.
pub(super) struct Door<'a> {
    endpoint: Endpoint,
    secret: &'a SecretString,
}

/// Why a webhook was not accepted.
#[derive(Debug)]
pub(super) enum NotAccepted {
    Signature,
    NoAnswer(String),
    Refused { status: u16, detail: Option<String> },
}

impl<'a> Door<'a> {
    pub(super) fn new(url: &str, secret: &'a SecretString) -> Result<Self, String> {
        let url = web_url(url).map_err(|error| error.to_string())?;
        let endpoint = Endpoint::new(url).map_err(|error| error.to_string())?;
        Ok(Self { endpoint, secret })
    }

    /// Posts an event until ingest takes it.
    pub(super) async fn accepts(&self, event: &Event) -> Result<(), NotAccepted> {
        let mut attempt = 1;
        loop {
            let mut headers = event.headers();
            headers.push((SIGNATURE, sign(&event.body, self.secret)));
            let answer = self.endpoint.post_raw(&headers, event.body.clone()).await;
            let answer = answer.map_err(|error| NotAccepted::NoAnswer(error.to_string()))?;
            match answer.status {
                200..300 => return Ok(()),
                401 => return Err(NotAccepted::Signature),
                500..600 if attempt < ATTEMPTS => {
                    attempt += 1;
                    tokio::time::sleep(RETRY_DELAY).await;
                }
                status => return Err(NotAccepted::Refused { status, detail: answer.detail }),
            }
        }
    }

    /// Posts an event whose signature is one of another secret. `None` if ingest refuses it, as it should.
    pub(super) async fn forged(&self) -> Option<DeliveryFinding> {
        let event = Event::all(&[]).into_iter().next()?;
        let mut headers = event.headers();
        let other = SecretString::from(format!("forged-{}", uuid::Uuid::new_v4()));
        headers.push((SIGNATURE, sign(&event.body, &other)));
        // Without an answer, those with the right signature say so.
        let answer = self.endpoint.post_raw(&headers, event.body).await.ok()?;
        answer.is_accepted().then_some(DeliveryFinding::ForgedAccepted { status: answer.status })
    }
}
