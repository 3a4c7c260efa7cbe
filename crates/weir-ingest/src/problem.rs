//! Everything that ingest answers but 200.

use lambda_http::http::StatusCode;
use shopify_webhook::HeaderError;
use weir_core::envelope::SYNTHETIC_ID_PREFIX;
use weir_telemetry::metrics::Rejection;

/// Why a request is not accepted: answered as a problem document of RFC 9457.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("Webhooks are posted to /webhooks or /webhooks/{{app}}.")]
    NoSuchPath,
    #[error("No app of this name is configured: see the Apps parameter of the deployment.")]
    NoSuchApp,
    #[error("Webhooks are posted: use POST.")]
    NotPost,
    #[error("The body is not valid base64.")]
    NotBase64,
    #[error("The request carries no valid signature of this app in X-Shopify-Hmac-Sha256.")]
    BadSignature,
    #[error("The body exceeds 6 MB.")]
    TooLarge,
    #[error("{}.", sentence(.0))]
    Header(HeaderError),
    #[error("The webhook id begins with {SYNTHETIC_ID_PREFIX}, which is reserved for events that weir makes itself.")]
    ReservedId,
    #[error("The delivery could not be stored in time. Nothing was lost: send it again.")]
    NotStored,
    #[error("The app's secret could not be read in time. Send the delivery again.")]
    NoSecret,
}

impl Problem {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPath | Self::NoSuchApp => StatusCode::NOT_FOUND,
            Self::NotPost => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotBase64 | Self::Header(_) | Self::ReservedId => StatusCode::BAD_REQUEST,
            Self::BadSignature => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotStored | Self::NoSecret => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// RFC 9457's `title`: the same for every occurrence.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::NoSuchPath => "No such path",
            Self::NoSuchApp => "No such app",
            Self::NotPost => "Method not allowed",
            Self::NotBase64 => "Malformed body",
            Self::BadSignature => "Invalid signature",
            Self::TooLarge => "Body too large",
            Self::Header(_) => "Unreadable header",
            Self::ReservedId => "Reserved webhook id",
            Self::NotStored | Self::NoSecret => "Temporarily unavailable",
        }
    }

    /// Under which reason it is counted.
    pub(crate) fn rejection(&self) -> Rejection {
        match self {
            Self::NoSuchPath | Self::NotPost => Rejection::NotAWebhook,
            Self::NoSuchApp => Rejection::UnknownApp,
            Self::NotBase64 => Rejection::MalformedBody,
            Self::BadSignature => Rejection::BadSignature,
            Self::TooLarge => Rejection::TooLarge,
            Self::Header(_) | Self::ReservedId => Rejection::BadHeader,
            Self::NotStored => Rejection::NotStored,
            Self::NoSecret => Rejection::NoSecret,
        }
    }

    /// Whether anybody could have sent the request: nothing showed that it is Shopify's.
    pub(crate) fn is_unauthenticated(&self) -> bool {
        match self {
            Self::NoSuchPath | Self::NoSuchApp | Self::NotPost | Self::NotBase64 | Self::BadSignature => true,
            Self::TooLarge | Self::Header(_) | Self::ReservedId | Self::NotStored | Self::NoSecret => false,
        }
    }

    /// A header that goes with the status.
    pub(crate) fn header(&self) -> Option<(&'static str, &'static str)> {
        match self.status() {
            StatusCode::METHOD_NOT_ALLOWED => Some(("allow", "POST")),
            // Seconds. Shopify has its own schedule; other senders may obey.
            StatusCode::SERVICE_UNAVAILABLE => Some(("retry-after", "5")),
            _ => None,
        }
    }
}

fn sentence(problem: &HeaderError) -> String {
    let text = problem.to_string();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
