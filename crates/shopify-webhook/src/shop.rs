//! Shop domains: `{handle}.myshopify.com`.

use std::fmt;

/// The permanent `*.myshopify.com` domain of a shop, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShopDomain(String);

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
        valid.then_some(Self(lower))
    }

    /// The whole domain.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ShopDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
