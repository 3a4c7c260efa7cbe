//! Webhook ids and event ids.

use crate::text::text_type;

text_type! {
    /// Shopify's id of a delivery, `X-Shopify-Webhook-Id`: the deduplication key, the same on each retry.
    ///
    /// UUIDs today. [`parse`](Self::parse) takes any 1 to 100 characters of `A–Z a–z 0–9 - _ . :` with a letter or digit
    /// among them, so that a change of format at Shopify loses nothing, while keys and URLs made of it stay unambiguous.
    WebhookId
}

text_type! {
    /// Shopify's id of what caused a delivery, `X-Shopify-Event-Id`: all deliveries of one merchant action share it.
    /// [`parse`](Self::parse) takes what a [`WebhookId`] may be.
    EventId
}

impl WebhookId {
    /// `None` unless the text is an id as described above.
    pub fn parse(text: &str) -> Option<Self> {
        is_id(text).then(|| Self(text.to_owned()))
    }
}

impl EventId {
    /// `None` unless the text is an id as a [`WebhookId`] is.
    pub fn parse(text: &str) -> Option<Self> {
        is_id(text).then(|| Self(text.to_owned()))
    }
}

fn is_id(text: &str) -> bool {
    text.len() <= 100
        // `..` would lead elsewhere in the path of a URL.
        && text.bytes().any(|b| b.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_ids_and_separators_of_keys_are_not() {
        assert!(WebhookId::parse("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043").is_some());
        assert!(EventId::parse("98880550-7158-44d4-b7cd-2c97c8a091b5").is_some());
        for text in ["", "a b", "a#b", "a/b", "é", "a\n", ".", "..", ":-", &"x".repeat(101)] {
            assert_eq!(WebhookId::parse(text), None, "{text:?}");
            assert_eq!(EventId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn stored_id_is_taken_as_it_is_and_serializes_as_text() {
        for text in ["", "a b", "sqs:1", "é"] {
            let id = WebhookId::from_stored(text);
            assert_eq!((id.as_str(), id.to_string().as_str()), (text, text));
            assert_eq!(serde_json::to_string(&id).unwrap(), serde_json::to_string(text).unwrap());
        }
    }
}
