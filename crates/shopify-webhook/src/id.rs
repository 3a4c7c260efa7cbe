//! Webhook ids and event ids.

use std::fmt;

/// An id that Shopify gave in a header: `X-Shopify-Webhook-Id`, the deduplication key, or
/// `X-Shopify-Event-Id`, for correlation only.
///
/// UUIDs today. Any 1 to 100 characters of `A–Z a–z 0–9 - _ . :` with a letter or digit among them are taken, so that a
/// change of format at Shopify loses nothing, while keys and URLs made of it stay unambiguous.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId(String);

impl DeliveryId {
    /// `None` unless the text is an id as described above.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() <= 100
            // `..` would lead elsewhere in the path of a URL.
            && text.bytes().any(|b| b.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'));
        valid.then(|| Self(text.to_owned()))
    }

    /// As Shopify wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_ids_and_separators_of_keys_are_not() {
        assert!(DeliveryId::parse("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043").is_some());
        for text in ["", "a b", "a#b", "a/b", "é", "a\n", ".", "..", ":-", &"x".repeat(101)] {
            assert_eq!(DeliveryId::parse(text), None, "{text:?}");
        }
    }
}
