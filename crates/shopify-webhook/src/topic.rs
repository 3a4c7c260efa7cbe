//! Topics: `orders/create`, `customer.tags_added`, and the resource and action pair of Shopify's Events.

use crate::text::text_type;

text_type! {
    /// A topic. Unknown ones are valid too: Shopify adds topics with each version.
    ///
    /// Webhooks name them `orders/create` or `customer.tags_added`; Events send a resource (`Product`) and an
    /// action (`update`) in two headers, held here as `Product/update`.
    Topic
}

/// Longer than any topic of 2026-10 by a factor of two.
const MAX_LEN: usize = 100;

impl Topic {
    /// Reads a webhook topic: lower-case words joined by `/` or `.`, at least two.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(['/', '.']);
        let valid = text.len() <= MAX_LEN && parts.clone().count() >= 2 && parts.all(is_word);
        valid.then(|| Self(text.to_owned()))
    }

    /// Reads an Events resource and its action: `Product` and `update`.
    pub fn from_event(resource: &str, action: &str) -> Option<Self> {
        let named = resource.starts_with(|c: char| c.is_ascii_uppercase())
            && resource.bytes().all(|b| b.is_ascii_alphanumeric());
        let valid = resource.len() + action.len() < MAX_LEN && named && is_word(action);
        valid.then(|| Self(format!("{resource}/{action}")))
    }

    /// The part before the first separator: `orders` of `orders/create`.
    pub fn resource(&self) -> &str {
        self.0.split(['/', '.']).next().unwrap_or(&self.0)
    }
}

fn is_word(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_lowercase())
        && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_with_slashes_and_dots_are_read() {
        for text in ["orders/create", "customer.tags_added", "fulfillment_orders/order_routing_complete"] {
            assert_eq!(Topic::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(Topic::parse("customer.tags_added").unwrap().resource(), "customer");
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("orders/{}", "x".repeat(100));
        for text in [
            "",
            "orders",
            "/",
            "orders/",
            "/create",
            "orders//create",
            "Orders/create",
            "ORDERS_CREATE",
            "a b/c",
            "orders/create\n",
            "../etc",
            "orders/*",
            "ordérs/create",
            &long,
        ] {
            assert_eq!(Topic::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_event_is_its_resource_and_its_action() {
        assert_eq!(Topic::from_event("Product", "update").unwrap().as_str(), "Product/update");
        for (resource, action) in
            [("product", "update"), ("Product", ""), ("Product", "Up"), ("", "update"), ("Pro duct", "x")]
        {
            assert_eq!(Topic::from_event(resource, action), None);
        }
    }
}
