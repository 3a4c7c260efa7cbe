//! What ingest must answer, said a second time and without its code: the fuzzer looks for a difference.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use shopify_webhook::sign;

use crate::outside::{Queue, SECRETS};

/// The apps that are configured.
pub const APPS: [&str; 2] = ["default", "loyalty"];

/// A request, as the oracle sees it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Seen {
    raw_path: Option<String>,
    headers: Option<HashMap<String, String>>,
    request_context: Context,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Context {
    http: Http,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Http {
    method: Option<String>,
}

impl Seen {
    /// The bytes that were signed, if the request has any.
    pub fn body(&self) -> Option<Vec<u8>> {
        let text = self.body.as_deref().unwrap_or("");
        if self.is_base64_encoded { STANDARD.decode(text).ok() } else { Some(text.as_bytes().to_vec()) }
    }

    /// Panics unless `status` is one that this request may get.
    #[track_caller]
    pub fn check(&self, status: u16, queue: Queue) {
        let allowed: &[u16] = match (self.is_posted_to_an_app(), self.body()) {
            (false, _) => &[404, 405],
            (true, None) => &[400],
            (true, Some(body)) if !self.is_signed(&body) => &[401],
            (true, Some(_)) if self.has_a_reserved_id() => &[400, 413],
            (true, Some(_)) if queue == Queue::Takes => &[200, 400, 413],
            (true, Some(_)) => &[400, 413, 503],
        };
        assert!(allowed.contains(&status), "answered {status}, expected one of {allowed:?}");
    }

    fn is_posted_to_an_app(&self) -> bool {
        let path = self.raw_path.as_deref().unwrap_or("");
        let known = ["/webhooks", "/webhooks/"].contains(&path)
            || APPS.iter().any(|app| path.strip_prefix("/webhooks/") == Some(app));
        known && self.request_context.http.method.as_deref() == Some("POST")
    }

    /// Whether it claims to be an event that weir makes itself.
    fn has_a_reserved_id(&self) -> bool {
        let mut ids = self.headers.iter().flatten().filter_map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            ["x-shopify-webhook-id", "shopify-webhook-id"].contains(&name.as_str()).then_some(value.trim())
        });
        let is_reserved = |id: &str| id.to_ascii_lowercase().starts_with("weir-reconcile-");
        ids.next().is_some_and(is_reserved) && ids.all(is_reserved)
    }

    /// Whether every signature that it carries is right, and it carries one.
    fn is_signed(&self, body: &[u8]) -> bool {
        let right = SECRETS.map(|secret| sign(body, &secret.into()));
        let mut signatures = self.headers.iter().flatten().filter_map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            ["x-shopify-hmac-sha256", "shopify-hmac-sha256"].contains(&name.as_str()).then_some(value)
        });
        // API Gateway joins the values of a header that is repeated.
        let mut signatures =
            signatures.by_ref().flat_map(|value| value.split(',')).map(str::trim).filter(|value| !value.is_empty());
        let Some(first) = signatures.next() else { return false };
        right.iter().any(|right| right == first) && signatures.all(|other| other == first)
    }
}
