//! What is told of each attempt: one structured line, from which `weir audit` is made, and the same record to whoever
//! [observes](crate::Client::observe) the client, who makes metrics and spans of it.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tracing::{info, warn};

use crate::{budget::Priority, error::Kind};

/// The target of the lines, and the text by which they are found in a log.
pub const TARGET: &str = "shopify_call";

/// One attempt.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    /// The app.
    pub app: &'a str,
    /// The shop.
    pub shop: &'a str,
    /// The operation's name.
    pub operation: &'a str,
    /// A short hash of operation and variables: equal for calls that ask the same.
    pub same: &'a str,
    /// Counted from one.
    pub attempt: u32,
    /// Who goes first.
    pub priority: Priority,
    /// From sending to the reply's last byte.
    pub took: Duration,
    /// HTTP status; zero if no reply came.
    pub status: u16,
    /// Points that had to be there.
    pub requested: Option<u32>,
    /// Points that were taken.
    pub cost: Option<u32>,
    /// Shopify's request id.
    pub request_id: Option<&'a str>,
    /// What went wrong, in one word.
    pub failure: Option<&'static str>,
}

impl Record<'_> {
    /// Whether Shopify refused it for its limits.
    pub fn is_throttled(&self) -> bool {
        matches!(self.failure, Some("throttled" | "too_many_requests"))
    }

    /// Writes the line.
    pub fn write(&self) {
        let priority = match self.priority {
            Priority::Foreground => "foreground",
            Priority::Background => "background",
        };
        let took_ms = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        macro_rules! line {
            ($level:ident) => {
                $level!(
                    target: TARGET,
                    app = self.app,
                    shop = self.shop,
                    operation = self.operation,
                    same = self.same,
                    attempt = self.attempt,
                    priority,
                    took_ms,
                    status = self.status,
                    requested = self.requested,
                    cost = self.cost,
                    shopify_request_id = self.request_id,
                    failure = self.failure,
                    "Called Shopify"
                )
            };
        }
        if self.failure.is_some() { line!(warn) } else { line!(info) }
    }
}

/// A short hash by which calls that ask the same are found. Not reversible, and of no use elsewhere.
pub(crate) fn same(shop: &str, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(shop);
    hash.update([0]);
    hash.update(body);
    hash.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Kind {
    /// One word, for logs and metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::OverBudget => "over_budget",
            Self::Throttled => "throttled",
            Self::TooManyRequests => "too_many_requests",
            Self::CircuitOpen(_) => "circuit_open",
            Self::MaxCostExceeded { .. } => "max_cost_exceeded",
            Self::AccessDenied(_) => "access_denied",
            Self::Invalid(_) => "invalid",
            Self::UserErrors(_) => "user_errors",
            Self::ShopInactive => "shop_inactive",
            Self::Unauthorized => "unauthorized",
            Self::Frozen => "frozen",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Locked => "locked",
            Self::SecurityRejection => "security_rejection",
            Self::Server(_) => "server_error",
            Self::InternalServerError => "internal_server_error",
            Self::UnexpectedStatus(_) => "unexpected_status",
            Self::Transport(_) => "transport",
            Self::Malformed(_) => "malformed",
            Self::Token(_) => "token",
            Self::Unsendable => "unsendable",
        }
    }
}
