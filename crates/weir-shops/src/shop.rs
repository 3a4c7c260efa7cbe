//! A shop as the registry knows it.

use std::{fmt, str::FromStr};

use resilience::UnixMillis;
use shopify_webhook::ShopDomain;

/// A shop that installed an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shop {
    /// Its permanent domain.
    pub domain: ShopDomain,
    /// The app, by weir's name for it, as in `/webhooks/{app}`.
    pub app: String,
    /// Its plan, as the operator told it. For people: the cost budget goes by what Shopify says with each reply.
    pub plan: Option<Plan>,
    /// Whether the app is there.
    pub state: ShopState,
    /// A label of the operator's own, such as `gold`.
    pub tier: Option<String>,
    /// When the app was installed: an older uninstallation says nothing about it.
    pub installed_at: UnixMillis,
    /// When this was last changed, by whatever but a token's renewal.
    pub updated_at: UnixMillis,
    /// What is known of its token; the token itself never leaves the store this way.
    pub token: Option<TokenSummary>,
}

/// A token, without the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenSummary {
    /// How it is renewed.
    pub kind: TokenKind,
    /// When it expires; `None` if it doesn't, or if there is none yet (client credentials).
    pub expires_at: Option<UnixMillis>,
    /// When its refresh token does.
    pub refresh_expires_at: Option<UnixMillis>,
    /// Counts the tokens of this shop.
    pub version: u64,
    /// Until when a process has the right to renew it, if one has.
    pub renewing_until: Option<UnixMillis>,
}

/// A name that is none of those expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is none of {expected}")]
pub struct UnknownName {
    /// What was given.
    pub text: String,
    /// What could have been.
    pub expected: String,
}

macro_rules! named {
    ($type:ident: $($name:literal => $variant:ident),+) => {
        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As it is written.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(UnknownName { text: text.to_owned(), expected: [$($name),+].join(", ") }),
                }
            }
        }
    };
}

/// Shopify's plans, as far as they differ in the Admin API's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Basic, Grow and the like.
    Standard,
    /// Advanced.
    Advanced,
    /// Plus.
    Plus,
    /// Commerce Components.
    Enterprise,
}

named!(Plan: "standard" => Standard, "advanced" => Advanced, "plus" => Plus, "enterprise" => Enterprise);

/// Whether the app is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShopState {
    /// It is.
    Installed,
    /// It was uninstalled; its tokens are wiped.
    Uninstalled,
    /// The shop does not pay Shopify: calls are refused until it does.
    Frozen,
}

named!(ShopState: "installed" => Installed, "uninstalled" => Uninstalled, "frozen" => Frozen);

/// How a token is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// It doesn't expire.
    Offline,
    /// By its refresh token.
    Expiring,
    /// By the app's own credentials.
    ClientCredentials,
}

named!(TokenKind: "offline" => Offline, "expiring" => Expiring, "client_credentials" => ClientCredentials);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for plan in Plan::ALL {
            assert_eq!(plan.as_str().parse(), Ok(*plan));
        }
        for state in ShopState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        let error = "gone".parse::<ShopState>().unwrap_err().to_string();
        assert_eq!(error, "\"gone\" is none of installed, uninstalled, frozen");
    }
}
