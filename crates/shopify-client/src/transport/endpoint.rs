//! Where a shop's Admin API is.

use http::{Uri, uri::Authority};
use shopify_webhook::ShopDomain;

/// Where the Admin APIs of all shops are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// `https://{shop}`.
    Shopify,
    /// `{base}/{shop}`: a simulated Shopify.
    At(String),
}

/// Not a place to send tokens to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no place to send tokens to: expected https://… or http:// on this machine, such as http://127.0.0.1:4577"
)]
pub struct NotAnEndpoint(String);

impl Endpoint {
    /// A simulated Shopify: over TLS, or on this machine.
    pub fn at(base: &str) -> Result<Self, NotAnEndpoint> {
        let wrong = || NotAnEndpoint(base.to_owned());
        let uri: Uri = base.parse().map_err(|_| wrong())?;
        let host = uri.authority().map(Authority::host).unwrap_or_default();
        let is_loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        match uri.scheme_str() {
            Some("https") if !host.is_empty() => {}
            Some("http") if is_loopback => {}
            _ => return Err(wrong()),
        }
        Ok(Self::At(base.trim_end_matches('/').to_owned()))
    }

    /// The URL of a path below a shop's root.
    pub fn url(&self, shop: &ShopDomain, path: &str) -> String {
        match self {
            Self::Shopify => format!("https://{shop}{path}"),
            Self::At(base) => format!("{base}/{shop}{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_to_shopify_or_stay_on_this_machine() {
        let shop = ShopDomain::parse("a.myshopify.com").unwrap();
        assert_eq!(Endpoint::Shopify.url(&shop, "/admin"), "https://a.myshopify.com/admin");
        let local = Endpoint::at("http://127.0.0.1:4577/").unwrap();
        assert_eq!(local.url(&shop, "/admin"), "http://127.0.0.1:4577/a.myshopify.com/admin");
        for elsewhere in ["http://example.com", "ftp://127.0.0.1", "127.0.0.1:4577", "", "http://127.0.0.1.example.com"]
        {
            assert!(Endpoint::at(elsewhere).is_err(), "{elsewhere}");
        }
    }
}
