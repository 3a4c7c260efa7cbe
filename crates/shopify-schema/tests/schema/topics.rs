//! Topics as deliveries name them, against the schema's enum.

use apollo_compiler::{Schema, schema::ExtendedType};
use shopify_schema::{topic_enum, topic_of_enum, webhook_topics};

use crate::{real, subset};

/// The enum's values with their descriptions.
fn values(schema: &Schema) -> Vec<(String, String)> {
    let Some(ExtendedType::Enum(topics)) = schema.types.get("WebhookSubscriptionTopic") else {
        panic!("the schema has an enum of topics")
    };
    let value = |value: &apollo_compiler::ast::EnumValueDefinition| {
        (value.value.to_string(), value.description.as_deref().unwrap_or_default().to_owned())
    };
    topics.values.values().map(|of| value(of)).collect()
}

#[test]
fn each_topic_is_one_value_of_the_enum_and_none_is_left_out() {
    let mut ours: Vec<String> = webhook_topics().map(topic_enum).collect();
    ours.sort_unstable();
    let mut theirs: Vec<String> = values(&subset()).into_iter().map(|(name, _)| name).collect();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
    assert_eq!(topic_of_enum("CUSTOMER_TAGS_ADDED"), Some("customer.tags_added"));
    assert_eq!(topic_of_enum("SHOP_REDACT"), None);
}

#[test]
fn topics_are_written_as_shopifys_descriptions_have_them() {
    let Some(real) = real("the topics' names were not compared with Shopify's descriptions") else { return };
    for (name, description) in values(&real) {
        let said = description.split('`').nth(1).unwrap_or_else(|| panic!("{name} has its topic between backticks"));
        assert_eq!(topic_of_enum(&name), Some(said));
    }
}
