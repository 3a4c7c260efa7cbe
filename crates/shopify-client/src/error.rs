//! What went wrong, and what to do now.

use std::time::Duration;

use shopify_webhook::ShopDomain;

use crate::{
    graphql::{GraphError, UserError},
    tokens::TokenError,
    transport::TransportError,
};

/// A call that did not do what it was asked for.
///
/// Tokens, bodies and variables are in none of its texts.
#[derive(Debug)]
pub struct Error {
    /// Whose Admin API was called.
    pub shop: ShopDomain,
    /// The operation's name; for REST, method and path.
    pub operation: String,
    /// Shopify's `X-Request-Id` of the last attempt: what its support asks for.
    pub request_id: Option<String>,
    /// How often it was sent.
    pub attempts: u32,
    /// Whether one of its attempts, which need not be the last, got no answer and may have taken effect.
    pub is_unclear: bool,
    /// Whether and when it may be tried again.
    pub retry: Retry,
    /// What went wrong.
    pub kind: Kind,
}

/// Whether a call may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It would fail again, or do its work twice: somebody must look at it.
    Never,
    /// Not before this long. A worker parks its message; nothing waits inside a function.
    After(Duration),
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Kind {
    /// The budget has no points within the caller's time.
    #[error("no points left in the cost budget")]
    OverBudget,
    /// Shopify throttled it: HTTP 200 with `THROTTLED`.
    #[error("throttled: the cost budget was used by somebody else")]
    Throttled,
    /// Shopify refused it for its resource limits: HTTP 429.
    #[error("too many requests (HTTP 429)")]
    TooManyRequests,
    /// The shop's circuit is open.
    #[error(transparent)]
    CircuitOpen(#[from] resilience::breaker::Open),
    /// `MAX_COST_EXCEEDED`.
    #[error("the query costs {cost} points, more than the {max} that one query may cost")]
    MaxCostExceeded {
        /// Its cost.
        cost: f64,
        /// The limit.
        max: f64,
    },
    /// `ACCESS_DENIED`.
    #[error("access denied: {0:?}")]
    AccessDenied(Vec<GraphError>),
    /// The query's text or its variables are wrong.
    #[error("Shopify does not understand the operation: {0:?}")]
    Invalid(Vec<GraphError>),
    /// The mutation was understood, and refused.
    #[error("refused: {0:?}")]
    UserErrors(Vec<UserError>),
    /// `SHOP_INACTIVE`.
    #[error("the shop is inactive")]
    ShopInactive,
    /// HTTP 401: the token is not valid.
    #[error("the access token is not valid (HTTP 401)")]
    Unauthorized,
    /// HTTP 402.
    #[error("the shop is frozen (HTTP 402)")]
    Frozen,
    /// HTTP 403.
    #[error("forbidden (HTTP 403)")]
    Forbidden,
    /// HTTP 404.
    #[error("not found (HTTP 404)")]
    NotFound,
    /// HTTP 423.
    #[error("the shop is locked (HTTP 423)")]
    Locked,
    /// HTTP 430.
    #[error("rejected as suspicious (HTTP 430)")]
    SecurityRejection,
    /// HTTP 5xx.
    #[error("Shopify failed (HTTP {0})")]
    Server(u16),
    /// `INTERNAL_SERVER_ERROR` within HTTP 200.
    #[error("Shopify failed (INTERNAL_SERVER_ERROR)")]
    InternalServerError,
    /// Another status that nobody expects.
    #[error("unexpected HTTP status {0}")]
    UnexpectedStatus(u16),
    /// No whole reply.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The reply is not JSON, is cut off, or has another shape than the schema says.
    #[error("the reply can't be read: {0}")]
    Malformed(String),
    /// There is no token to call with.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The caller's own values can't be sent.
    #[error("the variables can't be written as JSON")]
    Unsendable,
}

/// What a failed attempt may have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it may be repeated, whatever it is.
    None,
    /// It may have run: only what does no harm twice may be repeated.
    Unclear,
    /// Shopify answered; the same request gets the same answer.
    Answered,
}

impl Kind {
    /// What the attempt may have done.
    pub fn effect(&self) -> Effect {
        match self {
            Self::OverBudget
            | Self::Throttled
            | Self::TooManyRequests
            | Self::CircuitOpen(_)
            | Self::Transport(TransportError::Connect(_)) => Effect::None,
            Self::Server(_) | Self::InternalServerError | Self::Transport(_) | Self::Malformed(_) => Effect::Unclear,
            Self::UserErrors(errors) if errors.iter().any(is_concurrent) => Effect::None,
            Self::Token(error) if error.may_pass() => Effect::None,
            _ => Effect::Answered,
        }
    }

    /// Whether it says that the shop's API is out of order, as a circuit breaker asks.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(self, Self::Server(_) | Self::InternalServerError | Self::Transport(_) | Self::Malformed(_))
    }
}

/// The same key is being worked on: the answer comes by asking again with it.
fn is_concurrent(error: &UserError) -> bool {
    error.code.as_deref() == Some("IDEMPOTENCY_CONCURRENT_REQUEST")
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}: {}", self.operation, self.shop, self.kind)?;
        if self.attempts > 1 {
            write!(f, ", {} attempts", self.attempts)?;
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request {id}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // Its own text is in this one already.
        std::error::Error::source(&self.kind)
    }
}
