//! Keys of cached objects.

use std::fmt::Display;

use shopify_webhook::ShopDomain;

/// What is cached. Neither orders nor inventory levels: what changes by the minute is asked for each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Products.
    Product,
    /// Metafields, by the object that has them.
    Metafields,
    /// A shop's settings.
    Shop,
}

impl Kind {
    /// As it stands in a key.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Metafields => "metafields",
            Self::Shop => "shop",
        }
    }
}

/// The key of an object: `{shop}/{kind}/{id}`, the id being the number at the end of Shopify's global id. Whoever reads
/// the cache must make the same ones.
pub fn key(shop: &ShopDomain, kind: Kind, id: impl Display) -> String {
    format!("{shop}/{}/{id}", kind.as_str())
}
