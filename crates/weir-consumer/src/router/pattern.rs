//! Which topics a route is for.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    All,
    Resource(String),
    Topic(String),
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        match text.strip_suffix("/*") {
            _ if text == "*" => Some(Self::All),
            Some(resource) if word(resource) => Some(Self::Resource(resource.to_owned())),
            None if text.contains(['/', '.']) && text.split(['/', '.']).all(word) => Some(Self::Topic(text.to_owned())),
            _ => None,
        }
    }

    pub(super) fn matches(&self, topic: &str) -> bool {
        match self {
            Self::All => true,
            Self::Resource(resource) => topic.split(['/', '.']).next() == Some(resource),
            Self::Topic(exact) => topic == exact,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_they_name() {
        for (pattern, topic, matches) in [
            ("orders/create", "orders/create", true),
            ("orders/create", "orders/created", false),
            ("orders/*", "orders/create", true),
            ("orders/*", "order_transactions/create", false),
            ("customer/*", "customer.tags_added", true),
            ("customer.tags_added", "customer.tags_added", true),
            ("*", "anything/at_all", true),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(topic), matches, "{pattern} {topic}");
        }
        for text in ["", "orders", "orders/", "/*", "o*/create", "orders/**"] {
            assert_eq!(Pattern::parse(text), None, "{text}");
        }
    }
}
