//! Shop domains, `{handle}.myshopify.com`, and what stands in their place in a message.

use std::{fmt, ops::Deref};

use crate::text::text_type;

text_type! {
    /// The shop that a message or an item names.
    ///
    /// Of what Shopify delivered it is a [`ShopDomain`]. On the bus it may be the `source` of another publisher's event, and
    /// anybody's text: parse it as a domain before you call it.
    EventShop
}

/// The permanent `*.myshopify.com` domain of a shop, in lower case. It can go wherever an [`EventShop`] can.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShopDomain(EventShop);

const SUFFIX: &str = ".myshopify.com";

impl ShopDomain {
    /// Accepts one DNS label before `.myshopify.com`, in any case. Nothing else: a domain that is part of a
    /// URL or of a key must not carry a path, a port or a second label.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let handle = lower.strip_suffix(SUFFIX)?;
        let valid = (1..=63).contains(&handle.len())
            && !handle.starts_with('-')
            && !handle.ends_with('-')
            && handle.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        valid.then_some(Self(EventShop(lower)))
    }

    /// The whole domain.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for ShopDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Deref for ShopDomain {
    type Target = EventShop;

    fn deref(&self) -> &EventShop {
        &self.0
    }
}

impl From<ShopDomain> for EventShop {
    fn from(domain: ShopDomain) -> Self {
        domain.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_is_one_label_before_myshopify() {
        assert_eq!(ShopDomain::parse("North-Star.MyShopify.com").unwrap().as_str(), "north-star.myshopify.com");
        assert!(ShopDomain::parse("1.myshopify.com").is_some());
    }

    #[test]
    fn domain_goes_where_the_shop_of_an_event_does() {
        let domain = ShopDomain::parse("north.myshopify.com").unwrap();
        let named: &EventShop = &domain;
        assert_eq!(named, &EventShop::from_stored("north.myshopify.com"));
        assert_eq!(EventShop::from(domain.clone()), *named);
    }

    #[test]
    fn look_alikes_are_refused() {
        let long = format!("{}.myshopify.com", "a".repeat(64));
        for text in [
            "",
            ".myshopify.com",
            "myshopify.com",
            "a.b.myshopify.com",
            "a.myshopify.com.evil.com",
            "a.myshopify.co",
            "evil.com/a.myshopify.com",
            "a.myshopify.com/",
            "a.myshopify.com:443",
            "-a.myshopify.com",
            "a-.myshopify.com",
            "a_b.myshopify.com",
            "a b.myshopify.com",
            "a#.myshopify.com",
            "é.myshopify.com",
            " a.myshopify.com",
            &long,
        ] {
            assert_eq!(ShopDomain::parse(text), None, "{text:?}");
        }
    }
}
