//! The request as API Gateway hands it over: an HTTP API event, payload format 2.0.
//!
//! Read by a type of our own, tolerant and small. The one of `aws_lambda_events` fails the whole invocation on
//! a header that `http` does not like, and lambda_http's conversion panics on malformed base64 and on an odd
//! `Host`: a stranger could cause either.

use std::{borrow::Cow, collections::HashMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use shopify_webhook::RawHeaders;

/// What ingest reads of the event; everything may be missing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpEvent {
    raw_path: Option<String>,
    headers: Option<HashMap<String, String>>,
    request_context: RequestContext,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext {
    request_id: Option<String>,
    http: Http,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Http {
    method: Option<String>,
}

/// The body was said to be base64 and is not.
pub(crate) struct NotBase64;

impl HttpEvent {
    pub(crate) fn path(&self) -> &str {
        self.raw_path.as_deref().unwrap_or("/")
    }

    pub(crate) fn method(&self) -> &str {
        self.request_context.http.method.as_deref().unwrap_or("")
    }

    /// API Gateway's id of the request: the same that its access log has.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.request_context.request_id.as_deref()
    }

    pub(crate) fn headers(&self) -> RawHeaders<'_> {
        self.headers.iter().flatten().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// W3C's `traceparent`, if the sender has one. Not signed: whoever can post may join any trace, and nothing else.
    pub(crate) fn traceparent(&self) -> Option<&str> {
        let mut headers = self.headers.iter().flatten();
        headers.find(|(name, _)| name.eq_ignore_ascii_case("traceparent")).map(|(_, value)| value.trim())
    }

    /// The bytes that the client sent.
    pub(crate) fn body(&self) -> Result<Cow<'_, [u8]>, NotBase64> {
        let text = self.body.as_deref().unwrap_or("");
        if self.is_base64_encoded {
            return STANDARD.decode(text).map(Cow::Owned).map_err(|_| NotBase64);
        }
        Ok(Cow::Borrowed(text.as_bytes()))
    }
}
