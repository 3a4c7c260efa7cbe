//! Keys of cached objects.

use std::{fmt::Display, time::Duration};

use shopify_webhook::ShopDomain;

/// What webhooks invalidate: a product's variants and metafields go with it. Neither orders nor inventory levels: what
/// changes by the minute is asked for each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Products.
    Product,
    /// A shop's settings.
    Shop,
}

impl Kind {
    /// As it stands in a key.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Shop => "shop",
        }
    }
}

/// How long an object is kept, and so, how long it must be remembered that it changed.
pub const CACHED_FOR: Duration = Duration::from_secs(300);

/// The key of an object: `{shop}/{kind}/{id}`, the id being the number at the end of Shopify's global id. Whoever reads
/// the cache must make the same ones.
pub fn key(shop: &ShopDomain, kind: Kind, id: impl Display) -> String {
    format!("{shop}/{}/{id}", kind.as_str())
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use shopify_client::cache::{self, Object};

    use super::*;

    #[test]
    fn the_worker_invalidates_what_the_client_caches_and_for_as_long() {
        let shop = ShopDomain::parse("a.myshopify.com").unwrap();
        assert_eq!(key(&shop, Kind::Product, 7), cache::key(&shop, Object::Product(7)));
        assert_eq!(key(&shop, Kind::Shop, "settings"), cache::key(&shop, Object::Shop));
        assert_eq!(CACHED_FOR, cache::Settings::default().ttl);
    }
}
