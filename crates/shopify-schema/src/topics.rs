//! Webhook topics, which the schema spells otherwise than the deliveries do.

/// Every topic of this API version to which one can subscribe by the API, as deliveries name it: sorted.
///
/// The schema has only `ORDERS_CREATE`, from which one can't tell `orders/create` from `customer.tags_added`: its
/// descriptions say the rest, and a test reads them. The compliance topics are declared in the app's TOML and are not here.
pub fn webhook_topics() -> impl Iterator<Item = &'static str> {
    include_str!("../webhook_topics.txt").lines()
}

/// How the schema's `WebhookSubscriptionTopic` spells a topic: `ORDERS_CREATE` for `orders/create`.
#[must_use]
pub fn topic_enum(topic: &str) -> String {
    topic.replace(['/', '.'], "_").to_uppercase()
}

/// The topic that the schema spells so; `None` if this API version has none.
#[must_use]
pub fn topic_of_enum(name: &str) -> Option<&'static str> {
    webhook_topics().find(|topic| topic_enum(topic) == name)
}
