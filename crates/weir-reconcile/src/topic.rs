//! What a shop's subscriptions ask for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shopify_webhook::ShopDomain;
use weir_core::fence::Mark;
use weir_subscriptions::{Desired, Subscription};

use crate::Kind;

/// One subscription, as far as a synthetic event must be like those that it delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconcileTopic {
    /// `orders/create`
    pub topic: String,
    /// Its name, if it has one: what `X-Shopify-Name` says.
    pub name: Option<String>,
    /// Fields of the body; all if there are none.
    pub include_fields: Vec<String>,
    /// Whether it has a filter: then it is left out, for only Shopify can tell which events pass it.
    pub has_filter: bool,
    /// Whether it asks for metafields, which REST does not give.
    pub has_metafields: bool,
}

impl From<&Subscription> for ReconcileTopic {
    fn from(one: &Subscription) -> Self {
        Self {
            topic: one.topic.clone(),
            name: one.name.clone(),
            include_fields: one.include_fields.iter().cloned().collect(),
            has_filter: one.filter.is_some(),
            has_metafields: !(one.metafields.is_empty() && one.metafield_namespaces.is_empty()),
        }
    }
}

/// A topic that is not looked after, or not wholly, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedTopic {
    /// The topic.
    pub topic: String,
    /// Why.
    pub why: String,
}

/// Without these a body names neither its resource nor its version, and the fence can't tell what was seen.
const REQUIRED_FIELDS: [&str; 3] = ["id", "updated_at", "inventory_item_id"];

impl ReconcileTopic {
    /// A subscription to whole bodies, without a name.
    pub fn topic(topic: &str) -> Self {
        Self {
            topic: topic.to_owned(),
            name: None,
            include_fields: Vec::new(),
            has_filter: false,
            has_metafields: false,
        }
    }

    /// What a file of desired subscriptions asks for in a shop, those of the app's own TOML among them.
    pub fn desired(desired: &Desired, app: &str, shop: &ShopDomain) -> Vec<Self> {
        let wanted = desired.wanted(app, shop);
        let made = wanted.subscriptions.into_iter().map(Self::from);
        made.chain(wanted.declared.into_iter().map(Self::topic)).collect()
    }

    /// Every topic of these kinds.
    pub fn all(kinds: &[Kind]) -> Vec<Self> {
        kinds.iter().flat_map(|kind| kind.topics()).map(|topic| Self::topic(topic)).collect()
    }

    /// What runs once for each version of the resource.
    pub(crate) fn mark(&self) -> Mark {
        Mark::from(match &self.name {
            Some(name) => format!("{}@{name}", self.topic),
            None => self.topic.clone(),
        })
    }

    fn why_not(&self) -> Option<&'static str> {
        let Some(kind) = Kind::of(&self.topic) else {
            return Some("the Admin API does not list what its events tell");
        };
        if self.has_filter {
            return Some("its subscription has a filter: only Shopify can tell which events pass it");
        }
        let has = |field: &str| self.include_fields.iter().any(|given| given == field);
        let needed = if kind == Kind::Inventory { &REQUIRED_FIELDS[1..] } else { &REQUIRED_FIELDS[..2] };
        let is_whole = self.include_fields.is_empty() || needed.iter().all(|field| has(field));
        if !is_whole || (kind == Kind::Inventory && !self.include_fields.is_empty() && !has("location_id")) {
            return Some("its subscription's include_fields leave out the resource's id or updated_at");
        }
        None
    }
}

/// What can be looked after, by kind, and what can't.
pub(crate) fn sorted(wanted: &[ReconcileTopic]) -> (BTreeMap<Kind, Vec<&ReconcileTopic>>, Vec<SkippedTopic>) {
    let (mut by_kind, mut left_out) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
    for one in wanted {
        match (Kind::of(&one.topic), one.why_not()) {
            (Some(kind), None) => {
                by_kind.entry(kind).or_default().push(one);
                if one.has_metafields {
                    let why = "its metafields: REST has none, so that synthetic events come without".to_owned();
                    left_out.push(SkippedTopic { topic: one.topic.clone(), why });
                }
            }
            (_, why) => {
                left_out.push(SkippedTopic { topic: one.topic.clone(), why: why.unwrap_or_default().to_owned() })
            }
        }
    }
    (by_kind, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_those_that_the_shop_subscribes_to() {
        let (desired, shop) = (Desired::built_in(), ShopDomain::parse("north.myshopify.com").unwrap());
        let wanted = ReconcileTopic::desired(&desired, "default", &shop);
        let (by_kind, left_out) = sorted(&wanted);
        assert_eq!(by_kind.len(), 3);
        assert_eq!(by_kind[&Kind::Orders].len(), Kind::Orders.topics().len());
        assert!(left_out.iter().any(|one| one.topic == "shop/redact"), "declared ones are told as well");
        assert!(ReconcileTopic::desired(&desired, "another", &shop).is_empty());
    }

    #[test]
    fn topic_that_cannot_be_reconciled_is_skipped_with_its_reason() {
        let fields = |topic: &str, fields: &[&str]| ReconcileTopic {
            include_fields: fields.iter().map(|field| (*field).to_owned()).collect(),
            ..ReconcileTopic::topic(topic)
        };
        let wanted = [
            ReconcileTopic::topic("orders/create"),
            fields("orders/paid", &["id", "updated_at", "total_price"]),
            fields("inventory_levels/update", &["inventory_item_id", "location_id", "updated_at"]),
            ReconcileTopic::topic("refunds/create"),
            ReconcileTopic { has_filter: true, ..ReconcileTopic::topic("products/update") },
            fields("orders/updated", &["id"]),
            fields("orders/cancelled", &["updated_at"]),
            fields("inventory_levels/update", &["inventory_item_id", "updated_at"]),
        ];
        let (by_kind, left_out) = sorted(&wanted);
        let kept: Vec<_> = by_kind.values().flatten().map(|one| one.topic.as_str()).collect();
        assert_eq!(kept, ["orders/create", "orders/paid", "inventory_levels/update"]);
        let why: Vec<_> = left_out.iter().map(|one| one.why.split(' ').next().unwrap()).collect();
        assert_eq!(left_out.len(), 5, "{left_out:?}");
        assert_eq!(why, ["the", "its", "its", "its", "its"]);
    }
}
